import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Ended, headgateIn } from '../../../test/peers/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-replay-'));
after(() => rmSync(folder, { recursive: true }));

const real = join(import.meta.dirname, 'testdata/hfp-excerpt.log');

function write(name: string, content: string | Buffer): void {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), content);
}

write('headgate.yaml', 'gateway: depot-7\n');
write(
  'devices/bus.yaml',
  `device: bus
source: mqtt
topic: /hfp/v2/journey/ongoing/vp/bus/{operator}/{vehicle}/#
codec: json
time: { path: VP.tst, format: rfc3339 }
fields:
  delay: { path: VP.dl, unit: s, scale: -1 }
lateness: 10s
`,
);
write(
  'devices/press.yaml',
  `device: press
topic: plant/{machine}
codec: json
time: { path: time, format: rfc3339 }
fields: { temperature: {} }
lateness: 0s
`,
);
write('devices/probe.yaml', 'device: probe\nsource: serial\ncodec: value\nfields: { level: {} }\n');
write(
  'headgate.yaml',
  'gateway: depot-7\nsources: { mqtt: { broker: {} }, serial: { serial: { path: /dev/null } } }\n',
);
write(
  'rules/rules.yaml',
  `rules:
  - name: delay
    from: bus
    window: { tumbling: 1m }
    compute: { n: count(), worst: max(delay) }
    alert: [{ severity: warning, when: worst > 200, message: "{vehicle} is {worst} s late" }]
  - name: heat
    from: press
    window: { tumbling: 10s }
    compute: { n: count(), mean: avg(temperature) }
`,
);
write(
  'other.yaml',
  'rules:\n  - { name: other, from: press, window: { tumbling: 1h }, compute: { top: max(temperature) } }\n',
);

const replay = (args: readonly string[], input?: string | Buffer): Promise<Ended> =>
  headgateIn(['replay', ...args], { cwd: folder, ...(input !== undefined && { input }) });

interface Reading {
  readonly machine: string;
  readonly s: number;
  readonly temperature: number;
}

const t0 = Date.UTC(2026, 0, 5, 6);
const at = (s: number): string => new Date(t0 + s * 1000).toISOString();
const readings: readonly Reading[] = [
  { machine: 'a', s: 0, temperature: 20 },
  { machine: 'a', s: 4, temperature: 22 },
  { machine: 'b', s: 5, temperature: 30 },
  { machine: 'a', s: 12, temperature: 23 },
  { machine: 'b', s: 31, temperature: 31.5 },
];
/** Written down by hand: windows of 10 s, closed by time or by the end of the file. */
const heat = [
  `heat,gateway=depot-7,machine=a n=2,mean=21 ${t0 + 10_000}000000`,
  `heat,gateway=depot-7,machine=b n=1,mean=30 ${t0 + 10_000}000000`,
  `heat,gateway=depot-7,machine=a n=1,mean=23 ${t0 + 20_000}000000`,
  `heat,gateway=depot-7,machine=b n=1,mean=31.5 ${t0 + 40_000}000000`,
];

const sorted = (text: string): string[] => text.trim().split('\n').sort();

function csvOf(rows: readonly Reading[]): string {
  return ['time,machine,temperature', ...rows.map((r) => `${at(r.s)},${r.machine},${r.temperature}`)].join(
    '\n',
  );
}

