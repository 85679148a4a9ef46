import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FiringAlert, GatewayStatus } from '../core/status.ts';
import {
  deviceLine,
  forwardLine,
  idleMachine,
  keepingUp,
  noFates,
  quietJournal,
  ruleLine,
} from '../core/testing.ts';
import { healthPoints } from './points.ts';

const nowMs = Date.parse('2026-01-05T06:00:00Z');
const noLosses = { tornBytes: 0, corruptSegments: 0, lostRecords: 0, droppedRecords: 0 };
const alert: FiringAlert = {
  ...{ rule: 'bus-load', key: {}, severity: 'critical', firedAtMs: 0, message: '', episode: 'e' },
  flapping: false,
};

const status: GatewayStatus = {
  ...{ gateway: 'depot-7', version: '1.2.3', pid: 1, startedMs: nowMs - 90_500, nowMs, restarts: 3 },
  machine: {
    ...{ ...idleMachine, cpuPercent: 7.5, memoryBytes: 90e6, memoryAvailableBytes: 500e6, load1m: 0.25 },
    ...{ cpuTemperatureC: 48.3, disk: { freeBytes: 5e9, totalBytes: 16e9 }, dataBytes: 4e6 },
  },
  clock: { state: 'sure', steps: 0 },
  sources: [
    {
      ...{ name: 'mqtt', kind: 'broker', state: 'listening', detail: '' },
      counters: { received: 12, packetsTooLong: 1 },
    },
    { name: 'probe', kind: 'serial', state: 'missing', detail: '', counters: { received: 0 } },
  ],
  fates: {
    ...{ ...noFates, frames: 12, unrouted: 1, received: 14, readings: 10, duplicates: 3, setAside: 1 },
    points: 5,
  },
  devices: [
    deviceLine('bus', { received: 14, readings: 10, duplicates: 3, setAside: 1, series: 2 }),
    deviceLine('tank', { lastArrivalMs: nowMs - 2500 }),
  ],
  rules: [
    ruleLine('bus-load', {
      ...{
        readings: 10,
        filtered: 1,
        late: 2,
        overLimit: 1,
        inWindows: 2,
        inResults: 4,
        points: 5,
        fired: 6,
      },
      keys: 2,
    }),
    ruleLine('tanks', { readings: 5, inWindows: 1, forgotten: 4 }),
  ],
  alerts: [alert],
  disk: {
    ...{ state: 'ok', detail: '', setAside: [] },
    losses: { journal: noLosses, points: noLosses, alerts: noLosses, health: noLosses },
  },
  overload: { ...keepingUp, behindMs: 1500, state: 'held back' },
  journal: { ...quietJournal, bytes: 3e6 },
  checkpoint: { atMs: undefined, bytes: 0 },
  processedMs: nowMs,
  forward: forwardLine({
    ...{ pendingPoints: 2, pendingBytes: 4096, oldestPendingMs: nowMs - 4000 },
    through: { taken: 5, sent: 1, setAside: 1, lost: 1, merged: 0 },
  }),
  notifiers: [],
};

const fieldsOf = (measurement: string, of: GatewayStatus = status): readonly object[] =>
  healthPoints(of)
    .filter((point) => point.measurement === measurement)
    .map(({ fields }) => fields);

test('the gateway is one point, which sums its rules', () => {
  const points = healthPoints(status);
  assert.ok(points.every(({ tags, timeMs }) => tags.gateway === 'depot-7' && timeMs === nowMs));
  assert.deepEqual(fieldsOf('headgate'), [
    {
      ...{ version: '1.2.3', uptime_seconds: 90.5, restarts: 3 },
      ...{ frames: 12, frames_unrouted: 1, readings_received: 14, readings: 10, duplicates: 3, set_aside: 1 },
      ...{
        rule_readings: 15,
        filtered: 1,
        late: 2,
        over_limit: 1,
        in_windows: 3,
        in_results: 4,
        forgotten: 4,
      },
      ...{ points: 5, alerts_fired: 6, alerts_firing: 1, behind_seconds: 1.5, held_back: 1, clock_sure: 1 },
      ...{ journal_bytes: 3e6, data_bytes: 4e6, disk_free_bytes: 5e9, disk_total_bytes: 16e9 },
      ...{ memory_rss_bytes: 90e6, memory_available_bytes: 500e6, cpu_percent: 7.5, load_1m: 0.25 },
      ...{ cpu_temperature_celsius: 48.3, forward_up: 1, forward_lag_seconds: 4 },
      ...{ forwarded_points: 1, refused_points: 1, dropped_points: 1, outbox_points: 2, outbox_bytes: 4096 },
    },
  ]);
});

test('devices, rules and sources have a point each', () => {
  assert.deepEqual(
    healthPoints(status).map(({ measurement, tags: { gateway, ...tags } }) => [measurement, tags]),
    [
      ['headgate', {}],
      ['headgate_device', { device: 'bus' }],
      ['headgate_device', { device: 'tank' }],
      ['headgate_rule', { rule: 'bus-load' }],
      ['headgate_rule', { rule: 'tanks' }],
      ['headgate_source', { source: 'mqtt' }],
      ['headgate_source', { source: 'probe' }],
    ],
  );
  assert.deepEqual(fieldsOf('headgate_device'), [
    { readings_received: 14, readings: 10, duplicates: 3, set_aside: 1, series: 2 },
    { readings_received: 0, readings: 0, duplicates: 0, set_aside: 0, series: 0, seconds_since_heard: 2.5 },
  ]);
  assert.deepEqual(fieldsOf('headgate_rule')[0], {
    ...{ readings: 10, filtered: 1, late: 2, over_limit: 1, in_windows: 2, in_results: 4, points: 5 },
    ...{ alerts_fired: 6, alerts_firing: 1, keys: 2 },
  });
  assert.deepEqual(fieldsOf('headgate_source'), [
    { up: 1, received: 12, packets_too_long: 1 },
    { up: 0, received: 0 },
  ]);
});

test('what the machine does not tell is no field; a server that is away shows, though only the health goes to it', () => {
  const down = { state: 'down', detail: '', sent: 0, setAside: 0, lost: 0, pendingPoints: 9 };
  const bare = { ...status, machine: idleMachine, health: down, forward: forwardLine() };
  const fields = fieldsOf('headgate', bare)[0]! as Record<string, unknown>;
  assert.equal(fields.forward_up, 0);
  assert.equal(fields.forward_lag_seconds, 0);
  for (const name of ['cpu_temperature_celsius', 'disk_free_bytes', 'memory_available_bytes'])
    assert.equal(name in fields, false, name);
});
