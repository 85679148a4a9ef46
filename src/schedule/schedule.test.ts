import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTask, getTasks } from 'node-cron';
import { scheduleOf } from './schedule.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString().replace(':00.000Z', 'Z');

/** The instants from one time to another, both included. */
function instants(cron: string, zone: string, from: string, to: string): string[] {
  const schedule = scheduleOf(cron, zone);
  const found: string[] = [];
  for (let ms = schedule.next(Date.parse(from) - 1); ms <= Date.parse(to); ms = schedule.next(ms)) {
    found.push(iso(ms));
  }
  return found;
}

test('shifts of a site in its own time', () => {
  assert.deepEqual(instants('0 6,14,22 * * *', 'Europe/Helsinki', '2026-01-05', '2026-01-06'), [
    '2026-01-05T04:00Z',
    '2026-01-05T12:00Z',
    '2026-01-05T20:00Z',
  ]);
  assert.deepEqual(instants('30 0 * * *', 'Asia/Kolkata', '2026-01-05', '2026-01-06T23:00Z'), [
    '2026-01-05T19:00Z',
    '2026-01-06T19:00Z',
  ]);
});

test('a day over a change of the clocks is one window of 23 or 25 hours', () => {
  const { previous, next } = scheduleOf('0 0 * * *', 'Europe/Helsinki');
  const lengthAt = (time: string): number => (next(Date.parse(time)) - previous(Date.parse(time))) / hourMs;
  assert.equal(lengthAt('2026-03-28T12:00:00Z'), 24);
  assert.equal(lengthAt('2026-03-29T12:00:00Z'), 23);
  assert.equal(lengthAt('2026-10-25T12:00:00Z'), 25);
});

test('a local time that clocks leave out is taken later; one they show twice counts once', () => {
  assert.deepEqual(instants('30 2 * * *', 'America/New_York', '2026-03-08', '2026-03-09T12:00Z'), [
    '2026-03-08T07:30Z', // 03:30 summer time
    '2026-03-09T06:30Z',
  ]);
  assert.deepEqual(instants('30 1 * * *', 'America/New_York', '2026-11-01', '2026-11-02T12:00Z'), [
    '2026-11-01T05:30Z', // the first 01:30
    '2026-11-02T06:30Z',
  ]);
  assert.deepEqual(instants('0 2 * * *', 'Australia/Lord_Howe', '2026-10-03', '2026-10-04T23:00Z'), [
    '2026-10-03T15:30Z', // 02:30: clocks go from 02:00 to 02:30
    '2026-10-04T15:00Z',
  ]);
});

test('every hour is an hour of elapsed time through both changes', () => {
  for (const [cron, from, to] of [
    ['0 * * * *', '2026-03-28T20:00Z', '2026-03-29T04:00Z'],
    ['@hourly', '2026-10-24T20:00Z', '2026-10-25T04:00Z'],
    ['0 0-23 * * *', '2026-10-24T20:00Z', '2026-10-25T04:00Z'],
  ] as const) {
    const expected = Array.from({ length: 9 }, (_, i) => iso(Date.parse(from) + i * hourMs));
    assert.deepEqual(instants(cron, 'Europe/Helsinki', from, to), expected, cron);
  }
  // A step of all hours means time that passes too: in Havana midnight comes twice.
  assert.deepEqual(instants('0 */6 * * *', 'America/Havana', '2026-11-01T03:00Z', '2026-11-01T12:00Z'), [
    '2026-11-01T04:00Z',
    '2026-11-01T05:00Z',
    '2026-11-01T11:00Z',
  ]);
});

test('clocks that change at midnight', () => {
  // Havana skips 00:00 to 01:00 in spring, and shows it twice in autumn.
  assert.deepEqual(instants('0 0 * * *', 'America/Havana', '2026-03-07', '2026-03-09T12:00Z'), [
    '2026-03-07T05:00Z',
    '2026-03-08T05:00Z', // 01:00 summer time
    '2026-03-09T04:00Z',
  ]);
  assert.deepEqual(instants('0 0 * * *', 'America/Havana', '2026-10-31', '2026-11-02T12:00Z'), [
    '2026-10-31T04:00Z',
    '2026-11-01T04:00Z',
    '2026-11-02T05:00Z',
  ]);
  assert.deepEqual(instants('0 0 * * *', 'Asia/Beirut', '2026-03-28', '2026-03-30T12:00Z'), [
    '2026-03-28T22:00Z',
    '2026-03-29T21:00Z',
  ]);
});

test('a day that a country left out', () => {
  assert.deepEqual(instants('0 0 * * *', 'Pacific/Apia', '2011-12-28T12:00Z', '2012-01-01T00:00Z'), [
    '2011-12-29T10:00Z',
    '2011-12-30T10:00Z', // the 31st: there was no 30th
    '2011-12-31T10:00Z',
  ]);
  assert.deepEqual(instants('0 12 30 12 *', 'Pacific/Apia', '2011-12-28T12:00Z', '2012-01-01T00:00Z'), [
    '2011-12-30T22:00Z',
  ]);
});

test('the last day of a month, the working day nearest to the 15th, the second Monday, the last Friday', () => {
  const days = (cron: string): string[] =>
    instants(cron, 'UTC', '2026-01-01', '2026-03-31T23:00Z').map((time) => time.slice(5, 10));
  assert.deepEqual(days('0 0 L * *'), ['01-31', '02-28', '03-31']);
  assert.deepEqual(days('0 0 L-1 * *'), ['01-30', '02-27', '03-30']);
  assert.deepEqual(days('0 0 LW * *'), ['01-30', '02-27', '03-31']);
  assert.deepEqual(days('0 0 15W * *'), ['01-15', '02-16', '03-16']);
  assert.deepEqual(days('0 0 * * mon#2'), ['01-12', '02-09', '03-09']);
  assert.deepEqual(days('0 0 * * 5L'), ['01-30', '02-27', '03-27']);
  assert.deepEqual(days('0 0 1-7 * 7'), ['01-04', '02-01', '03-01'], 'day of the month and weekday: both');
  assert.equal(getTasks().size, 0, 'tasks of node-cron are left');
});

