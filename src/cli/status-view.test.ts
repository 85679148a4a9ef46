import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { GatewayStatus } from '../core/status.ts';
import { statusLines } from './status-view.ts';

const nowMs = Date.UTC(2026, 0, 5, 6, 30);

const status: GatewayStatus = {
  gateway: 'depot-7',
  version: '0.1.0',
  pid: 4711,
  startedMs: nowMs - 3_725_000,
  nowMs,
  sources: [
    {
      name: 'mqtt',
      kind: 'broker',
      state: 'listening',
      detail: '127.0.0.1:1883, 2 clients',
      counters: { messages: 1_234_567, refused: 0 },
    },
    { name: 'probe', kind: 'serial', state: 'closed', detail: 'no such device', counters: {} },
  ],
  fates: { frames: 1_234_567, readings: 1_234_000, unrouted: 500, setAside: 67, duplicates: 0, points: 2400 },
  devices: [
    {
      name: 'bus-counter',
      readings: 1_234_000,
      series: 12,
      setAside: 67,
      reasons: { 'no time': 2, malformed: 65 },
      duplicates: 0,
      lastArrivalMs: nowMs - 1500,
    },
    { name: 'probe', readings: 0, series: 0, setAside: 0, duplicates: 0, lastArrivalMs: undefined },
  ],
  rules: [
    {
      name: 'bus-load',
      readings: 1_234_000,
      filtered: 10,
      late: 3,
      keys: 12,
      openWindows: 12,
      windowsClosed: 2400,
      revised: 0,
      points: 2400,
      fired: 4,
      cleared: 3,
      overLimit: 0,
    },
  ],
  alerts: [
    {
      rule: 'bus-load',
      key: { route: '4735', vehicle: '01211' },
      severity: 'critical',
      firedAtMs: nowMs - 120_000,
      message: 'Bus 01211: 81 aboard\x07',
      episode: '3f9c1a2b3c4d5e6f',
      flapping: false,
    },
  ],
  journal: { bytes: 67_108_864, frames: 1_234_567, commits: 900 },
  checkpoint: { atMs: nowMs - 12_000, bytes: 40_960 },
  processedMs: nowMs,
  forward: {
    target: 'http://127.0.0.1:8086 fleet',
    state: 'down',
    detail: 'ECONNREFUSED, next try in 12 s',
    sent: 2000,
    setAside: 1,
    pendingPoints: 400,
    pendingBytes: 51_200,
  },
  notifiers: [
    {
      name: 'ops',
      state: 'connected',
      detail: '',
      delivered: 6,
      rejected: 1,
      pending: 0,
      silenced: 0,
      withheld: 0,
    },
  ],
};

const expected = `depot-7  headgate 0.1.0, process 4711, up 1 h 2 min
1,234,567 frames, 1,234,000 readings, 2,400 points, 67 set aside, 500 no device wants

Sources
  name   kind    state      where                      counters
  mqtt   broker  listening  127.0.0.1:1883, 2 clients  messages 1,234,567
  probe  serial  closed     no such device

Devices
  name          readings  series  set aside  duplicates  last reading  set aside for
  bus-counter  1,234,000      12         67           0  1.5 s ago     malformed 65, no time 2
  probe                0       0          0           0  never

Rules
  name       readings  late  filtered  keys  open  closed  points  fired  cleared  over limit
  bus-load  1,234,000     3        10    12    12   2,400   2,400      4        3           0

Alerts firing
  severity  rule      key                       since                 message
  critical  bus-load  route=4735 vehicle=01211  2026-01-05T06:28:00Z  Bus 01211: 81 aboard·

Notifiers
  name  state      delivered  pending  silenced  rejected
  ops   connected          6        0         0         1

Storage
  journal     1,234,567 frames, 900 commits, 64 MB
  checkpoint  12 s ago, 40 KB
  processed   up to 2026-01-05T06:30:00Z
  forward     http://127.0.0.1:8086 fleet: down (ECONNREFUSED, next try in 12 s), 2,000 points sent, 400 pending (50 KB), 1 set aside`;

test('a status as people read it', () => {
  assert.equal(statusLines(status, false).join('\n'), expected);
});

test('colours add nothing but colours', () => {
  const painted = statusLines(status, true);
  assert.ok(painted.some((line) => line.includes('\x1b[31mcritical')));
  assert.equal(painted.map((line) => stripVTControlCharacters(line).trimEnd()).join('\n'), expected);
});

test('a gateway that has just begun', () => {
  const fresh: GatewayStatus = {
    ...status,
    sources: [],
    devices: [],
    rules: [],
    alerts: [],
    notifiers: [],
    checkpoint: { atMs: undefined, bytes: 0 },
    processedMs: Number.NEGATIVE_INFINITY,
  };
  const text = statusLines(fresh, false).join('\n');
  assert.match(text, /\n\nAlerts firing: none\n\nStorage\n/);
  assert.match(text, /checkpoint {2}none yet\n {2}processed {3}nothing yet\n/);
  assert.doesNotMatch(text, /Sources|Devices|Rules|Notifiers/);
});

test('a state is said once', () => {
  const said = (state: string, detail: string): string =>
    statusLines({ ...status, forward: { ...status.forward, state, detail } }, false)
      .find((line) => line.startsWith('  forward'))!
      .split(',')[0]!
      .replace('  forward     http://127.0.0.1:8086 fleet: ', '');
  assert.equal(said('connected', 'connected'), 'connected');
  assert.equal(said('down', 'down for 4 min: ECONNREFUSED'), 'down for 4 min: ECONNREFUSED');
  assert.equal(said('waiting', 'nothing sent yet'), 'waiting (nothing sent yet)');
  assert.equal(said('connected', ''), 'connected');
});
