/**
 * The package for arm64, run by qemu: it says its version, checks what it ships, replays recordings to the very bytes that the one
 * for amd64 gives, and runs as a gateway that reads a serial line.
 *
 * Nothing is booted: the package is unpacked, and qemu translates its runtime, system calls are this machine's own.
 */

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { startSerialLine } from '../peers/socat.ts';
import { until } from '../peers/until.ts';
import { libraries } from './arm64-libraries.ts';
import { noLibraries, packageFor, root } from './made.ts';
import { outcome } from './outcome.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-arm64-'));
after(() => rmSync(folder, { recursive: true }));
before(() => {
  for (const architecture of ['amd64', 'arm64'] as const)
    execFileSync('dpkg-deb', ['-x', packageFor(architecture), join(folder, architecture)]);
});

const patienceMs = 180_000;
const skip = noLibraries;
type Architecture = 'amd64' | 'arm64';

/** The words that the package's own launcher runs, here. */
function launched(architecture: Architecture, ...args: string[]): [string, string[]] {
  const tree = join(folder, architecture);
  const line = /^exec (.*) "\$@"$/m.exec(readFileSync(join(tree, 'usr/bin/headgate'), 'utf8'))![1]!;
  const words = line.split(' ').map((word) => (word.startsWith('/') ? join(tree, word) : word));
  const emulator = architecture === 'arm64' ? ['qemu-aarch64-static', '-L', libraries] : [];
  const [command, ...rest] = [...emulator, ...words, ...args];
  return [command!, rest];
}

function headgate(architecture: Architecture, ...args: string[]) {
  const [command, words] = launched(architecture, ...args);
  return spawnSync(command, words, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
}

const shipped = (architecture: Architecture): string =>
  join(folder, architecture, 'etc/headgate/headgate.yaml');

test('it is of arm64, and says its version', { skip }, () => {
  const node = join(folder, 'arm64/usr/lib/headgate/node');
  const flags = ['-L', libraries, node, '-p', 'process.arch'];
  assert.equal(execFileSync('qemu-aarch64-static', flags, { encoding: 'utf8' }).trim(), 'arm64');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.equal(headgate('arm64', '--version').stdout.trim(), version);
});

test('what it ships is right', { skip }, () => {
  const { status, stdout, stderr } = headgate('arm64', 'check', '-c', shipped('arm64'));
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^\d+ devices, \d+ rules, \d+ tests: fine$/m);
});

const recordings = {
  'a press': ['--device', 'machine-temperature', 'machine/temperature.csv'],
  'passengers of buses': ['hsl-bus/counts.dump'],
  'positions of buses': ['hsl-bus/positions.dump'],
};
for (const [name, words] of Object.entries(recordings))
  test(`it replays a recording of ${name} to the same points and alerts`, { skip }, () => {
    const args = words.map((word) => (word.includes('/') ? join(root, 'test/data', word) : word));
    const replay = (architecture: Architecture): string => {
      const { status, stdout, stderr } = headgate(
        architecture,
        'replay',
        '-c',
        shipped(architecture),
        ...args,
      );
      assert.equal(status, 0, stderr);
      return stdout + stderr.replace(/ in [\d,.]+ \S+ \([\d,.]+ rows\/s\)/, '');
    };
    const points = replay('amd64');
    assert.ok(points.split('\n').length > 20, points);
    assert.equal(replay('arm64'), points);
  });

test('it runs as a gateway, and reads a serial line through its native module', { skip }, async (t) => {
  const line = await startSerialLine();
  t.after(() => line.stop());
  const home = mkdtempSync(join(folder, 'home-'));
  for (const [name, text] of Object.entries(filesFor(line.path))) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), text);
  }
  const [command, words] = launched('arm64', 'run', '-c', join(home, 'headgate.yaml'));
  const gateway = spawn(command, words, { cwd: home });
  t.after(() => gateway.kill('SIGKILL'));
  const ended = outcome(gateway);
  const status = () => headgate('arm64', 'status', '-c', join(home, 'headgate.yaml'));
  await until(() => status().status === 0, 'a gateway that answers', patienceMs);

  await until(
    () => {
      line.write('21.5\n');
      return /^depth,.*value=21.5/m.test(pointsIn(home));
    },
    'a point of the serial line',
    patienceMs,
  );
  gateway.kill('SIGTERM');
  const { code, said } = await ended;
  assert.equal(code, 0, said);
});

const filesFor = (path: string): Record<string, string> => ({
  'headgate.yaml': `batch: 100ms\nsources: { line: { serial: { path: ${path}, baud: 9600, framing: line } } }\n`,
  'devices/probe.yaml': 'device: probe\nsource: line\ncodec: value\nfields: { value: {} }\n',
  'rules/depth.yaml': 'rules: [{ name: depth, from: probe }]\n',
});

function pointsIn(home: string): string {
  const paths = globSync(join(home, 'data/points/*.lp'));
  return paths.map((path) => readFileSync(path, 'utf8')).join('');
}