test('rare days, the past and the far future', () => {
  const leap = scheduleOf('0 0 29 2 1', 'UTC');
  assert.equal(iso(leap.next(Date.parse('2044-03-01'))), '2072-02-29T00:00Z');
  assert.equal(iso(leap.previous(Date.parse('2072-02-28'))), '2044-02-29T00:00Z');
  const year = scheduleOf('@yearly', 'America/New_York');
  assert.equal(iso(year.previous(Date.parse('1931-07-01'))), '1931-01-01T05:00Z');
  assert.equal(iso(year.next(Date.parse('9000-07-01'))), '9001-01-01T05:00Z');
  assert.equal(year.previous(Date.parse('1899-07-01')), Number.NEGATIVE_INFINITY);
  assert.equal(iso(year.next(Number.NEGATIVE_INFINITY)), '1900-01-01T05:00Z');
  assert.equal(year.next(Number.MAX_VALUE), Number.POSITIVE_INFINITY);
});

test('the longest time between two instants', () => {
  const days = (cron: string, zone = 'UTC'): number => scheduleOf(cron, zone).longestMs() / dayMs;
  assert.equal(days('0 0 * * *'), 1);
  assert.equal(days('0 6,14,22 * * *'), 1 / 3);
  assert.equal(days('0 8,12 * * *'), 20 / 24);
  assert.equal(days('0 8 * * 1-5'), 3);
  assert.equal(days('0 0 1 * *'), 31);
  assert.equal(days('0 0 LW * *'), 33);
  assert.equal(days('@yearly'), 366);
  assert.ok(days('0 0 * * *', 'Europe/Helsinki') >= 25 / 24);
});

const zones = [
  ...['UTC', 'Europe/Helsinki', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'],
  ...['America/Havana', 'Asia/Beirut', 'America/Scoresbysund', 'Atlantic/Azores', 'Antarctica/Troll'],
];
/** Each with whether it means every hour. */
const expressions: readonly (readonly [string, boolean])[] = [
  ['0 6,14,22 * * *', false],
  ['*/20 * * * *', true],
  ['30 0-3 * * *', false],
  ['15,45 */2 * * 0,6', true],
  ['0 0 1,29 * *', false],
  ['10 23 L * *', false],
];
/** Around changes of the clocks, and in between. */
const starts = [
  '2026-03-07',
  '2026-03-27',
  '2026-10-03',
  '2026-10-24',
  '2026-10-31',
  '2026-06-29',
  '2011-12-29',
];

/** Local time by Intl, as if it were UTC. Clocks change on quarters of an hour. */
function wallOf(zone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const ofQuarter = remembered((ms: number) => {
    const parts = Object.fromEntries(
      format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]),
    );
    return Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute);
  });
  return (ms) => ofQuarter(ms - (ms % (15 * minuteMs))) + (ms % (15 * minuteMs));
}

/** A walk from minute to minute, by the definition. */
function walked(
  isOn: (localMs: number) => boolean,
  everyHour: boolean,
  zone: string,
  from: number,
  to: number,
) {
  const wall = wallOf(zone);
  const found = new Set<number>();
  const seen = new Set<number>();
  let before = wall(from - minuteMs);
  for (let ms = from; ms < to; ms += minuteMs) {
    const local = wall(ms);
    for (let left = before + minuteMs; left < local; left += minuteMs) {
      if (isOn(left)) found.add(left - before + ms - minuteMs);
    }
    if (isOn(local) && (everyHour || !seen.has(local))) found.add(ms);
    seen.add(local);
    before = local;
  }
  return [...found].sort((a, b) => a - b);
}

test('the instants are those of a walk from minute to minute', () => {
  for (const [i, [cron, everyHour]] of expressions.entries()) {
    const task = createTask(cron, () => undefined, { timezone: 'UTC' });
    void task.destroy();
    const isOn = remembered((localMs: number) => task.match(new Date(localMs)));
    for (const [z, zone] of [...zones, 'Pacific/Apia'].entries()) {
      const start = Date.parse(starts[(i + z) % starts.length]!);
      const end = start + 2 * dayMs;
      const steps = walked(isOn, everyHour, zone, start - 1.25 * dayMs, end);
      const expected = steps.filter((ms) => ms >= start && ms < end).map(iso);
      assert.deepEqual(
        instants(cron, zone, iso(start), iso(end - 1)),
        expected,
        `${cron} in ${zone}, ${iso(start)}`,
      );
    }
  }
});

function remembered<T>(ask: (ms: number) => T): (ms: number) => T {
  const known = new Map<number, T>();
  return (ms) => known.get(ms) ?? known.set(ms, ask(ms)).get(ms)!;
}

test('previous and next hold every time between them, whatever was asked before', () => {
  const times = fc.array(fc.double({ min: 0, max: 4e12, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.constantFrom(...expressions), times, (zone, [cron], asked) => {
      const { previous, next, longestMs } = scheduleOf(cron, zone);
      for (const t of asked) {
        const from = previous(t);
        const until = next(t);
        assert.ok(from <= t && t < until, `${from} <= ${t} < ${until}`);
        assert.equal(next(from), until);
        assert.equal(previous(until - 1), from);
        assert.equal(previous(until), until);
        assert.ok(until - from <= longestMs(), `${until - from} is longer than ${longestMs()}`);
      }
    }),
    { numRuns: 60 },
  );
});
