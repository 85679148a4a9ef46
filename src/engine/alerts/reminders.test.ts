/** Reminders and flapping of whole rules: with windows and without, of silent keys, through restarts and edits. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Alert, Frame } from '../../core/types.ts';
import { createState, listenSince, load, replan, statusOf, step } from '../engine.ts';
import { at, changes, minutes, planOf, reading, running } from '../rule-testing.ts';
import { firingEpisodes, pendingAlerts, ruleKeys } from './alert-list.ts';

const startMs = at('2026-01-05T06:00Z');

const rules = {
  'reading by reading': `    alert:
      - { when: t > 5, repeat: 7m, flapping: { changes: 4, within: 6m }, message: "{room} {t}" }
      - { severity: critical, when: t > 8, for: 90s, repeat: 3m, message: "{room} {t}" }
`,
  'of windows': `    window: { tumbling: 1m }
    compute: { t: max(t) }
    alert:
      - { when: t > 5, repeat: 7m, message: "{room} {t}" }
      - { severity: critical, when: t > 8, for: 2m, repeat: 3m, flapping: { changes: 3, within: 9m } }
`,
  'of silent keys': `    silent: { severity: info, repeat: 4m }
    alert: [{ when: t > 7, repeat: 11m }]
`,
};

interface Batch {
  readonly untilMs: number;
  readonly restarts: boolean;
}

function play(keys: string, frames: readonly Frame[], batches: readonly Batch[]): Alert[] {
  const rule = running(planOf(`    forward: false\n${keys}`));
  let beforeMs = Number.NEGATIVE_INFINITY;
  for (const { untilMs, restarts } of batches) {
    const own = frames.filter(({ arrivalMs }) => arrivalMs >= beforeMs && arrivalMs < untilMs);
    rule.feed(own, untilMs);
    if (restarts) rule.restart();
    beforeMs = untilMs;
  }
  return rule.told.alerts;
}

/** Alerts of different episodes may come in another order. */
const byEpisode = (alerts: readonly Alert[]): unknown =>
  [...Map.groupBy(alerts, ({ episode }) => episode)].sort();

const readings = fc.array(
  fc.record({
    room: fc.constantFrom('a', 'b'),
    gapMs: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 900_000 })),
    lateMs: fc.constantFrom(0, 0, 0, 5000, 20_000),
    t: fc.constantFrom(1, 6, 7.5, 9),
  }),
  { minLength: 1, maxLength: 40 },
);

const cuts = fc.array(
  fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), restarts: fc.boolean() }),
  { maxLength: 12 },
);

for (const [name, keys] of Object.entries(rules)) {
  test(`${name}: neither where batches are cut nor a restart changes anything told`, () => {
    let reminders = 0;
    fc.assert(
      fc.property(readings, cuts, (parts, where) => {
        let arrivalMs = startMs;
        const frames = parts.map(({ room, gapMs, lateMs, t }) => {
          arrivalMs += gapMs;
          return reading(arrivalMs - lateMs, t, room, arrivalMs);
        });
        const endMs = arrivalMs + minutes(60);
        const whole = play(keys, frames, [{ untilMs: endMs, restarts: false }]);
        const batches = where
          .map(({ share, restarts }) => ({
            untilMs: startMs + Math.floor(share * (endMs - startMs)),
            restarts,
          }))
          .sort((a, b) => a.untilMs - b.untilMs);
        const cut = play(keys, frames, [...batches, { untilMs: endMs, restarts: false }]);
        assert.deepEqual(byEpisode(cut), byEpisode(whole));
        reminders += whole.filter(({ reminder }) => reminder !== undefined).length;
      }),
      { numRuns: 150 },
    );
    assert.ok(reminders > 100, `${reminders} reminders prove nothing`);
  });
}

const hourly = planOf('    forward: false\n    alert: [{ when: t > 5, repeat: 1h, message: "{t}" }]\n');

