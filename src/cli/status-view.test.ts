import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
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
import { statusLines } from './status-view.ts';

const nowMs = Date.UTC(2026, 0, 5, 6, 30);

const noLosses = { tornBytes: 0, corruptSegments: 0, lostRecords: 0, droppedRecords: 0 };

const status: GatewayStatus = {
  gateway: 'depot-7',
  version: '0.1.0',
  pid: 4711,
  startedMs: nowMs - 3_725_000,
  restarts: 0,
  machine: {
    ...{ ...idleMachine, cpuPercent: 2.6, cpuTemperatureC: 48.3, memoryBytes: 95 << 20 },
    ...{ memoryAvailableBytes: 512 << 20, disk: { freeBytes: 5 * 2 ** 30, totalBytes: 15 * 2 ** 30 } },
  },
  health: {
    ...{ state: 'down', detail: 'down for 4 min: ECONNREFUSED, next try in 12 s', sent: 0, setAside: 0 },
    ...{ lost: 0, pendingPoints: 24 },
  },
  alertPoints: { state: 'connected', detail: 'connected', sent: 1, setAside: 0, lost: 0, pendingPoints: 0 },
  nowMs,
  clock: { state: 'sure', steps: 0 },
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
  fates: {
    ...{ ...noFates, frames: 1_234_567, unrouted: 500, received: 1_234_067, readings: 1_234_000 },
    ...{ setAside: 67, valuesSetAside: 2, points: 2400 },
  },
  devices: [
    deviceLine('bus-counter', {
      ...{ received: 1_234_067, readings: 1_234_000, series: 12, setAside: 67, valuesSetAside: 2 },
      ...{ reasons: { 'no time': 2, malformed: 65, 'out of range': 2 }, lastArrivalMs: nowMs - 1500 },
    }),
    deviceLine('probe'),
  ],
  rules: [
    ruleLine('bus-load', {
      ...{ readings: 1_234_000, filtered: 10, late: 3, inResults: 1_232_900, inWindows: 1087, keys: 12 },
      ...{ openWindows: 12, windowsClosed: 2400, points: 2400, fired: 4, cleared: 3 },
    }),
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
  disk: {
    state: 'ok',
    detail: '',
    losses: { journal: noLosses, points: noLosses, alerts: noLosses, health: noLosses },
    setAside: [],
  },
  overload: keepingUp,
  journal: { bytes: 67_108_864, frames: 1_234_570, commits: 900, refused: 0, waiting: 3 },
  checkpoint: { atMs: nowMs - 12_000, bytes: 40_960 },
  processedMs: nowMs,
  forward: {
    target: 'http://127.0.0.1:8086 fleet',
    state: 'down',
    detail: 'ECONNREFUSED, next try in 12 s',
    sent: 2000,
    setAside: 1,
    lost: 0,
    pendingPoints: 400,
    pendingBytes: 51_200,
    oldestPendingMs: undefined,
    thinned: { from: 0, to: 0, leftOut: 0 },
    roomMs: undefined,
    through: { taken: 2401, sent: 2000, setAside: 1, lost: 0, merged: 0 },
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

Balance
  frames    1,234,570 = 1,234,067 for devices + 500 no device wants + 3 waiting
  readings  1,234,067 = 1,234,000 to rules + 67 set aside
  rules     1,234,000 = 1,232,900 in results + 1,087 in windows + 10 filtered
                      + 3 late
  points        2,401 = 2,000 sent + 400 waiting + 1 set aside

Sources
  name   kind    state      where                      counters
  mqtt   broker  listening  127.0.0.1:1883, 2 clients  messages 1,234,567
  probe  serial  closed     no such device

Devices
  name          readings  series  set aside  duplicates  bad values  last reading  set aside for
  bus-counter  1,234,000      12         67           0           2  1.5 s ago     malformed 65, no time 2, out of range 2
  probe                0       0          0           0           0  never

Rules
  name       readings  in windows  filtered  late  keys  closed  points  fired  cleared
  bus-load  1,234,000       1,087        10     3    12   2,400   2,400      4        3

Alerts firing
  severity  rule      key                       since                 message
  critical  bus-load  route=4735 vehicle=01211  2026-01-05T06:28:00Z  Bus 01211: 81 aboard·

Notifiers
  name  state      delivered  pending  silenced  rejected
  ops   connected          6        0         0         1

Storage
  journal     1,234,570 frames since the start, 900 commits, 64 MB
  checkpoint  12 s ago, 40 KB
  processed   up to 2026-01-05T06:30:00Z
  forward     http://127.0.0.1:8086 fleet: down (ECONNREFUSED, next try in 12 s), 2,000 points sent, 400 pending (50 KB), 1 set aside
  its health  down for 4 min: ECONNREFUSED, next try in 12 s, 24 points wait
  machine     3 % of a core at 48 °C; 95 MB of memory, 512 MB left; 5 GB of 15 GB of disk free`;

test('a status as people read it', () => {
  assert.equal(statusLines(status, false).join('\n'), expected);
});

test('colours add nothing but colours', () => {
  const painted = statusLines(status, true);
  assert.ok(painted.some((line) => line.includes('\x1b[31mcritical')));
  assert.equal(painted.map((line) => stripVTControlCharacters(line).trimEnd()).join('\n'), expected);
});

test('a gateway that more comes to than it can process', () => {
  const overload = {
    ...keepingUp,
    ...{ state: 'held back' as const, waitingFrames: 45_278, waitingBytes: 3_670_016, heldAnswers: 1983 },
    ...{ behindMs: 1234, remedy: 'fewer or simpler rules' },
  } as const;
  assert.equal(
    statusLines({ ...status, overload }, false)[1],
    'held back: 45,278 frames (3.5 MB) wait to be processed, the oldest batch is 1.2 s overdue, ' +
      '1,983 answers are held back; fewer or simpler rules',
  );
});

test('a gateway that has just begun', () => {
  const fresh: GatewayStatus = {
    ...status,
    sources: [],
    devices: [],
    rules: [],
    fates: noFates,
    journal: quietJournal,
    forward: forwardLine(),
    alerts: [],
    notifiers: [],
    checkpoint: { atMs: undefined, bytes: 0 },
    processedMs: Number.NEGATIVE_INFINITY,
  };
  const text = statusLines(fresh, false).join('\n');
  assert.match(text, /\n\nBalance: nothing has come in yet\n/);
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

test('what does not add up is said in red, with its place', () => {
  const [rule] = status.rules;
  const odd = {
    ...status,
    rules: [{ ...rule!, late: 1 }],
    devices: [{ ...status.devices[0]!, duplicates: 5 }],
  };
  const lines = statusLines(odd, true).filter((line) => line.includes('mistake of headgate'));
  assert.deepEqual(
    lines.map((line) => stripVTControlCharacters(line).split('.')[0]),
    ['  device bus-counter: 5 with more than one fate', '  rule bus-load: 2 of no fate'],
  );
  assert.ok(lines.every((line) => line.startsWith('\x1b[31m')));
});

test('a long outage: how old the oldest point is, how long there is room, what was merged', () => {
  const forward = {
    ...status.forward,
    oldestPendingMs: nowMs - 7 * 3_600_000,
    roomMs: 50 * 3_600_000,
    thinned: { from: 360_000, to: 60_000, leftOut: 1200 },
  };
  const line = statusLines({ ...status, forward }, false).find((text) => text.includes('backlog'));
  assert.equal(
    line?.trim().replace(/\s+/g, ' '),
    'backlog oldest from 7 h ago, room for 2 d 2 h more at this rate, 360,000 points merged to 60,000, 1,200 values left out',
  );
});