test('the same readings give the same points from every format', async () => {
  const nanos = (s: number): string => `${t0 + s * 1000}000000`;
  const json = (r: Reading): string => JSON.stringify({ time: at(r.s), temperature: r.temperature });
  const lines = (line: (r: Reading) => string): string => `${readings.map(line).join('\n')}\n`;
  write('press.csv', csvOf(readings));
  write('excel.csv', `\ufeff${csvOf(readings).replaceAll(',', ';').replaceAll('\n', '\r\n')}\r\n`);
  write(
    'press.jsonl',
    lines((r) => JSON.stringify({ time: at(r.s), ...r })),
  );
  write(
    'press.lp',
    lines((r) => `x,machine=${r.machine} temperature=${r.temperature} ${nanos(r.s)}`),
  );
  write(
    'mosquitto.log',
    lines((r) => `plant/${r.machine} ${json(r)}`),
  );
  write(
    'timed.log',
    lines((r) => `${t0 / 1000 + r.s}.000000000 plant/${r.machine} ${json(r)}`),
  );
  write('packed.csv.gz', gzipSync(csvOf(readings)));
  const files = [
    'press.csv',
    'excel.csv',
    'press.jsonl',
    'press.lp',
    'mosquitto.log',
    'timed.log',
    'packed.csv.gz',
  ];
  for (const file of files) {
    const { code, stdout, stderr } = await replay([
      ...(file.endsWith('.log') ? [] : ['--device', 'press']),
      file,
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(sorted(stdout), [...heat].sort(), file);
    assert.match(
      stderr,
      new RegExp(
        `^${file}: 5 rows in .*, 2026-01-05T06:00:00Z to 2026-01-05T06:00:31Z\n  5 readings, 4 windows, 4 points`,
      ),
    );
  }
});

test('standard input, with its format named or told', async () => {
  const named = await replay(['--device', 'press', '--format', 'csv', '-'], csvOf(readings));
  assert.deepEqual(sorted(named.stdout), [...heat].sort());
  const told = await replay(['--device', 'press', '-'], gzipSync(csvOf(readings)));
  assert.deepEqual(sorted(told.stdout), [...heat].sort());
});

test('several files follow each other; what lies between them has passed', async () => {
  write('1.csv', csvOf(readings.slice(0, 3)));
  write('2.csv', csvOf(readings.slice(3)));
  const { code, stdout, stderr } = await replay(['--device', 'press', '1.csv', '2.csv']);
  assert.equal(code, 0);
  assert.deepEqual(sorted(stdout), [...heat].sort());
  assert.match(stderr, /^2 files: 5 rows/);
});

test('real positions of a bus: points and alerts', async () => {
  const { code, stdout, stderr } = await replay([real]);
  assert.equal(code, 0);
  // By hand from `tst` and `dl` of the ten positions: one before 16:33:00, six in the next minute, three at 16:47.
  assert.deepEqual(stdout.trim().split('\n'), [
    'delay,gateway=depot-7,operator=0018,vehicle=01029 n=1,worst=232 1707841980000000000',
    'delay,gateway=depot-7,operator=0018,vehicle=01029 n=6,worst=240 1707842040000000000',
    'delay,gateway=depot-7,operator=0018,vehicle=01029 n=3,worst=-38 1707842880000000000',
  ]);
  const [alert, cleared] = stderr.split('\n');
  assert.equal(
    alert,
    '2024-02-13T16:33:00Z firing warning  delay operator=0018 vehicle=01029: 01029 is 232 s late',
  );
  assert.match(cleared!, /^2024-02-13T16:48:00Z ok {5}warning {2}delay operator=0018 vehicle=01029: /);
  assert.match(
    stderr,
    /14 rows .*10 readings, 3 windows, 3 points, 1 alert fired, 1 cleared, 4 messages no device wants/s,
  );
});

test('bad lines are counted and shown with their place and reason; the rest is used', async () => {
  const bad = ['1,2', `${at(6)},b,hot`, 'yesterday,a,7', `${at(7)},"a,8`];
  const lines = csvOf(readings).split('\n');
  write('bad.csv', [...lines.slice(0, 4), ...bad, ...lines.slice(4)].join('\n'));
  const { code, stdout, stderr } = await replay(['--device', 'press', 'bad.csv']);
  assert.equal(code, 0);
  // The reading whose temperature is no number still is one: it counts.
  assert.deepEqual(
    sorted(stdout),
    [...heat].map((line) => (line.includes('n=1,mean=30') ? line.replace('n=1', 'n=2') : line)).sort(),
  );
  assert.match(stderr, / {2}4 set aside:\n/);
  for (const place of [
    'bad.csv:5: 2 columns, expected 3: "1,2"',
    'bad.csv:6: press: temperature: expected a number, found text "hot"',
    'bad.csv:7: time (rfc3339) is missing or unreadable',
    'bad.csv:8: a quote is not closed within 64 KiB',
  ]) {
    assert.ok(stderr.includes(`      ${place}\n`), `${place}\n${stderr}`);
  }
});

test('a timestamp of the year 2106 is set aside and does not make the rest late', async () => {
  const lines = csvOf(readings).split('\n');
  lines.splice(2, 0, '2106-02-07T06:28:15Z,a,1');
  write('future.csv', lines.join('\n'));
  const { stdout, stderr } = await replay(['--device', 'press', 'future.csv']);
  assert.deepEqual(sorted(stdout), [...heat].sort());
  assert.match(stderr, /1 ahead of time\n {6}future\.csv:3: press: /);
});

test('without a time of its own a file says nothing about a device that lives by arrival', async () => {
  write('level.csv', 'at,level\n2026-01-05,3\n');
  const { code, stderr } = await replay(['--device', 'probe', 'level.csv']);
  assert.match(stderr, /device probe has no `time`, and csv records no arrival\n {2}remedy: add `time:`/);
  assert.equal(code, 2);
});

test('nothing usable is exit code 1', async () => {
  write('empty.csv', '');
  write('junk.jsonl', 'junk\njunk\n');
  assert.equal((await replay(['--device', 'press', 'empty.csv'])).code, 1);
  const junk = await replay(['--device', 'press', 'junk.jsonl']);
  assert.equal(junk.code, 1);
  assert.match(junk.stderr, /2 malformed\n {6}junk\.jsonl:1: not JSON/);
});

test('--from and --to leave out what arrived outside', async () => {
  const range = ['--from', '2026-01-05T06:00:05Z', '--to', '2026-01-05T08:00:31+02:00'];
  const { stdout, stderr } = await replay(['--device', 'press', ...range, 'press.csv']);
  assert.deepEqual(sorted(stdout), [heat[1], heat[2]].sort());
  assert.match(stderr, /3 rows outside --from and --to/);
});

test('--rules takes the place of the gateway\u2019s rules', async () => {
  const { stdout } = await replay(['--device', 'press', '--rules', 'other.yaml', 'press.csv']);
  assert.deepEqual(sorted(stdout), [
    `other,gateway=depot-7,machine=a top=23 ${t0 + 3_600_000}000000`,
    `other,gateway=depot-7,machine=b top=31.5 ${t0 + 3_600_000}000000`,
  ]);
});

test('what is wrong on the command line is exit code 2, with what would be right', async () => {
  const cases: [string[], RegExp][] = [
    [[], /nothing to replay\n {2}remedy: name recorded files/],
    [['--journal', 'press.csv'], /--journal replays what the gateway recorded, not files/],
    [
      ['press.csv'],
      /press\.csv is csv, and does not say whose readings it holds\n {2}remedy: name the device: --device bus\|press\|probe/,
    ],
    [['--device', 'pres', 'press.csv'], /there is no device pres\n {2}remedy: did you mean press\?/],
    [
      ['--device', 'press', 'press.csv', 'press.jsonl'],
      /press\.csv is csv, press\.jsonl is jsonl: one replay takes one format/,
    ],
    [
      ['--device', 'press', '--from', '2026-01-06', '--to', '2026-01-05', 'press.csv'],
      /--from is not before --to/,
    ],
    [['--from', 'noon', 'press.csv'], /write a day or a time with its offset/],
    [['--format', 'xml', 'press.csv'], /Allowed choices are jsonl, timed, influx, mosquitto, csv/],
  ];
  for (const [args, words] of cases) {
    const { code, stdout, stderr } = await replay(args);
    assert.match(stderr, words);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
  }
});

test('what is not there, or wrong in the files, is exit code 3', async () => {
  assert.match((await replay(['none.log'])).stderr, /cannot read none\.log: there is no such file/);
  write('broken.yaml', 'rules:\n  - { name: broken, from: press, where: tempera > 1 }\n');
  const { code, stderr } = await replay(['--device', 'press', '--rules', 'broken.yaml', 'press.csv']);
  assert.equal(code, 3);
  assert.match(stderr, /broken\.yaml:2:\d+ error: /);
  assert.match(stderr, /tempera/);
});

test('a reader that has seen enough ends the replay without a fuss', () => {
  const rows = Array.from({ length: 50_000 }, (_, i) => ({ machine: 'a', s: i * 10, temperature: i }));
  write('long.csv', csvOf(rows));
  const main = join(import.meta.dirname, '../../main.ts');
  const script = `"${process.execPath}" "${main}" replay --device press long.csv 2>err | head -n 1; echo \${PIPESTATUS[0]}`;
  const [point, code] = execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' }).split('\n');
  assert.match(point!, /^heat,/);
  assert.equal(code, '0');
});

test('memory does not grow with the recording', async () => {
  // A list of all rows, readings or points of this file alone would need more than the 64 MB.
  const rows = 600_000;
  const lines = ['time,machine,temperature'];
  for (let i = 0; i < rows; i++) lines.push(`${at(i * 0.02)},m${i % 20},${i % 100}`);
  const env = { NODE_OPTIONS: '--max-old-space-size=64' };
  const { code, stdout, stderr } = await headgateIn(['replay', '--device', 'press', '--format', 'csv', '-'], {
    cwd: folder,
    input: lines.join('\n'),
    env,
  });
  assert.equal(code, 0, stderr.slice(0, 500));
  assert.equal(stdout.trim().split('\n').length, 20 * 1200);
  assert.match(stderr, /600,000 readings, 24,000 windows, 24,000 points/);
});
