import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTask } from 'node-cron';
import { activeHoursOf } from './schedule.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const at = (time: string): number => Date.parse(time);
const iso = (ms: number): string => new Date(ms).toISOString().replace(':00.000Z', 'Z');

test('the hours of a working day', () => {
  const { matches, since, until, next } = activeHoursOf('* 6-21 * * 1-5', 'Europe/Helsinki');
  assert.equal(matches(at('2026-01-05T03:59:59.999Z')), false);
  assert.equal(matches(at('2026-01-05T04:00:00Z')), true);
  assert.equal(matches(at('2026-01-05T19:59:59.999Z')), true);
  assert.equal(matches(at('2026-01-05T20:00:00Z')), false);
  assert.equal(matches(at('2026-01-04T12:00:00Z')), false, 'a Sunday');
  assert.equal(iso(since(at('2026-01-05T10:00:00Z'))), '2026-01-05T04:00Z');
  assert.equal(iso(until(at('2026-01-05T10:00:00Z'))), '2026-01-05T20:00Z');
  assert.equal(since(at('2026-01-05T20:00:00Z')), Number.NaN);
  assert.equal(iso(next(at('2026-01-09T20:00:00Z'))), '2026-01-12T04:00Z', 'over a weekend');
  assert.equal(iso(next(at('2026-01-12T05:00:00Z'))), '2026-01-12T05:00Z');
});

test('spans run on over midnight, and over weeks', () => {
  const night = activeHoursOf('* 22-5 * * *', 'UTC');
  assert.equal(iso(night.since(at('2026-01-05T03:00:00Z'))), '2026-01-04T22:00Z');
  assert.equal(iso(night.until(at('2026-01-04T23:00:00Z'))), '2026-01-05T06:00Z');
  const summer = activeHoursOf('* * * 4-9 *', 'UTC');
  assert.equal(iso(summer.since(at('2026-08-05T03:00:00Z'))), '2026-04-01T00:00Z');
  assert.equal(iso(summer.next(at('2026-11-01T00:00:00Z'))), '2027-04-01T00:00Z');
  const leapDay = activeHoursOf('* * 29 2 1', 'UTC');
  assert.equal(iso(leapDay.next(at('2044-03-01T00:00:00Z'))), '2072-02-29T00:00Z');
});

test('what is always active was always', () => {
  const { since, until, next } = activeHoursOf('* * * * *', 'Europe/Helsinki');
  assert.equal(since(0), Number.NEGATIVE_INFINITY);
  assert.equal(until(0), Number.POSITIVE_INFINITY);
  assert.equal(next(5), 5);
});

test('an hour that the clock shows twice is active twice; one it leaves out is not there', () => {
  const autumn = activeHoursOf('* 3 * * *', 'Europe/Helsinki');
  const from = at('2026-10-25T00:30:00Z');
  assert.equal((autumn.until(from) - autumn.since(from)) / hourMs, 2);
  assert.equal(iso(autumn.next(at('2026-03-28T02:00:00Z'))), '2026-03-30T00:00Z');
  // Half past is active, then not, then again.
  const halves = activeHoursOf('0-29 3 * * *', 'Europe/Helsinki');
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => halves.matches(from - hourMs / 2 + (i * hourMs) / 2)),
    [true, false, true, false],
  );
});

test('every minute is active as the clock on the wall says, whatever was asked before', () => {
  const zones = ['Europe/Helsinki', 'Australia/Lord_Howe', 'America/Havana', 'Pacific/Apia'];
  const crons = ['* 6-21 * * 1-5', '*/20 22-5 * * *', '15-44 * L * *', '* 0-1,23 * * 0,6'];
  const times = fc.array(fc.integer({ min: at('2011-12-28T00:00Z'), max: at('2012-12-31T00:00Z') }), {
    minLength: 1,
    maxLength: 10,
  });
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.constantFrom(...crons), times, (zone, cron, asked) => {
      const { matches, since, until, next } = activeHoursOf(cron, zone);
      const task = createTask(cron, () => undefined, { timezone: zone });
      void task.destroy();
      const isActive = (ms: number): boolean => task.match(new Date(ms - (ms % minuteMs)));
      for (const ms of asked) {
        assert.equal(matches(ms), isActive(ms), `${cron} ${zone} ${new Date(ms).toISOString()}`);
        const first = next(ms);
        assert.ok(first >= ms && isActive(first));
        if (first > ms) assert.equal(isActive(first - 1), false);
        assert.ok(since(first) <= first && first < until(first));
        assert.ok(isActive(since(first)) && !isActive(since(first) - 1));
        assert.ok(isActive(until(first) - 1) && !isActive(until(first)));
      }
    }),
    { numRuns: 200 },
  );
});
