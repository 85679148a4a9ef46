/** Aggregates by key: over a window, while it is open, and refused without one. */

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

/**
 * Update mode: what changed, after each batch. A window holds all readings, and gives results as often as a batch ends.
 * The values grouped by are tags, which the device sends.
 */
function checkUpdates(vector: Vector): void {
  const groups = vector.params.group_by as string[];
  const tags = ['k', 'member'].slice(0, groups.length);
  const rule = `from: s\nby: [${tags.join(', ')}]\nwindow: { tumbling: 1d, emit: 1s }\ncompute: { n: count() }`;
  const batches = (vector.input as number[][]).map((batch) => ({
    s: batch.map((x, i) => ({ t: i, k: String(x), member: String(x + 1) })),
  }));
  const plan = planOf([deviceText('s', 'duplicates: keep')], ruleText(rule));
  const { batches: told } = play(plan, batches, vector.restart_before);
  for (const [i, expected] of (vector.expected as number[][][]).entries()) {
    assertSame(
      told[i]!.points.map(({ tags: key, fields }) => [...tags.map((tag) => Number(key[tag])), fields.n]),
      expected,
      vector.compare,
    );
  }
}

/** An aggregate that never ends has no result to append. */
function checkRefused(): void {
  const mistakes = mistakesOf(ruleText('from: s\nby: [member]\ncompute: { n: count() }'));
  assert.deepEqual(mistakes, ['`compute` needs a window']);
}

for (const vector of vectorsOf('ss_aggregation')) {
  test(`${vector.id}: ${vector.case}`, () => {
    if (vector.compare === 'error') checkRefused();
    else if (vector.params.agg === 'count(*)') checkUpdates(vector);
    else checkSums(vector);
  });
}
