import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Ended, headgateIn } from '../../test/peers/command.ts';
import { packageVersion } from './version.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-cli-'));
after(() => rmSync(folder, { recursive: true }));

const headgate = (...args: string[]): Promise<Ended> => headgateIn(args, { cwd: folder });

test('--version and --help are fine and on stdout', async () => {
  assert.deepEqual(await headgate('--version'), { code: 0, stdout: `${packageVersion()}\n`, stderr: '' });
  const { code, stdout, stderr } = await headgate('--help');
  assert.equal(code, 0);
  assert.equal(stderr, '');
  for (const name of ['run', 'demo', 'check', 'replay', 'status', 'alerts', 'ack', 'silence', 'schema']) {
    assert.match(stdout, new RegExp(`^ {2}${name} \\[options\\]`, 'm'));
  }
  assert.match(stdout, /Examples:\n {2}headgate demo /);
  assert.deepEqual(
    stdout.split('\n').filter((line) => line.length > 80),
    [],
    'fits a terminal of 80 columns',
  );
  assert.match((await headgate('replay', '--help')).stdout, /Formats:\n {2}jsonl {6}one JSON payload/);
});

test('a wrong command line is exit code 2, with what would be right', async () => {
  const cases: [string[], RegExp][] = [
    [[], /Usage: headgate/],
    [['replya'], /unknown command 'replya'\n\(Did you mean replay\?\)/],
    [['run', '--confg', 'x'], /unknown option '--confg'\n\(Did you mean --config\?\)/],
    [['run', 'x.yaml'], /too many arguments for 'run'/],
    [['run', '--log-level', 'loud'], /Allowed choices are debug, info, warn, error/],
    [['demo', '--port', '70000'], /it is a whole number from 0 to 65535/],
    [['demo', '--speed', '-1'], /it is a number greater than 0/],
    [['status', '--format', 'xml'], /Allowed choices are text, json/],
    [['schema', 'bus'], /there is no schema `bus`/],
    [['ack'], /missing required argument 'id\|rule'/],
    [['ack', 'bus-load', '01029'], /`01029` is no tag\n {2}remedy: write TAG=VALUE/],
    [['ack', 'bus-load', 'a=1', 'a=2'], /tag `a` stands twice/],
    [['silence'], /which rule\?/],
    [['silence', 'bus-load'], /for how long\?\n {2}remedy: headgate silence RULE/],
    [['silence', 'bus-load', '--for', '2'], /`2` is not a duration: add a unit: .*2h/],
    [['silence', 'bus-load', '--for', '0s'], /`0s` is too short: write at least 1s/],
    [['silence', '--list', '--end', 'ab'], /--list and --end exclude each other/],
    [['silence', 'bus-load', '--end', 'ab'], /--end stands alone/],
  ];
  for (const [args, words] of cases) {
    const { code, stdout, stderr } = await headgate(...args);
    assert.match(stderr, words);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
  }
});

test('no gateway to ask is exit code 1', async () => {
  const commands = [
    ['status'],
    ['alerts'],
    ['ack', 'x'],
    ['silence', 'x', '--for', '1h'],
    ['silence', '--list'],
  ];
  for (const args of commands) {
    const { code, stdout, stderr } = await headgate(...args);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.equal(
      stderr,
      `headgate: no gateway is running on ${join(folder, 'data')}\n  remedy: start one with \`headgate run\`, or name its file with \`-c headgate.yaml\`\n`,
    );
  }
});

test('what keeps the gateway from starting is exit code 3, without a stack trace', async () => {
  const missing = await headgate('run', '-c', 'none.yaml');
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /none\.yaml/);
  writeFileSync(join(folder, 'bad.yaml'), 'gatway: x\nbatch: fast\n');
  const bad = await headgate('run', '-c', 'bad.yaml');
  assert.equal(bad.code, 3);
  assert.match(bad.stderr, /bad\.yaml:1:1 error: .*\n(?:.*\n)*.*bad\.yaml:2:8 error: /);
  writeFileSync(join(folder, 'file'), '');
  writeFileSync(join(folder, 'data.yaml'), 'data: file/data\n');
  const unwritable = await headgate('run', '-c', 'data.yaml');
  assert.equal(unwritable.code, 3);
  assert.match(unwritable.stderr, /cannot make the data folder .*\n {2}remedy: give `data:`/);
  for (const { stderr } of [missing, bad, unwritable]) assert.doesNotMatch(stderr, /\n {4}at /);
});

test('--debug and HEADGATE_DEBUG show where', async () => {
  assert.match((await headgate('run', '-c', 'data.yaml', '--debug')).stderr, /\n {4}at /);
  const env = { HEADGATE_DEBUG: '1' };
  assert.match((await headgateIn(['run', '-c', 'data.yaml'], { cwd: folder, env })).stderr, /\n {4}at /);
});
