import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Ended, headgateIn } from '../../../test/peers/command.ts';
import type { Clock } from '../../core/clock.ts';
import { silentLogger } from '../../core/log.ts';
import { openJournal } from '../../journal/journal.ts';
import { claimDataFolder } from '../status-socket.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-journal-replay-'));
after(() => rmSync(folder, { recursive: true }));

mkdirSync(join(folder, 'devices'));
mkdirSync(join(folder, 'rules'));
writeFileSync(
  join(folder, 'headgate.yaml'),
  'gateway: depot-7\nsources: { mqtt: { broker: {} }, line: { serial: { path: /dev/null } } }\n',
);
writeFileSync(
  join(folder, 'devices/press.yaml'),
  'device: press\nsource: mqtt\ntopic: plant/{machine}\ncodec: value\nfields: { temperature: {} }\nlateness: 0s\n',
);
writeFileSync(
  join(folder, 'devices/probe.yaml'),
  'device: probe\nsource: line\ncodec: value\nfields: { level: {} }\nlateness: 0s\n',
);
writeFileSync(
  join(folder, 'rules/rules.yaml'),
  `rules:
  - { name: heat, from: press, window: { tumbling: 10s }, compute: { n: count(), top: max(temperature) } }
  - { name: level, from: probe, window: { tumbling: 10s }, compute: { n: count(), top: max(level) } }
`,
);

const t0 = Date.UTC(2026, 0, 5, 6);
const data = join(folder, 'data');
const replay = (...args: string[]): Promise<Ended> =>
  headgateIn(['replay', '--journal', ...args], { cwd: folder });

async function record(): Promise<void> {
  let nowMs = t0;
  const clock: Clock = { now: () => nowMs, waitMs: () => 0, offsetMs: () => 0, isPlausible: () => true };
  const journal = await openJournal(join(data, 'journal'), {
    clock,
    budgetBytes: 1 << 26,
    logger: silentLogger,
  });
  const frames: [number, string, string, string][] = [
    [0, 'mqtt', 'plant/a', '20'],
    [3, 'line', '', '7'],
    [4, 'mqtt', 'plant/a', '22'],
    [5, 'mqtt', 'plant/b', '30'],
    [6, 'mqtt', 'office/a', '1'],
    [12, 'mqtt', 'plant/a', '23'],
    [13, 'line', '', '8'],
  ];
  for (const [s, source, topic, payload] of frames) {
    nowMs = t0 + s * 1000;
    await new Promise<void>((resolve, reject) => {
      journal.append(source, topic, Buffer.from(payload), 'durable', (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }
  await journal.close();
}

const time = (s: number): string => `${t0 + s * 1000}000000`;
const heat = [
  `heat,gateway=depot-7,machine=a n=2,top=22 ${time(10)}`,
  `heat,gateway=depot-7,machine=b n=1,top=30 ${time(10)}`,
  `heat,gateway=depot-7,machine=a n=1,top=23 ${time(20)}`,
];
const level = [`level,gateway=depot-7 n=1,top=7 ${time(10)}`, `level,gateway=depot-7 n=1,top=8 ${time(20)}`];
const lines = (text: string): string[] => text.trim().split('\n').sort();

test('nothing recorded: exit code 3, and no folder is made', async () => {
  const { code, stderr } = await replay();
  assert.equal(code, 3);
  assert.match(stderr, /there is no journal in .*data\n {2}remedy: name the gateway/);
});

test('what the gateway recorded, by its sources and arrivals, as often as wanted', async () => {
  await record();
  for (let i = 0; i < 2; i++) {
    const { code, stdout, stderr } = await replay();
    assert.equal(code, 0, stderr);
    assert.deepEqual(lines(stdout), [...heat, ...level].sort());
    assert.match(stderr, /^the journal of .*data: 7 rows in .*1 message no device wants/s);
  }
});

test('one device, and a range of arrivals', async () => {
  const { stdout } = await replay('--device', 'probe');
  assert.deepEqual(lines(stdout), level);
  const part = await replay('--from', '2026-01-05T06:00:04Z', '--to', '2026-01-05T06:00:12Z');
  assert.deepEqual(lines(part.stdout), [
    `heat,gateway=depot-7,machine=a n=1,top=22 ${time(10)}`,
    `heat,gateway=depot-7,machine=b n=1,top=30 ${time(10)}`,
  ]);
});

test('not while a gateway runs on it', async () => {
  const claim = await claimDataFolder(data);
  try {
    const { code, stderr } = await replay();
    assert.equal(code, 3);
    assert.match(
      stderr,
      new RegExp(`another gateway \\(process ${process.pid}\\) is running on the data folder`),
    );
  } finally {
    await claim.release();
  }
});
