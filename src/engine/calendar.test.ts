/** Calendar windows and active hours of whole rules. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Batch } from '../core/frame.ts';
import { spanOf } from '../core/frame.ts';
import type { Alert, Frame, Point, SetAside } from '../core/types.ts';
import type { Plan } from '../rules/plan.ts';
import { compileText, deviceOf } from '../rules/testing.ts';
import { scheduleOf } from '../schedule/schedule.ts';
import { createState, finish, load, quietUntilMs, save, step } from './engine.ts';

const room = deviceOf(`device: room
topic: room/{room}
codec: json
time: { path: at, format: unix_ms }
fields: { t: { path: t } }
lateness: 30s
idle_after: 1m
silent_after: 5m
`);

/** The keys of one rule, indented by four. */
function planOf(keys: string): Plan {
  const compiled = compileText(`rules:\n  - name: r\n    from: room\n${keys}`, [room]);
  assert.deepEqual(compiled.problems, []);
  return compiled.plan!;
}

const at = (time: string): number => Date.parse(time);
const minutes = (n: number): number => n * 60_000;

function reading(ms: number, t: number, name = 'a', arrivalMs = ms): Frame {
  const payload = Buffer.from(JSON.stringify({ at: ms, t }));
  return { source: 'mqtt', topic: `room/${name}`, payload, arrivalMs };
}

interface Told {
  readonly points: Point[];
  readonly alerts: Alert[];
  readonly setAside: SetAside[];
}

interface Running {
  feed(frames: readonly Frame[], untilMs?: number): void;
  restart(): void;
  close(): void;
  quietUntilMs(): number;
  readonly told: Told;
}

function running(plan: Plan): Running {
  const told: Told = { points: [], alerts: [], setAside: [] };
  let state = createState(plan);
  const take = (result: ReturnType<typeof step>): void => {
    state = result.state;
    told.points.push(...result.points);
    told.alerts.push(...result.alerts);
    told.setAside.push(...result.setAside);
  };
  return {
    told,
    feed(frames, untilMs = frames.at(-1)!.arrivalMs + 1) {
      const spans = frames.length === 0 ? [] : [spanOf(frames)];
      take(step(state, { startMs: 0, endMs: untilMs, spans } satisfies Batch));
    },
    restart() {
      state = load(createState(plan), structuredClone(save(state))).state;
    },
    close: () => take(finish(state)),
    quietUntilMs: () => quietUntilMs(state),
  };
}

const shown = ({ points }: Told): string[] =>
  points.map(
    ({ timeMs, fields }) => `${new Date(timeMs).toISOString().slice(0, 16)} ${JSON.stringify(fields)}`,
  );
const changes = ({ alerts }: Told): string[] =>
  alerts.map(
    ({ atMs, state, severity }) => `${new Date(atMs).toISOString().slice(5, 19)} ${severity} ${state}`,
  );

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

const office = '    active: { cron: "* 6-21 * * 1-5", zone: Europe/Helsinki }\n';
const warm = '    forward: false\n    alert: [{ when: t > 5, for: 10m }]\n';
// Monday in Helsinki: active from 04:00 to 20:00 UTC.

test('outside of its hours a rule fires nothing; what was pending begins anew', () => {
  const rule = running(planOf(office + warm));
  for (let minute = 0; minute <= 20; minute++) {
    rule.feed([reading(at('2026-01-05T03:50Z') + minutes(minute), 9)]);
  }
  assert.deepEqual(changes(rule.told), ['01-05T04:10:00 warning firing']);
  // Pending at 19:55, firing would be at 20:05.
  const evening = running(planOf(office + warm));
  evening.feed([reading(at('2026-01-05T19:55Z'), 9)]);
  assert.equal(evening.quietUntilMs(), at('2026-01-05T20:05Z'));
  evening.feed([], at('2026-01-05T21:00Z'));
  assert.equal(evening.quietUntilMs(), Number.POSITIVE_INFINITY);
  evening.feed([reading(at('2026-01-06T04:01Z'), 9), reading(at('2026-01-06T04:05Z'), 9)]);
  assert.deepEqual(changes(evening.told), []);
  evening.feed([], at('2026-01-06T04:11Z'));
  assert.deepEqual(changes(evening.told), ['01-06T04:11:00 warning firing']);
});

test('a firing alert stays firing until it is judged again', () => {
  const rule = running(planOf(`${office}    forward: false\n    alert: [{ when: t > 5 }]\n`));
  rule.feed([reading(at('2026-01-05T19:59Z'), 9), reading(at('2026-01-05T20:00Z'), 1)]);
  assert.deepEqual(changes(rule.told), ['01-05T19:59:00 warning firing']);
  rule.feed([reading(at('2026-01-06T03:59Z'), 1), reading(at('2026-01-06T04:00Z'), 1)]);
  assert.deepEqual(changes(rule.told).slice(1), ['01-06T04:00:00 warning ok']);
});

test('nobody is reminded outside of the hours, and a flapping alert stays held', () => {
  const alert = 'when: t > 5, repeat: 1h, flapping: { changes: 4, within: 10m }';
  const rule = running(planOf(`${office}    forward: false\n    alert: [{ ${alert} }]\n`));
  rule.feed([reading(at('2026-01-05T19:30Z'), 9)]);
  rule.feed([], at('2026-01-06T05:00Z'));
  assert.deepEqual(changes(rule.told), [
    '01-05T19:30:00 warning firing',
    '01-06T04:00:00 warning firing',
    '01-06T05:00:00 warning firing',
  ]);
  const flapping = running(planOf(`${office}    forward: false\n    alert: [{ ${alert} }]\n`));
  for (let minute = 0; minute < 8; minute++) {
    flapping.feed([reading(at('2026-01-05T19:52Z') + minutes(minute), minute % 2 === 0 ? 9 : 1)]);
  }
  const before = changes(flapping.told);
  assert.equal(before.at(-1), '01-05T19:54:00 warning firing');
  // It is calm at 20:05, but nothing clears outside.
  flapping.feed([], at('2026-01-06T03:59Z'));
  assert.deepEqual(changes(flapping.told), before);
  flapping.feed([], at('2026-01-06T04:00Z'));
  assert.deepEqual(changes(flapping.told).slice(before.length), ['01-06T04:00:00 warning ok']);
});

