/** `headgate init` as a process: by flags, at a terminal, in folders that are empty, filled, or closed. */

import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Ended, headgateIn } from './peers/command.ts';
import { makeGateway } from './peers/gateway.ts';
import { startInflux2 } from './peers/influx2.ts';
import { freePort, startInfluxd } from './peers/influxd.ts';
import { mosquittoPub } from './peers/mosquitto.ts';
import { atTerminal } from './peers/terminal.ts';
import { until } from './peers/until.ts';

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-init-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const inFolder = (cwd: string, args: readonly string[], input = ''): Promise<Ended> =>
  headgateIn(['init', ...args], { cwd, input });
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).sort();
const allFiles = [
  ...['devices', 'devices/room.yaml', 'headgate.yaml', 'rules', 'rules/room-climate.yaml', 'users.yaml'],
];

test('by flags in an empty folder: what it writes runs, lets that user in and nobody else', async (t) => {
  const [influx, port, gateway] = await Promise.all([startInfluxd(), freePort(), makeGateway({})]);
  t.after(() => Promise.all([influx.stop(), gateway.remove()]));
  const flags = ['--name', 'depot-7', '--influx', influx.url, '--database', 'fleet'];
  const broker = ['--listen', `0.0.0.0:${port}`, '--user', 'rooms', '--publish', 'room/#'];
  const { code, stdout, stderr } = await inFolder(gateway.folder, [...flags, ...broker], 'secret-word\n');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /ok {4}InfluxDB 1\.6\.\S+ \(OSS\) answers\n/);
  assert.match(stdout, /ok {4}database fleet is not there yet; the gateway makes it/);
  assert.match(stdout, /1 device, 1 rule: fine\nnext:\n {2}headgate run .*\n {2}headgate status/);
  assert.deepEqual(await filesIn(gateway.folder), allFiles);
  assert.equal(await modeOf(join(gateway.folder, 'users.yaml')), '600');
  assert.doesNotMatch(await readFile(join(gateway.folder, 'users.yaml'), 'utf8'), /secret-word/);

  await gateway.start();
  const as = ['-u', 'rooms', '-P', 'secret-word', '-q', '1', '-t', 'room/kitchen/climate'];
  await mosquittoPub(port, as, ['{"temperature":31,"humidity":40}']);
  await until(async () => (await gateway.status()).fates.readings === 1, 'the reading');
  await assert.rejects(
    mosquittoPub(port, ['-u', 'rooms', '-P', 'wrong', '-q', '1', '-t', 'room/x/climate'], ['{}']),
  );
});

const written = `# our gateway
gateway: depot-7   # never rename it
data: ./state
sources:
  mqtt:
    broker:
      # only from here
      listen: [{ port: 1884, host: 127.0.0.1 }]
forward:
  influx:
    url: http://127.0.0.1:1 # the old one
    database: fleet
    username: gate
    password_file: old.secret
    timeout: 2s # a slow line
`;

test('in a file that is there only what is asked for is changed', async (t) => {
  const influx = await startInflux2();
  t.after(() => influx.kill());
  const folder = await folderFor(t);
  await writeFile(join(folder, 'headgate.yaml'), written, { mode: 0o640 });
  await writeFile(join(folder, 'fleet.token'), 'good\n', { mode: 0o600 });
  await mkdir(join(folder, 'devices'));
  await writeFile(
    join(folder, 'devices/tank.yaml'),
    'device: tank\nsource: mqtt\ntopic: t/{tank}\ncodec: json\nfields: { level: {} }\n',
  );
  const flags = [
    '--influx',
    influx.url,
    '--bucket',
    'fleet',
    '--org',
    'transport',
    '--token-file',
    'fleet.token',
  ];
  const tried = await inFolder(folder, [...flags, '--dry-run']);
  assert.match(
    tried.stdout,
    /bucket fleet of transport takes points\nwould write headgate\.yaml:\n {4}# our gateway/,
  );
  assert.equal(await readFile(join(folder, 'headgate.yaml'), 'utf8'), written);

  const { code, stdout, stderr } = await inFolder(folder, flags);
  assert.equal(code, 0, stdout + stderr);
  const expected = written
    .replace('http://127.0.0.1:1', `"${influx.url}"`)
    .replace(/ {4}database: fleet\n {4}username: gate\n {4}password_file: old\.secret\n/, '')
    .concat('    bucket: fleet\n    org: transport\n    token_file: ./fleet.token\n');
  assert.equal(await readFile(join(folder, 'headgate.yaml'), 'utf8'), expected);
  assert.equal(await modeOf(join(folder, 'headgate.yaml')), '640');
  assert.match(stdout, /^wrote headgate\.yaml$/m);
  assert.doesNotMatch(stdout, /wrote (?!headgate)/);
  const again = await inFolder(folder, flags);
  assert.doesNotMatch(again.stdout, /wrote/);
});

test('nobody to ask: what is missing is named, nothing is guessed, nothing written', async (t) => {
  const folder = await folderFor(t);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /--name NAME, --influx URL or --no-influx/],
    [['--name', 'a'], /not said: --influx URL or --no-influx\n/],
    [['--name', 'a', '--database', 'x'], /--database needs --influx URL/],
    [
      ['--influx', 'http://x', '--database', 'x', '--bucket', 'y'],
      /--database is for InfluxDB 1\.x, --bucket for 2 and 3/,
    ],
    [['--name', 'a', '--influx', 'http://x', '--org', 'y'], /--org needs --bucket NAME/],
    [['--yes', '--publish', '#'], /--publish needs --user NAME/],
    [['--yes', '--listen', '1.2.3.4:99999'], /no address to listen on/],
    [['--yes', '--user', 'a/b', '--user-password-file', '/dev/null'], /cannot be the name of a user/],
  ];
  for (const [args, words] of cases) {
    const { code, stderr } = await inFolder(folder, args);
    assert.match(stderr, words);
    assert.equal(code, 2, stderr);
  }
  const open = await inFolder(folder, ['--yes', '--listen', '0.0.0.0:1883']);
  assert.equal(open.code, 3);
  assert.match(open.stderr, /lets anybody on the network in/);
  assert.deepEqual(await filesIn(folder), []);
});

