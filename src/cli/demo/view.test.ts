import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import type { GatewayStatus, RuleLine } from '../../core/status.ts';
import {
  deviceLine,
  forwardLine,
  idleMachine,
  keepingUp,
  noFates,
  quietJournal,
  ruleLine,
} from '../../core/testing.ts';
import type { Alert } from '../../core/types.ts';
import { printable, widthOf } from '../text-width.ts';
import type { Scene } from './scene.ts';
import { render, sparkline } from './view.ts';

process.env.TZ = 'UTC';

const nowMs = Date.UTC(2026, 0, 5, 7, 20, 11);
const rule = (name: string, rest: Partial<RuleLine>): RuleLine =>
  ruleLine(name, { keys: 12, openWindows: 1, ...rest });
const device = (name: string, readings: number, series: number, lastMs?: number) =>
  deviceLine(name, { readings, series, lastArrivalMs: lastMs === undefined ? undefined : nowMs - lastMs });

const unmarked = { episode: '3f9c1a2b3c4d5e6f', flapping: false } as const;

const noLosses = { tornBytes: 0, corruptSegments: 0, lostRecords: 0, droppedRecords: 0 };

const status: GatewayStatus = {
  gateway: 'depot-7',
  version: '0.1.0',
  pid: 1,
  startedMs: nowMs - 2_111_000,
  restarts: 0,
  machine: idleMachine,
  nowMs,
  clock: { state: 'sure', steps: 0 },
  sources: [
    { name: 'mqtt', kind: 'broker', state: 'listening', detail: '127.0.0.1:1883, 13 clients', counters: {} },
    {
      name: 'probe',
      kind: 'serial',
      state: 'open',
      detail: '/tmp/headgate-demo/probe, 9600 baud',
      counters: {},
    },
  ],
  fates: { ...noFates, frames: 26_900, readings: 26_900, duplicates: 1, points: 1204 },
  devices: [
    device('bus-counter', 311, 12, 3000),
    device('bus-position', 25_211, 12, 400),
    device('machine-temperature', 0, 0),
    device('press', 211, 1, 9000),
    device('probe', 1055, 1, 1000),
  ],
  rules: [
    rule('bearing-drift', { keys: 1, windowsClosed: 34, points: 34, fired: 1 }),
    rule('bus-delay', { windowsClosed: 420, points: 420, fired: 5, cleared: 3 }),
    rule('bus-load', { windowsClosed: 140, points: 140, fired: 2, cleared: 2 }),
    rule('bus-silent', {}),
    rule('probe-level', { keys: 1, points: 610, fired: 3, cleared: 1 }),
  ],
  alerts: [
    { rule: 'bearing-drift', key: {}, severity: 'warning', firedAtMs: nowMs, message: '', ...unmarked },
    { rule: 'bus-delay', key: {}, severity: 'critical', firedAtMs: nowMs, message: '', ...unmarked },
    { rule: 'bus-delay', key: {}, severity: 'warning', firedAtMs: nowMs, message: '', ...unmarked },
  ],
  disk: {
    state: 'ok',
    detail: '',
    losses: { journal: noLosses, points: noLosses, alerts: noLosses, health: noLosses },
    setAside: [],
  },
  overload: keepingUp,
  journal: { ...quietJournal, bytes: 3_100_000, frames: 26_900, commits: 1200 },
  checkpoint: { atMs: undefined, bytes: 0 },
  processedMs: nowMs,
  forward: forwardLine({
    ...{ target: 'data/demo/points/*.lp', state: 'writing' },
    ...{ sent: 1204, pendingPoints: 3, pendingBytes: 100 },
  }),
  notifiers: [],
};

const alert = (ruleName: string, ageS: number, rest: Partial<Alert>): Alert => ({
  id: '',
  episode: '',
  rule: ruleName,
  key: {},
  state: 'firing',
  severity: 'warning',
  firedAtMs: nowMs - ageS * 1000,
  atMs: nowMs - ageS * 1000,
  message: '',
  notify: [],
  values: {},
  ...rest,
});

const scene: Scene = {
  status,
  alerts: [
    alert('probe-level', 400, { message: 'Pit wash-pit at 70 cm of 120' }),
    alert('probe-level', 300, {
      severity: 'critical',
      message: 'Pit wash-pit at 80 cm of 120: pump does not run?',
    }),
    alert('bus-load', 200, {
      severity: 'critical',
      message: 'Bus 07005 to Itä-Pakila: 72 aboard, 107% of capacity',
    }),
    alert('probe-level', 100, {
      state: 'ok',
      firedAtMs: nowMs - 400_000,
      message: 'Pit wash-pit at 58 cm of 120',
    }),
    alert('bus-silent', 20, { severity: 'critical', message: 'Bus 07009 of operator 0070 has gone silent' }),
  ],
  rates: [0, 300, 900, 1400, 1500, 1480, 1490, 1510, 1470, 1460],
  elapsedMs: 17_600,
  speed: 120,
  notes: ['no serial line: socat is not installed'],
};

