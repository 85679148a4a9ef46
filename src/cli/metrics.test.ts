import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayStatus } from '../core/status.ts';
import {
  deviceLine,
  forwardLine,
  idleMachine,
  keepingUp,
  noFates,
  quietJournal,
  ruleLine,
} from '../core/testing.ts';
import { metricsText } from './metrics.ts';

const rule = ruleLine('bus-load', {
  ...{ readings: 10, filtered: 1, late: 2, inResults: 4, inWindows: 3, keys: 3, openWindows: 1 },
  ...{ windowsClosed: 4, revised: 9, points: 5, fired: 6, cleared: 7 },
});
const alert = {
  rule: 'bus-load',
  key: { vehicle: '1' },
  severity: 'critical',
  firedAtMs: 0,
  message: '',
  episode: '3f9c1a2b3c4d5e6f',
  flapping: false,
} as const;

const noLosses = { tornBytes: 0, corruptSegments: 0, lostRecords: 0, droppedRecords: 0 };

const status: GatewayStatus = {
  ...{ gateway: 'depot "7"\n', version: '1.2.3', pid: 1, startedMs: 1_767_225_600_500, nowMs: 0 },
  restarts: 0,
  machine: idleMachine,
  files: { loadedMs: 1_767_225_600_000, state: 'broken', detail: '' },
  clock: { state: 'sure', steps: 0 },
  sources: [{ name: 'mqtt', kind: 'broker', state: 'listening', detail: '', counters: { shed: 7 } }],
  fates: { ...noFates, frames: 11, received: 10, readings: 10, unrouted: 1, points: 5 },
  devices: [deviceLine('bus', { received: 11, readings: 10, series: 2 })],
  rules: [rule],
  alerts: [alert, { ...alert, key: { vehicle: '2' } }],
  disk: {
    state: 'ok',
    detail: '',
    losses: { journal: noLosses, points: noLosses, alerts: noLosses, health: noLosses },
    setAside: [],
  },
  overload: { ...keepingUp, state: 'shedding', times: 1, heldMs: 1500 },
  journal: { ...quietJournal, bytes: 4096, frames: 13, commits: 3, waiting: 2 },
  checkpoint: { atMs: undefined, bytes: 0 },
  processedMs: 1_767_225_601_000,
  forward: forwardLine({
    ...{ target: 'http://influx', state: 'down', sent: 5, pendingPoints: 2, pendingBytes: 99 },
    ...{ thinned: { from: 60, to: 10, leftOut: 4 }, oldestPendingMs: 1_767_225_600_000, roomMs: 90_000 },
  }),
  notifiers: [
    {
      name: 'ops',
      state: 'connected',
      detail: '',
      delivered: 3,
      rejected: 0,
      pending: 1,
      silenced: 0,
      withheld: 0,
    },
  ],
};

test('every figure has its name, unit and labels', async () => {
  const text = await metricsText(status);
  for (const line of [
    'headgate_info{gateway="depot \\"7\\"\\n",version="1.2.3"} 1',
    'headgate_start_time_seconds 1767225600.5',
    'headgate_last_reload_successful 0',
    'headgate_rule_late_total{rule="bus-load"} 2',
    'headgate_rule_in_results_total{rule="bus-load"} 4',
    'headgate_rule_in_windows{rule="bus-load"} 3',
    'headgate_frames_waiting 2',
    'headgate_balance_missing{place="device",name="bus"} 1',
    'headgate_balance_missing{place="rule",name="bus-load"} 0',
    'headgate_rule_results_revised_total{rule="bus-load"} 9',
    'headgate_alerts_firing{rule="bus-load",severity="critical"} 2',
    'headgate_source_up{source="mqtt"} 1',
    'headgate_forward_up 0',
    'headgate_held_back 1',
    'headgate_held_back_seconds_total 1.5',
    'headgate_source_shed_total{source="mqtt"} 7',
    'headgate_forward_pending_bytes 99',
    'headgate_forward_thinned_points_total 60',
    'headgate_forward_thinned_to_points_total 10',
    'headgate_forward_left_out_values_total 4',
    'headgate_forward_oldest_pending_time_seconds 1767225600',
    'headgate_forward_room_seconds 90',
    'headgate_alerts_pending{notifier="ops"} 1',
    '# TYPE headgate_frames_total counter',
  ]) {
    assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
  }
});

test('forwarding is down where only what the gateway tells of itself was tried', async () => {
  const health = { state: 'refused', detail: '', sent: 0, setAside: 0, lost: 0, pendingPoints: 5 };
  const text = await metricsText({ ...status, forward: forwardLine({ state: 'waiting' }), health });
  assert.match(text, /^headgate_forward_up 0$/m);
});

test('what is not known is left out', async () => {
  const text = await metricsText({ ...status, alerts: [] });
  assert.doesNotMatch(text, /^headgate_(checkpoint_time|device_last_arrival|alerts_firing)[^\n]* /m);
});