test('a window is judged by its last moment, and `for` counts active time', () => {
  const keys = `${office}    window: { tumbling: 1m }
    compute: { warmest: max(t) }
    alert: [{ when: warmest > 5 }, { when: warmest > 5, severity: critical, for: 2m }]
`;
  const rule = running(planOf(keys));
  for (let minute = -3; minute <= 3; minute++)
    rule.feed([reading(at('2026-01-05T04:00Z') + minutes(minute), 9)]);
  rule.close();
  // 05:59-06:00 is not active; 06:00-06:01 is, and 06:01-06:02 fills two minutes.
  assert.deepEqual(changes(rule.told), ['01-05T04:01:00 warning firing', '01-05T04:02:00 critical firing']);
  assert.equal(rule.told.points.length, 7, 'points are made at all times');
  const evening = running(planOf(keys));
  evening.feed([reading(at('2026-01-05T19:59Z'), 9), reading(at('2026-01-05T20:00Z'), 1)]);
  evening.close();
  assert.deepEqual(changes(evening.told), ['01-05T20:00:00 warning firing'], '21:59-22:00 is active');
});

test('a window that began before the hours counts for `for` from their start', () => {
  const rule = running(
    planOf(`${office}    window: { tumbling: 1h, offset: 30m }
    compute: { warmest: max(t) }
    alert: [{ when: warmest > 5, for: 100m }]
`),
  );
  for (let hour = 0; hour < 3; hour++) rule.feed([reading(at('2026-01-05T03:40Z') + minutes(60 * hour), 9)]);
  rule.close();
  assert.deepEqual(changes(rule.told), ['01-05T06:30:00 warning firing']);
});

const byId = (alerts: readonly Alert[]): Alert[] => alerts.toSorted((a, b) => (a.id < b.id ? -1 : 1));

const silent = `${office}    forward: false\n    silent: true\n`;

test('a key that fell silent outside fires at the first active moment it is still silent', () => {
  const rule = running(planOf(silent));
  rule.feed([reading(at('2026-01-05T23:00Z'), 1, 'a'), reading(at('2026-01-05T23:01Z'), 1, 'b')]);
  rule.feed([reading(at('2026-01-06T01:00Z'), 1, 'b')]);
  rule.feed([], at('2026-01-06T01:30Z'));
  assert.equal(rule.quietUntilMs(), at('2026-01-06T04:00Z'));
  rule.feed([reading(at('2026-01-06T03:58Z'), 1, 'b')]);
  rule.feed([], at('2026-01-06T04:02:59Z'));
  assert.deepEqual(changes(rule.told), ['01-06T04:00:00 warning firing']);
  assert.deepEqual(rule.told.alerts[0]!.key, { room: 'a' });
  rule.feed([], at('2026-01-06T05:00Z'));
  assert.deepEqual(changes(rule.told).slice(1), ['01-06T04:03:00 warning firing']);
});

test('a silent key that sends outside of the hours clears with its first reading in them', () => {
  const rule = running(planOf(silent));
  rule.feed([reading(at('2026-01-05T19:50Z'), 1)]);
  rule.feed([reading(at('2026-01-05T21:00Z'), 1), reading(at('2026-01-06T03:59Z'), 1)]);
  rule.feed([reading(at('2026-01-06T04:00Z'), 1), reading(at('2026-01-06T04:01Z'), 1)]);
  assert.deepEqual(changes(rule.told), ['01-05T19:55:00 warning firing', '01-06T04:00:00 warning ok']);
});

test('active hours: cuts and restarts anywhere change nothing', () => {
  const plan = planOf(
    `${office}    forward: false\n    silent: true\n    alert: [{ when: t > 5, clear: t < 3, for: 7m }, { when: t > 7, severity: info }]\n`,
  );
  const steps = fc.array(
    fc.record({
      wait: fc.integer({ min: 1, max: 30 }),
      t: fc.integer({ min: 0, max: 9 }),
      restart: fc.boolean(),
    }),
    { minLength: 1, maxLength: 30 },
  );
  const start = fc.constantFrom('2026-01-05T03:30Z', '2026-01-05T19:30Z', '2026-01-09T19:30Z');
  fc.assert(
    fc.property(start, steps, (from, list) => {
      const whole = running(plan);
      const pieces = running(plan);
      let ms = at(from);
      const frames: Frame[] = [];
      for (const { wait, t, restart } of list) {
        // Time passes minute by minute in one of them, all at once in the other.
        for (let minute = 1; minute < wait; minute++) pieces.feed([], ms + minutes(minute));
        ms += minutes(wait);
        frames.push(reading(ms, t));
        pieces.feed([frames.at(-1)!], ms);
        if (restart) pieces.restart();
      }
      whole.feed(frames);
      for (const each of [whole, pieces]) each.feed([], ms + minutes(60 * 72));
      // Which of a rule's alerts comes first in a batch is not said.
      assert.deepEqual(byId(whole.told.alerts), byId(pieces.told.alerts));
      const active = plan.rules[0]!.active!;
      for (const { atMs } of whole.told.alerts) assert.ok(active.matches(atMs), new Date(atMs).toISOString());
    }),
    { numRuns: 100 },
  );
});
