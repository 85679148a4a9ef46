/** `headgate init` as a process: by flags, at a terminal, in folders that are empty, filled, or closed. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Ended, headgateIn, mainPath } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { makeGateway } from './peers/gateway.ts';
import { startInflux2 } from './peers/influx2.ts';
import { startInfluxd } from './peers/influxd.ts';
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

test('nobody to ask: what is missing is named, and nothing written', async (t) => {
  const folder = await folderFor(t);
  const { code, stderr } = await inFolder(folder, []);
  assert.match(
    stderr,
    /no terminal to ask at, and it is not said: --name NAME, --influx URL or --no-influx\n {2}remedy: .*--yes/,
  );
  assert.equal(code, 2);
  assert.deepEqual(await filesIn(folder), []);
});

test('points to files again, another password: rights and other keys stay', async (t) => {
  const folder = await folderFor(t);
  await writeFile(join(folder, 'headgate.yaml'), `${written}# end\n`);
  const args = ['--no-influx', '--user', 'a'];
  const first = await inFolder(folder, [...args, '--publish', 'bus/#', '--subscribe', 'alerts/#'], 'one');
  assert.equal(first.code, 0, first.stderr);
  const config = await readFile(join(folder, 'headgate.yaml'), 'utf8');
  assert.equal(
    config,
    written
      .slice(0, written.indexOf('forward:'))
      .concat('# end\n')
      .replace(/(host: 127.*\n)/, '$1      users: ./users.yaml\n'),
  );
  const users = await readFile(join(folder, 'users.yaml'), 'utf8');
  const second = await inFolder(folder, args, 'two');
  assert.equal(second.code, 0, second.stderr);
  const after = await readFile(join(folder, 'users.yaml'), 'utf8');
  assert.notEqual(after, users);
  const rights = (text: string): string[] => text.split('\n').filter((line) => !line.includes('password:'));
  assert.deepEqual(rights(after), rights(users));
  assert.match(after, /publish: \[bus\/#\]\n {4}subscribe: \[alerts\/#\]/);
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

test('where nothing can be written that is said in words', async (t) => {
  const folder = await folderFor(t);
  await writeFile(join(folder, 'file'), '');
  const { code, stderr } = await inFolder(folder, ['--yes', '-c', 'file/headgate.yaml']);
  assert.equal(code, 3);
  assert.match(
    stderr,
    /^headgate: cannot write .*room\.yaml: not a directory\n {2}remedy: check the path.*\n$/,
  );
});

test('as another user, what to do is no matter of the data folder', {
  skip: process.getuid?.() !== 0,
}, async (t) => {
  const folder = await folderFor(t);
  await chmod(folder, 0o755);
  for (const command of [
    ['init', '--yes', '-c', join(folder, 'new/headgate.yaml')],
    ['passwd', 'a', '--file', join(folder, 'u.yaml')],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [mainPath, ...command], {
      ...{ cwd: '/', uid: 65_534, gid: 65_534, input: 'word\n', encoding: 'utf8' },
    });
    assert.equal(status, 3);
    assert.match(
      stderr,
      /^headgate: cannot write .*: permission denied\n {2}remedy: run this as root \(sudo\)/,
    );
  }
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
  await run.answer('Name of this gateway [', 'depot 7\r');
  await run.answer('`depot 7`', '');
  await run.answer('Name of this gateway [', 'depot-7\r');
  await run.answer('URL of InfluxDB', 'influx.example\r');
  await run.answer('this is not a URL', '');
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
  await run.answer('Token (not shown', '\r');
  // Enter is the token typed before.
  await run.answer('401 unauthorized access', '');
  await run.answer('once more', '\r');
  await run.answer('URL of InfluxDB', '\r');
  await run.answer('Bucket [fleet]', '\r');
  await run.answer('Organization [transport]', '\r');
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

test('at a terminal: Ctrl-C leaves nothing', async (t) => {
  const [folder, aside] = [await folderFor(t), await folderFor(t)];
  for (const stop of ['password', 'write']) {
    const run = await atTerminal(t, ['init', '--no-influx'], folder, aside);
    await run.answer('Name of this gateway [', 'depot-7\r');
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
    assert.equal(await run.ended(), 1, run.shown());
    assert.match(run.shown(), /given up/);
    assert.deepEqual(await filesIn(folder), []);
  }
});
