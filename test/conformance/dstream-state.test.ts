/**
 * State by key that outlives batches, as a rule that adds to what it said in the window before.
 *
 * A window is a batch; the last point of a key is the key's state, also while no readings of it come.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Point } from '../../src/core/types.ts';
import { deviceText, planOf, play, ruleText, windowText } from './stage.ts';
import { assertSame, type Vector, vectorsOf } from './vectors.ts';

const rule = `from: s
${windowText(1, 1)}
by: [member]
compute: { total: "(has(prev.total) ? prev.total : 0) + count()", twice: last(member) + last(member) }`;

type Pairs = readonly (readonly [string, number])[];

function pointsOf({ input, params }: Vector): Point[] {
  assert.equal(params.batch_s, 1);
  const batches = (input as string[][]).map((batch, i) => ({
    s: batch.map((member, place) => ({ t: i * 1000 + place, member })),
  }));
  const plan = planOf([deviceText('s', 'lateness: 0s')], ruleText(rule));
  const told = play(
    plan,
    batches,
    batches.map((_, i) => i % 2 === 1),
  );
  return [...told.batches.flatMap(({ points }) => points), ...told.atEnd];
}

/** What each key said last, up to a time. */
function stateAt(points: readonly Point[], untilMs: number): Pairs {
  const last = new Map<string, number>();
  for (const { timeMs, tags, fields } of points.toSorted((a, b) => a.timeMs - b.timeMs)) {
    if (timeMs <= untilMs) last.set(tags.member!, fields.total as number);
  }
  return [...last];
}

for (const vector of vectorsOf('dstream_state')) {
  test(`${vector.id}: ${vector.case}`, () => {
    const points = pointsOf(vector);
    const isMapped = vector.op === 'mapWithState';
    const states = (isMapped ? vector.state_snapshots : vector.expected) as Pairs[];
    for (const [i, state] of states.entries()) assertSame(stateAt(points, (i + 1) * 1000), state, 'set');
    if (!isMapped) return;
    for (const [i, emitted] of (vector.expected as string[][]).entries()) {
      const said = points.filter(({ timeMs }) => timeMs === (i + 1) * 1000).map(({ fields }) => fields.twice);
      assertSame(said, emitted, vector.compare);
    }
  });
}
