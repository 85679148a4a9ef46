/** Active hours of whole rules. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Alert, Frame } from '../../core/types.ts';
import { at, changes, minutes, planOf, reading, running } from '../rule-testing.ts';

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