test('the picture on a terminal of 100 × 30', () => {
  assert.deepEqual(render(scene, 100, 30, false), [
    ' headgate demo  depot-7                                   Mon 5 Jan  07:20:11  120× real time  18 s',
    '────────────────────────────────────────────────────────────────────────────────────────────────────',
    '   1,460 readings/s  ▁▂▅███████                             26,900 in all, 0 set aside, 1 duplicate',
    '',
    ' IN                                                DEVICES               readings  keys        last',
    ' ● mqtt    127.0.0.1:1883, 13 clients              bus-counter                311    12         3 s',
    ' ● probe   /tmp/headgate-demo/probe, 9600 baud     bus-position            25,211    12         0 s',
    ' OUT                                               machine-temperature          0     0           –',
    ' ● 1,204 points to data/demo/points/*.lp           press                      211     1         9 s',
    '   writing, 3 pending                              probe                    1,055     1         1 s',
    '',
    ' RULES            keys  windows  points  fired  cleared',
    ' bearing-drift       1       34      34      1        0   · 1 firing now',
    ' bus-delay          12      420     420      5        3   ✓ 2 firing now',
    ' bus-load           12      140     140      2        2   ✓ fired and cleared',
    ' bus-silent         12        0       0      0        0   · quiet so far',
    ' probe-level         1        0     610      3        1   ✓ fired and cleared',
    ' 3 of 5 rules have fired and cleared · 594 windows · 11 fired, 6 cleared',
    ' ! no serial line: socat is not installed',
    '',
    ' ALERTS, newest first',
    ' 07:19:51  ▲ critical bus-silent     Bus 07009 of operator 0070 has gone silent',
    ' 07:18:31  ▼ cleared  probe-level    Pit wash-pit at 58 cm of 120                       after 5 min',
    ' 07:16:51  ▲ critical bus-load       Bus 07005 to Itä-Pakila: 72 aboard, 107% of capacity',
    ' 07:15:11  ▲ critical probe-level    Pit wash-pit at 80 cm of 120: pump does not run?',
    ' 07:13:31  ▲ warning  probe-level    Pit wash-pit at 70 cm of 120',
    ' Ctrl-C stops the demo',
  ]);
});

test('the picture on a narrow terminal of 60 × 36 puts the blocks over each other', () => {
  assert.deepEqual(render(scene, 60, 36, false), [
    ' headgate demo               07:20:11  120× real time  18 s',
    '────────────────────────────────────────────────────────────',
    '   1,460 readings/s',
    '',
    ' IN',
    ' ● mqtt    127.0.0.1:1883, 13 clients',
    ' ● probe   /tmp/headgate-demo/probe, 9600 baud',
    ' OUT',
    ' ● 1,204 points to data/demo/points/*.lp',
    '   writing, 3 pending',
    ' DEVICES               readings  keys        last',
    ' bus-counter                311    12         3 s',
    ' bus-position            25,211    12         0 s',
    ' machine-temperature          0     0           –',
    ' press                      211     1         9 s',
    ' probe                    1,055     1         1 s',
    '',
    ' RULES            keys  windows  points  fired  cleared',
    ' bearing-drift       1       34      34      1        0   ·',
    ' bus-delay          12      420     420      5        3   ✓',
    ' bus-load           12      140     140      2        2   ✓',
    ' bus-silent         12        0       0      0        0   ·',
    ' probe-level         1        0     610      3        1   ✓',
    ' 3 of 5 rules have fired and cleared · 594 windows · 11 fir…',
    ' ! no serial line: socat is not installed',
    '',
    ' ALERTS, newest first',
    ' 07:19:51  ▲ critical bus-silent     Bus 07009 of operator …',
    ' 07:18:31  ▼ cleared  probe-level    Pit wash-pit at 58 cm …',
    ' 07:16:51  ▲ critical bus-load       Bus 07005 to Itä-Pakil…',
    ' 07:15:11  ▲ critical probe-level    Pit wash-pit at 80 cm …',
    ' 07:13:31  ▲ warning  probe-level    Pit wash-pit at 70 cm …',
    ' Ctrl-C stops the demo',
  ]);
});

test('caught up, everything fired and cleared', () => {
  const proven = status.rules.map((line) => ({ ...line, fired: 2, cleared: 2 }));
  const calm = { ...scene, speed: 1, notes: [], status: { ...status, rules: proven, alerts: [] } };
  const lines = render(calm, 80, 24, false);
  assert.match(lines[0]!, /07:20:11 {2}real time/);
  assert.ok(
    lines.some((line) => line.startsWith(' ✓ each of the 5 rules has fired and cleared')),
    lines.join('\n'),
  );
  assert.equal(lines.filter((line) => line.includes('✓ fired and cleared')).length, 5);
});

test('colours change nothing but the colour', () => {
  const coloured = render(scene, 100, 30, true).map((line) => stripVTControlCharacters(line).trimEnd());
  assert.deepEqual(coloured, render(scene, 100, 30, false));
  assert.ok(render(scene, 100, 30, true).some((line) => line.includes('\x1b[31m')));
  assert.ok(!render(scene, 100, 30, false).some((line) => line.includes('\x1b')));
});

test('property: never larger than the terminal, whatever the names', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 1, max: 160 }),
      fc.integer({ min: 1, max: 60 }),
      (name, width, height) => {
        const odd: Scene = {
          ...scene,
          alerts: [alert(name, 5, { message: name }), alert(name, 5, { message: name, state: 'ok' })],
          notes: [name],
          status: {
            ...status,
            gateway: name,
            sources: [{ name, kind: 'mqtt', state: name, detail: name, counters: {} }],
            rules: [rule(name, {})],
            devices: [device(name, 3, 1, 5)],
          },
        };
        const lines = render(odd, width, height, false);
        assert.ok(lines.length <= height);
        for (const line of lines) {
          assert.equal(printable(line), line);
          assert.ok(widthOf(line) <= width, `${widthOf(line)} > ${width}: ${line}`);
        }
      },
    ),
  );
});

test('a sparkline shows the newest values against the highest', () => {
  assert.equal(sparkline([8, 0, 1, 2, 4, 8], 5), '▁▂▃▅█');
  assert.equal(sparkline([], 5), '');
  assert.equal(sparkline([0, 0], 5), '▁▁');
});
