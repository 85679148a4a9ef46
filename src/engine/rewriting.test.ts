/** Early and revised results through a rule: what is judged, forwarded and counted. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batch, spanOf } from '../core/frame.ts';
import type { Alert, Frame, Point } from '../core/types.ts';
import { compileText, deviceOf } from '../rules/testing.ts';
import { createState, type EngineState, quietUntilMs, statusOf, step } from './engine.ts';

const device = deviceOf(`device: bus
topic: bus/{vehicle}
codec: json
time: { path: at, format: unix_ms }
fields: { load: {} }
lateness: 5s
`);

const startMs = 1_700_000_000_000 - (1_700_000_000_000 % 3_600_000);

/** A reading `second` seconds into the story. */
function reading(second: number, load: number, arrivesAt = second, vehicle = '1'): Frame {
  return {
    source: 'mqtt',
    topic: `bus/${vehicle}`,
    payload: Buffer.from(JSON.stringify({ at: startMs + second * 1000, load })),
    arrivalMs: startMs + arrivesAt * 1000,
  };
}

/** A rule at work, batch by batch. */
function running(rule: string) {
  const { plan, problems } = compileText(
    `rules:\n  - name: r\n    from: bus\n${rule.replace(/^/gm, '    ')}`,
    [device],
  );
  assert.deepEqual(problems, []);
  let state: EngineState = createState(plan!);
  let nowMs = startMs;
  return {
    status: () => statusOf(state).rules[0]!,
    quietUntil: () => (quietUntilMs(state) - startMs) / 1000,
    /** A batch up to second `end`. */
    batch(end: number, ...frames: Frame[]): { points: readonly Point[]; alerts: readonly Alert[] } {
      const endMs = startMs + end * 1000;
      const batch: Batch = { startMs: nowMs, endMs, spans: frames.length === 0 ? [] : [spanOf(frames)] };
      nowMs = endMs;
      const result = step(state, batch);
      state = result.state;
      return result;
    },
  };
}

const seconds = (ms: number): number => (ms - startMs) / 1000;
const pointsOf = (points: readonly Point[]): unknown[] =>
  points.map(({ timeMs, fields }) => [seconds(timeMs), fields]);
const alertsOf = (alerts: readonly Alert[]): unknown[] =>
  alerts.map(({ state, atMs, values }) => [state, seconds(atMs), values]);

test('an alert need not wait for the end of its window, and the point is the same from the first version on', () => {
  const rule = running(
    'window: { tumbling: 1h, emit: 10s }\ncompute: { most: max(load) }\nalert: [{ when: most > 50, clear: most < 40 }]',
  );
  const first = rule.batch(9, reading(3, 20), reading(8, 60));
  assert.deepEqual([first.points, first.alerts], [[], []]);
  assert.equal(rule.quietUntil(), 10);
  const early = rule.batch(10);
  assert.deepEqual(pointsOf(early.points), [[3600, { most: 60 }]]);
  assert.deepEqual(alertsOf(early.alerts), [['firing', 8, { most: 60 }]]);
  // No news, no results.
  assert.deepEqual(rule.batch(60).points, []);
  const final = rule.batch(3700, reading(3604, 10), reading(3605, 10));
  assert.deepEqual(pointsOf(final.points), [
    [3600, { most: 60 }],
    [7200, { most: 10 }],
  ]);
  assert.deepEqual(alertsOf(final.alerts), [['ok', 3605, { most: 10 }]]);
  const { windowsClosed, points, revised } = rule.status();
  assert.deepEqual({ windowsClosed, points, revised }, { windowsClosed: 1, points: 3, revised: 0 });
});

test('`for` counts from the start of the window that holds early', () => {
  const rule = running(
    'window: { tumbling: 1m, emit: 10s }\ncompute: { most: max(load) }\nalert: [{ when: most > 50, for: 30s }]',
  );
  assert.deepEqual(rule.batch(10, reading(5, 60)).alerts, []);
  assert.deepEqual(rule.batch(30, reading(25, 0)).alerts, []);
  assert.deepEqual(alertsOf(rule.batch(40, reading(31, 0)).alerts), [['firing', 31, { most: 60 }]]);
});

test('of overlapping windows the emptiest does not clear what the fullest fires', () => {
  const rule = running(
    'window: { sliding: 1m, every: 10s, emit: 10s }\ncompute: { sum: sum(load) }\nalert: [{ when: sum > 50, clear: sum < 20 }]',
  );
  const { points, alerts } = rule.batch(30, reading(1, 60), reading(12, 5), reading(22, 5));
  assert.deepEqual(
    alerts.map(({ state }) => state),
    ['firing'],
  );
  assert.ok(points.length > 10);
});

test('a revised result is written again, counted, and neither judged nor late', () => {
  const rule = running(
    'window: { tumbling: 1m, late: revise, keep: 1m }\ncompute: { most: max(load) }\nalert: [{ when: most > 50 }]',
  );
  assert.deepEqual(pointsOf(rule.batch(70, reading(10, 20), reading(66, 20)).points), [[60, { most: 20 }]]);
  const revised = rule.batch(72, reading(20, 60, 71), reading(21, 55, 71));
  assert.deepEqual(pointsOf(revised.points), [[60, { most: 60 }]]);
  assert.deepEqual(revised.alerts, []);
  const beyond = rule.batch(131, reading(125, 20, 130), reading(22, 99, 130));
  assert.deepEqual(pointsOf(beyond.points), [[120, { most: 20 }]]);
  const { windowsClosed, late, revised: count } = rule.status();
  assert.deepEqual({ windowsClosed, late, count }, { windowsClosed: 2, late: 1, count: 1 });
});
