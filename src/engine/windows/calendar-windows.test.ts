/** Calendar windows of whole rules. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Frame } from '../../core/types.ts';
import { scheduleOf } from '../../schedule/schedule.ts';
import { at, changes, minutes, planOf, reading, running, shown } from '../rule-testing.ts';

const daily = `    window: { calendar: "0 0 * * *", zone: Europe/Helsinki }
    compute: { n: count(), warmest: max(t) }
`;

test('a day in local time, over both changes of the clocks', () => {
  const rule = running(planOf(daily));
  for (const [from, hours] of [
    ['2026-03-27T22:00Z', 24 + 23 + 24],
    ['2026-10-23T21:00Z', 24 + 25 + 24],
  ] as const) {
    rule.feed(Array.from({ length: hours }, (_, i) => reading(at(from) + minutes(60 * i), i)));
    rule.feed([], at(from) + minutes(60 * hours) + minutes(1));
  }
  assert.deepEqual(shown(rule.told), [
    '2026-03-28T22:00 {"n":24,"warmest":23}',
    '2026-03-29T21:00 {"n":23,"warmest":46}',
    '2026-03-30T21:00 {"n":24,"warmest":70}',
    '2026-10-24T21:00 {"n":24,"warmest":23}',
    '2026-10-25T22:00 {"n":25,"warmest":48}',
    '2026-10-26T22:00 {"n":24,"warmest":72}',
  ]);
});

test('shifts: half-open, closed by the watermark, or for an idle key by the clock', () => {
  const rule = running(
    planOf(`    window: { calendar: "0 6,14,22 * * *", zone: Europe/Helsinki }
    compute: { n: count() }
`),
  );
  const end = at('2026-01-05T12:00Z');
  rule.feed([reading(end - 1, 1), reading(end, 1), reading(end + 29_999, 1)]);
  assert.deepEqual(shown(rule.told), []);
  rule.feed([reading(end + 30_000, 1), reading(end - 2, 2)]);
  assert.deepEqual(shown(rule.told), ['2026-01-05T12:00 {"n":1}']);
  assert.deepEqual(
    rule.told.setAside.map(({ reason }) => reason),
    ['late'],
  );
  // The evening shift is closed by the clock: its end and the lateness, long after the key was idle.
  rule.feed([], at('2026-01-05T20:00:29.999Z'));
  assert.equal(rule.told.points.length, 1);
  rule.feed([], at('2026-01-05T20:00:30Z'));
  assert.deepEqual(shown(rule.told).slice(1), ['2026-01-05T20:00 {"n":3}']);
});

test('a year is one window, and a copy of a reading counts once as long as it is open', () => {
  const rule = running(planOf('    window: { calendar: "@yearly" }\n    compute: { n: count() }\n'));
  const first = at('2026-01-01T00:00Z');
  rule.feed([
    reading(first, 1),
    reading(at('2026-12-31T23:59Z'), 1),
    reading(first, 1, 'a', at('2026-12-31T23:59Z')),
  ]);
  rule.close();
  assert.deepEqual(shown(rule.told), ['2027-01-01T00:00 {"n":2}']);
});

test('late readings, early results and one watermark for all keys, by the calendar too', () => {
  const window = (more: string): string =>
    `    window: { calendar: "0 0 * * *", zone: Europe/Helsinki, ${more} }\n    compute: { n: count() }\n`;
  const midnight = at('2026-03-29T21:00Z'); // of the day of 23 hours
  const revised = running(planOf(window('late: revise, keep: 1h')));
  revised.feed([reading(midnight - 1, 1), reading(midnight + 30_000, 1), reading(midnight - 2, 1)]);
  revised.feed([reading(midnight + minutes(61), 1), reading(midnight - 3, 1)]);
  assert.deepEqual(shown(revised.told), ['2026-03-29T21:00 {"n":1}', '2026-03-29T21:00 {"n":2}']);
  assert.equal(revised.told.setAside.length, 1);

  const early = running(planOf(window('emit: 6h')));
  early.feed([reading(midnight - minutes(60 * 20), 1)]);
  early.feed([], midnight - minutes(60 * 10));
  assert.deepEqual(shown(early.told), ['2026-03-29T21:00 {"n":1}']);

  const together = running(planOf(window('watermark: global')));
  together.feed([reading(midnight - 1, 1, 'a'), reading(midnight + 30_000, 1, 'b')]);
  assert.deepEqual(shown(together.told), ['2026-03-29T21:00 {"n":1}']);
});

test('an alert of a calendar window goes from its start', () => {
  const rule = running(
    planOf(`    window: { calendar: "0 * * * *" }
    compute: { warmest: max(t) }
    alert: [{ when: warmest > 5, for: 2h }]
`),
  );
  rule.feed([5, 6, 7, 8].map((t, i) => reading(at('2026-01-05T00:30Z') + minutes(60 * i), t)));
  rule.close();
  assert.deepEqual(changes(rule.told), ['01-05T03:00:00 warning firing']);
});

const zones = ['Europe/Helsinki', 'Australia/Lord_Howe', 'America/Havana'];
const crons = ['0 0 * * *', '0 6,14,22 * * *', '*/20 * * * *', '30 1 * * 1'];

/** Readings of two keys around the changes of the clocks in 2026, in order of event time. */
const readings = fc
  .array(
    fc.record({
      day: fc.constantFrom('2026-03-28', '2026-03-08', '2026-04-04', '2026-10-24', '2026-10-31'),
      minute: fc.integer({ min: 0, max: 2 * 1440 }),
      name: fc.constantFrom('a', 'b'),
      t: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((list) =>
    list
      .map(({ day, minute, name, t }) => ({ ms: at(day) + minutes(minute), name, t }))
      .sort((a, b) => a.ms - b.ms)
      .filter(({ ms, name }, i, all) => all.findIndex((one) => one.ms === ms && one.name === name) === i),
  );

test('any readings in any batches, in any order within the lateness: the windows of the definition', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...crons),
      readings,
      fc.infiniteStream(fc.integer({ min: 0, max: 30_000 })),
      fc.infiniteStream(fc.constantFrom('go on', 'cut', 'restart')),
      (zone, cron, given, delays, cuts) => {
        const rule = running(
          planOf(
            `    window: { calendar: "${cron}", zone: ${zone} }\n    compute: { n: count(), sum: sum(t) }\n`,
          ),
        );
        const frames = given
          .map(({ ms, name, t }) => reading(ms, t, name, ms + delays.next().value!))
          .sort((a, b) => a.arrivalMs - b.arrivalMs);
        let batch: Frame[] = [];
        for (const frame of frames) {
          batch.push(frame);
          const cut = cuts.next().value!;
          if (cut === 'go on') continue;
          rule.feed(batch, frame.arrivalMs);
          batch = [];
          if (cut === 'restart') rule.restart();
        }
        rule.feed(batch, frames.at(-1)!.arrivalMs);
        rule.close();
        const { next } = scheduleOf(cron, zone);
        const sums = new Map<string, { n: number; sum: number }>();
        for (const { ms, name, t } of given) {
          const { n, sum } = sums.get(`${next(ms)} ${name}`) ?? { n: 0, sum: 0 };
          sums.set(`${next(ms)} ${name}`, { n: n + 1, sum: sum + t });
        }
        const found = rule.told.points.map(
          ({ timeMs, tags, fields }) => [`${timeMs} ${tags.room}`, fields] as const,
        );
        assert.deepEqual(new Map(found), sums);
        assert.equal(found.length, sums.size, 'a point twice');
      },
    ),
    { numRuns: 60 },
  );
});
