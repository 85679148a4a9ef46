/** Readings that come again, in whatever order and however often: the points of each reading once. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Frame, Point } from '../core/types.ts';
import { compileText, deviceOf } from '../rules/testing.ts';
import { statusOf } from './engine.ts';
import { at, reading, running } from './rule-testing.ts';

const latenessMs = 30_000;
const room = deviceOf(`device: room
topic: room/{room}
codec: json
time: { path: at, format: unix_ms }
fields: { t: { path: t } }
lateness: 30s
idle_after: 1h
`);
const { plan, problems } = compileText(
  `rules:
  - { name: each, from: room, by: [room] }
  - { name: minute, from: room, by: [room], window: { tumbling: 1m }, compute: { n: count(), sum: sum(t) } }
  - { name: sliding, from: room, by: [room], window: { sliding: 2m, every: 10s }, compute: { n: count(), first: first(t) } }
  - { name: revised, from: room, window: { tumbling: 1m, late: revise, keep: 5m }, compute: { n: count() } }
  - { name: session, from: room, by: [room], window: { session: 20s, max: 1m }, compute: { n: count() } }
  - { name: tens, from: room, by: [room], window: { count: 10, every: 5 }, compute: { n: count(), sum: sum(t) } }
`,
  [room],
);
assert.deepEqual(problems, []);

/** Readings in order of their times, and after which of them which of those before come again. */
const sendings = fc.record({
  readings: fc.array(fc.record({ name: fc.constantFrom('a', 'b'), pauseMs: fc.nat(9000), t: fc.nat(100) }), {
    minLength: 1,
    maxLength: 60,
  }),
  again: fc.array(fc.record({ after: fc.nat(59), back: fc.nat(1000) }), { maxLength: 60 }),
  restarts: fc.array(fc.nat(119), { maxLength: 4 }),
});

/** What a database holds: of one measurement, key and time the point written last. */
function written(points: readonly Point[]): [string, Point['fields']][] {
  const last = points.map(({ measurement, tags, timeMs, fields }): [string, Point['fields']] => [
    `${measurement} ${tags.room ?? ''} ${timeMs}`,
    fields,
  ]);
  return [...new Map(last)].sort(([a], [b]) => (a < b ? -1 : 1));
}

test('within what windows wait for, copies change nothing: in any order, any number, over restarts', () => {
  fc.assert(
    fc.property(sendings, ({ readings, again, restarts }) => {
      let ms = at('2026-01-05T06:00:00Z');
      const once = readings.map(({ name, pauseMs, t }): Frame => {
        ms += 1 + pauseMs;
        return reading(ms, t, name);
      });
      const withCopies = once.flatMap((frame, i): Frame[] => {
        const { arrivalMs } = frame;
        const copies = again
          .filter(({ after }) => after === i)
          .map(({ back }) => once[i - (back % (i + 1))]!)
          // Of what is older nothing has to be remembered.
          .filter((copy) => copy.arrivalMs >= arrivalMs - latenessMs);
        return [frame, ...copies.map((copy) => ({ ...copy, arrivalMs }))];
      });
      const plain = running(plan!);
      plain.feed(once);
      plain.close();
      const resent = running(plan!);
      for (const [i, frame] of withCopies.entries()) {
        resent.feed([frame]);
        if (restarts.includes(i)) resent.restart();
      }
      const { devices } = statusOf(resent.state());
      assert.deepEqual(
        [devices[0]!.readings, devices[0]!.duplicates],
        [once.length, withCopies.length - once.length],
      );
      resent.close();
      assert.deepEqual(written(resent.told.points), written(plain.told.points));
    }),
    { numRuns: 300 },
  );
});

test('older copies than are remembered: late for windows, so these stay exact; a point of a reading is written again', () => {
  const startMs = at('2026-01-05T06:00:00Z');
  const hour = Array.from({ length: 3600 }, (_, s) => reading(startMs + 1000 * s, s % 100));
  const timed = compileText(
    `rules:
  - { name: each, from: room, by: [room] }
  - { name: minute, from: room, by: [room], window: { tumbling: 1m }, compute: { n: count(), sum: sum(t) } }
`,
    [room],
  ).plan!;
  const plain = running(timed);
  plain.feed(hour);
  plain.close();
  const resent = running(timed);
  resent.feed(hour);
  resent.feed(hour.map((frame) => ({ ...frame, arrivalMs: startMs + 3_600_000 })));
  const [minute] = statusOf(resent.state()).rules.filter(({ name }) => name === 'minute');
  const { duplicates } = statusOf(resent.state()).fates;
  assert.ok(duplicates > 60 && minute!.late > 0);
  assert.equal(duplicates + minute!.late, hour.length);
  resent.close();
  assert.deepEqual(written(resent.told.points), written(plain.told.points));
});
