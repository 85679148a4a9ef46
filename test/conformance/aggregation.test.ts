/** Aggregates by key: over a window, and refused without one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceText, mistakesOf, planOf, play, ruleText } from './stage.ts';
import { assertSame, type Vector, vectorsOf } from './vectors.ts';

type Pair = readonly [k: string, x: number];

/** Sums by key of one batch: a window that holds all of it. */
function checkSums(vector: Vector): void {
  const rule = 'from: s\nby: [k]\nwindow: { tumbling: 1d }\ncompute: { sum: sum(x) }';
  const batches = vector.input as Pair[][];
  const readings = batches.flat().map(([k, x], i) => ({ t: i, k, x }));
  const { batches: told, atEnd } = play(planOf([deviceText('s')], ruleText(rule)), [{ s: readings }]);
  assert.deepEqual(told[0]!.points, []);
  const [expected] = vector.expected as Pair[][];
  assertSame(
    atEnd.map(({ tags, fields }) => [tags.k, fields.sum]),
    expected!,
    vector.compare,
  );
}

/** An aggregate that never ends has no result to append. */
function checkRefused(): void {
  const mistakes = mistakesOf(ruleText('from: s\nby: [member]\ncompute: { n: count() }'));
  assert.deepEqual(mistakes, ['`compute` needs a window']);
}

for (const vector of vectorsOf('ss_aggregation')) {
  test(`${vector.id}: ${vector.case}`, () => {
    if (vector.compare === 'error') checkRefused();
    else checkSums(vector);
  });
}
