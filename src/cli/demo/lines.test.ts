import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayStatus, RuleLine } from '../../core/status.ts';
import { ruleLine } from '../../core/testing.ts';
import type { Alert } from '../../core/types.ts';
import { alertText, progressText, summaryLines } from './lines.ts';
import { counted, dayOf, lengthOf, type Scene } from './scene.ts';

process.env.TZ = 'UTC';

const nowMs = Date.UTC(2026, 0, 5, 7, 20, 11);
const alert: Alert = {
  id: 'a',
  episode: 'e',
  rule: 'bus-load',
  key: { vehicle: '07005' },
  state: 'firing',
  severity: 'critical',
  firedAtMs: nowMs - 250_000,
  atMs: nowMs,
  message: 'Bus 07005: 72 aboard\x1b[2J',
  notify: [],
  values: {},
};
const rule = (name: string, fired: number, cleared: number): RuleLine =>
  ruleLine(name, {
    readings: 100,
    keys: 12,
    openWindows: 1,
    windowsClosed: 2210,
    points: 12,
    fired,
    cleared,
  });
const status = {
  nowMs,
  fates: { readings: 26_900 },
  rules: [rule('bus-load', 7, 5), rule('probe-level', 1, 0)],
  forward: { target: 'data/demo/points', sent: 1, pendingPoints: 3 },
} as unknown as GatewayStatus;
const scene: Scene = {
  status,
  alerts: [],
  rates: [0, 1400, 1500],
  elapsedMs: 60_000,
  speed: 120,
  notes: ['no serial line: socat is not installed'],
};

test('an alert is one line that cannot steer the terminal', () => {
  assert.equal(alertText(alert), '07:20:11  critical  bus-load       Bus 07005: 72 aboard·[2J');
  assert.equal(
    alertText({ ...alert, state: 'ok', message: 'Bus 07005: 20 aboard' }),
    '07:20:11  cleared   bus-load       Bus 07005: 20 aboard (after 4 min 10 s)',
  );
});

test('progress in one line', () => {
  assert.equal(
    progressText(scene),
    'after 1 min (simulated 07:20:11, 120× real time), 26,900 readings (1,500/s), 4,420 windows closed, ' +
      '1 point to data/demo/points, alerts: 8 fired, 5 cleared',
  );
  assert.doesNotMatch(progressText({ ...scene, speed: 1 }), /×/);
});

test('the last words', () => {
  const closing = { startMs: nowMs - 7_200_000, points: 'data/demo/points/*.lp' };
  assert.deepEqual(summaryLines(scene, closing, false), [
    'headgate demo ran 1 min, simulated Mon 5 Jan 05:20:11 to Mon 5 Jan 07:20:11:',
    '  rule         windows  points  fired  cleared',
    '  bus-load       2,210      12      7        5',
    '  probe-level    2,210      12      1        0',
    '1 of 2 rules have fired and cleared; the others need more time.',
    'no serial line: socat is not installed',
    '26,900 readings gave 1 point, now in data/demo/points/*.lp; 3 more were not sent yet',
  ]);
  const done = { ...scene, status: { ...status, rules: [rule('bus-load', 1, 1)] } };
  assert.ok(summaryLines(done, closing, false).includes('Each of the 1 rules has fired and cleared.'));
});

test('lengths and counts as people say them', () => {
  assert.deepEqual([400, 59_400, 60_000, 250_000, 3_600_000, 7_500_000].map(lengthOf), [
    '0 s',
    '59 s',
    '1 min',
    '4 min 10 s',
    '1 h 00 min',
    '2 h 05 min',
  ]);
  assert.deepEqual([counted(1, 'point'), counted(1204, 'point')], ['1 point', '1,204 points']);
  assert.equal(dayOf(nowMs), 'Mon 5 Jan');
});