test('a reminder tells what was judged last, with ids that go on', () => {
  const rule = running(hourly);
  rule.feed([reading(startMs, 9), reading(startMs + minutes(30), 7)]);
  assert.equal(rule.quietUntilMs(), startMs + minutes(60));
  rule.feed([], startMs + minutes(130));
  const { alerts } = rule.told;
  assert.deepEqual(
    alerts.map(({ atMs, message, reminder }) => [(atMs - startMs) / 60_000, message, reminder]),
    [
      [0, '9', undefined],
      [60, '7', 1],
      [120, '7', 2],
    ],
  );
  assert.deepEqual(
    alerts.map(({ id }) => id),
    [0, 1, 2].map((change) => `${alerts[0]!.episode}-${change}`),
  );
  assert.deepEqual(alerts[1]!.toldBefore, ['log']);
});

test('after a time in which the gateway was down there is one reminder, at once', () => {
  const rule = running(hourly);
  rule.feed([reading(startMs, 9)]);
  const state = listenSince(load(createState(hourly), rule.saved()).state, startMs + minutes(600) + 5000);
  const first = step(state, { startMs: 0, endMs: startMs + minutes(600) + 6000, spans: [] });
  assert.deepEqual(
    first.alerts.map(({ atMs }) => atMs - startMs),
    [minutes(600) + 5000],
  );
  const later = step(first.state, { startMs: 0, endMs: startMs + minutes(661), spans: [] });
  assert.equal(later.alerts.length, 1);
});

test('an edited `repeat` tells nothing of the time before; without one reminders end', () => {
  const rule = running(hourly);
  rule.feed([reading(startMs, 9)], startMs + minutes(59));
  let { state } = load(createState(hourly), rule.saved());
  const often = planOf('    forward: false\n    alert: [{ when: t > 5, repeat: 1m }]\n');
  state = replan(state, often).state;
  const told = step(state, { startMs: 0, endMs: startMs + minutes(60), spans: [] });
  assert.deepEqual(
    told.alerts.map(({ atMs }) => (atMs - startMs) / 60_000),
    [59, 60],
  );
  const never = replan(told.state, planOf('    forward: false\n    alert: [{ when: t > 5 }]\n')).state;
  assert.equal(step(never, { startMs: 0, endMs: startMs + minutes(999), spans: [] }).alerts.length, 0);
});

test('a flapping alert is held; an edit that takes `flapping` out lets it go', () => {
  const flapping = planOf(
    '    forward: false\n    alert: [{ when: t > 5, flapping: { changes: 4, within: 10m } }]\n',
  );
  const rule = running(flapping);
  for (let minute = 0; minute < 6; minute++)
    rule.feed([reading(startMs + minutes(minute), minute % 2 === 0 ? 9 : 1)]);
  assert.deepEqual(changes(rule.told), [
    '01-05T06:00:00 warning firing',
    '01-05T06:01:00 warning ok',
    '01-05T06:02:00 warning firing',
  ]);
  const held = load(createState(flapping), rule.saved()).state;
  assert.deepEqual(
    statusOf(held).alerts.map(({ flapping: is, episode }) => [is, episode === rule.told.alerts[2]!.episode]),
    [[true, true]],
  );
  const calm = planOf('    forward: false\n    alert: [{ when: t > 5 }]\n');
  const released = step(replan(held, calm).state, { startMs: 0, endMs: startMs + minutes(6), spans: [] });
  assert.deepEqual(
    released.alerts.map(({ state, atMs }) => [state, (atMs - startMs) / 60_000]),
    [['ok', 5]],
  );
  rule.feed([], startMs + minutes(12));
  assert.deepEqual(changes(rule.told).slice(3), ['01-05T06:12:00 warning ok']);
});

test('those who ask are told what fires, what is pending, and which keys there are', () => {
  const rule = running(
    planOf(
      '    forward: false\n    alert: [{ when: t > 5, for: 2m }, { when: t > 8, severity: critical }]\n',
    ),
  );
  rule.feed([reading(startMs, 9), reading(startMs + 1, 6, 'b')]);
  const state = rule.state();
  assert.deepEqual(
    [...firingEpisodes(state)],
    rule.told.alerts.map(({ episode }) => episode),
  );
  assert.deepEqual(
    pendingAlerts(state).map(({ key, severity, sinceMs }) => [key.room, severity, sinceMs - startMs]),
    [
      ['a', 'warning', 0],
      ['b', 'warning', 1],
    ],
  );
  assert.deepEqual(ruleKeys(state, 'r'), { by: ['room'], count: 2, values: [['a', 'b']] });
  assert.equal(ruleKeys(state, 'none'), undefined);
});