test('what does not work is said with its remedy, and written all the same', async (t) => {
  const influx = await startInflux2();
  t.after(() => influx.kill());
  const folder = await folderFor(t);
  await writeFile(join(folder, 'bad.token'), 'wrong-token\n');
  const flags = [
    '--influx',
    influx.url,
    '--bucket',
    'fleet',
    '--org',
    'transport',
    '--token-file',
    'bad.token',
  ];
  const { code, stdout } = await inFolder(folder, ['--yes', ...flags]);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /fail {2}bucket fleet of transport: 401 unauthorized access\n {8}remedy: check the user, password or token/,
  );
  assert.match(stdout, /wrote headgate\.yaml/);
  assert.doesNotMatch(stdout, /wrong-token/);
});

test('in a folder for a group, as the package makes it, the group may read what is written', async (t) => {
  const folder = await folderFor(t);
  await chmod(folder, 0o750);
  await writeFile(join(folder, 'password'), 'word\n');
  const { code, stderr } = await inFolder(folder, [
    '--yes',
    '--user',
    'a',
    '--user-password-file',
    'password',
  ]);
  assert.equal(code, 0, stderr);
  for (const name of ['users.yaml', 'headgate.yaml']) assert.equal(await modeOf(join(folder, name)), '640');
});

test('at a terminal: it asks, finds out the version, shows no secret, and asks again when points would not be taken', async (t) => {
  const influx = await startInflux2();
  t.after(() => influx.kill());
  const [folder, aside] = [await folderFor(t), await folderFor(t)];
  const run = await atTerminal(t, ['init'], folder, aside);
  await run.answer('Name of this gateway [', 'depot-7\r');
  await run.answer('URL of InfluxDB', 'influx.example\r');
  await run.answer('begins with http:// or https://', '');
  await run.answer('URL of InfluxDB', `${influx.url}\r`);
  await run.answer('InfluxDB 2.7.12 (OSS) answers', '');
  await run.answer('Bucket [headgate]: ', 'fleet\r');
  await run.answer('Organization: ', 'transport\r');
  await run.answer('Token (not shown; Enter for none): ', 'wrong-token\r');
  await run.answer('May devices on the network connect', 'y\r');
  await run.answer('Listen on [0.0.0.0:1883]: ', '\r');
  await run.answer('Name of the user [devices]: ', '\r');
  await run.answer('may publish to', 'room/#/x\r');
  await run.answer('# is not the last level', '');
  await run.answer('may publish to', 'room/#\r');
  await run.answer('may subscribe', '\r');
  await run.answer('Password of devices: ', 'secret-word\r');
  await run.answer('The same again: ', 'secret-word\r');
  await run.answer('401 unauthorized access', '');
  await run.answer('Answer about InfluxDB once more? [Y/n]: ', '\r');
  await run.answer(`URL of InfluxDB, or none to keep points in files [${influx.url}]: `, '\r');
  await run.answer('Bucket [fleet]: ', '\r');
  await run.answer('Organization [transport]: ', '\r');
  await run.answer('Token (not shown', 'good\r');
  await run.answer('bucket fleet of transport takes points', '');
  await run.answer('Write it? [Y/n]: ', '\r');
  assert.equal(await run.ended(), 0, run.shown());
  assert.match(run.shown(), /1 device, 1 rule: fine/);
  assert.doesNotMatch(run.shown(), /secret-word|wrong-token|\bgood\b/);
  assert.deepEqual(await filesIn(folder), [...allFiles, 'influx.token'].sort());
  assert.equal(await readFile(join(folder, 'influx.token'), 'utf8'), 'good\n');
  assert.equal(await modeOf(join(folder, 'influx.token')), '600');
  const config = await readFile(join(folder, 'headgate.yaml'), 'utf8');
  assert.match(config, /bucket: fleet\n {4}org: transport\n {4}token_file: \.\/influx\.token\n/);
});

test('at a terminal: Ctrl-C at any question leaves nothing', async (t) => {
  const [folder, aside] = [await folderFor(t), await folderFor(t)];
  for (const stop of ['name', 'password', 'write']) {
    const run = await atTerminal(t, ['init', '--no-influx'], folder, aside);
    await run.answer('Name of this gateway [', stop === 'name' ? '\x03' : 'depot-7\r');
    if (stop !== 'name') {
      await run.answer('May devices on the network connect', 'y\r');
      await run.answer('Listen on', '\r');
      await run.answer('Name of the user', '\r');
      await run.answer('may publish to', '\r');
      await run.answer('may subscribe', '\r');
      await run.answer('Password of devices: ', stop === 'password' ? '\x03' : 'word\r');
      if (stop === 'write') {
        await run.answer('The same again: ', 'word\r');
        await run.answer('Write it?', '\x03');
      }
    }
    assert.equal(await run.ended(), 1, run.shown());
    assert.match(run.shown(), /given up/);
    assert.deepEqual(await filesIn(folder), []);
  }
});
