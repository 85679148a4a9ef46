/** Files that `headgate export` writes, as people and the card of a broken machine give occasion to. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Ended, headgateIn, mainPath } from '../../test/peers/command.ts';
import { freePort } from '../../test/peers/free-port.ts';
import { type GatewayProcess, makeGateway } from '../../test/peers/gateway.ts';
import { publishAll } from '../../test/peers/session-publisher.ts';
import { until as untilSoon } from '../../test/peers/until.ts';

/** On a machine that is busy with other tests. */
const until = (condition: () => unknown, what: string): Promise<void> => untilSoon(condition, what, 60_000);

const folders: string[] = [];
let gateway: GatewayProcess;

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-export-'));
  folders.push(folder);
  return folder;
}

const headgate = (cwd: string, ...args: string[]): Promise<Ended> => headgateIn(args, { cwd });

/** Unpacked by the system's tar, and checked by its sha256sum. */
function unpacked(archive: string): string {
  const folder = temporary();
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: folder });
  return folder;
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

before(async () => {
  const port = await freePort();
  gateway = await makeGateway({
    'headgate.yaml': `gateway: depot-7
batch: 50ms
clock: { wait: 0s }
sources:
  mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } }
  away: { mqtt: { url: "mqtt://127.0.0.1:1", username: x, password_file: secrets/away } }
`,
    'devices/press.yaml':
      'device: press\nsource: mqtt\ntopic: press/{name}\ncodec: json\nfields: { n: { path: n } }\n',
    'rules/heat.yaml':
      'rules: [{ name: heat, from: press, window: { tumbling: 1d }, compute: { n: count() } }]\n',
    'secrets/away': 'very secret',
  });
  await gateway.start();
  const payloads = ['{"n":1}', Buffer.from([0xff, 0, 0x80]), '{"n":3}'];
  await publishAll(
    port,
    'press',
    1,
    payloads.map((payload) => ({ topic: 'press/a', payload })),
  );
  await until(async () => (await gateway.status()).fates.frames === 3, 'all to be processed');
});
after(async () => {
  await gateway.remove();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test('secrets are left out and listed, or taken in; nobody else may read the file; it replaces one of its name', async () => {
  const { code, stdout } = await headgate(gateway.folder, 'export', 'b.tar.gz');
  assert.equal(code, 0);
  const secret = join(gateway.folder, 'secrets/away');
  assert.equal(stdout.split('\n').at(-2), `  ${secret}`);
  const archive = join(gateway.folder, 'b.tar.gz');
  assert.equal(statSync(archive).mode & 0o777, 0o600);
  const folder = unpacked(archive);
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'backup.json'), 'utf8')).toSupply, [secret]);
  assert.ok(!existsSync(join(folder, 'config/secrets')));
  assert.ok(existsSync(join(folder, 'data/checkpoint')));

  const again = await headgate(gateway.folder, 'export', '--with-secrets', '--settings-only', 'b.tar.gz');
  assert.match(again.stdout, /settings only/);
  const second = unpacked(archive);
  assert.equal(readFileSync(join(second, 'config/secrets/away'), 'utf8'), 'very secret');
  assert.ok(!existsSync(join(second, 'data')));
  assert.deepEqual(
    readdirSync(gateway.folder).filter((name) => name.includes('tmp')),
    [],
  );
});

test('what was received, as lines; what could not be used as well', async () => {
  const { stdout, stderr, code } = await headgate(gateway.folder, 'export', '--journal', '-');
  assert.equal(code, 0);
  assert.equal(stderr, '3 frames\n');
  const frames = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const { time } of frames) assert.ok(Math.abs(Date.parse(String(time)) - Date.now()) < 600_000);
  assert.deepEqual(
    frames.map(({ time: _, ...rest }) => rest),
    [
      { source: 'mqtt', topic: 'press/a', payload: '{"n":1}' },
      { source: 'mqtt', topic: 'press/a', payload_base64: '/wCA' },
      { source: 'mqtt', topic: 'press/a', payload: '{"n":3}' },
    ],
  );
  await until(async () => {
    await headgate(gateway.folder, 'export', '--dead-letters', 'letters.jsonl');
    return readFileSync(join(gateway.folder, 'letters.jsonl'), 'utf8') !== '';
  }, 'the dead letter to be written');
  const [letter] = readFileSync(join(gateway.folder, 'letters.jsonl'), 'utf8').split('\n');
  assert.equal(JSON.parse(letter!).payload_base64, '/wCA');
});

test('the card of another machine: absolute paths lie below it, and nothing on it is changed', async () => {
  await gateway.kill();
  const card = temporary();
  write(card, {
    'etc/headgate/headgate.yaml':
      'gateway: depot-9\ndata: /var/lib/headgate\nrules: /srv/rules\nsources: {}\n',
    'etc/headgate/devices/press.yaml': readFileSync(
      join(gateway.folder, 'devices/press.yaml'),
      'utf8',
    ).replace('source: mqtt\n', ''),
    'srv/rules/heat.yaml': readFileSync(join(gateway.folder, 'rules/heat.yaml'), 'utf8'),
  });
  cpSync(join(gateway.folder, 'data'), join(card, 'var/lib/headgate'), {
    recursive: true,
    filter: (path) => !path.endsWith('.sock'),
  });
  const listing = (): string => execFileSync('find', [card, '-printf', '%p %s %T@\n'], { encoding: 'utf8' });
  const before = listing();
  const here = temporary();
  const { code, stdout, stderr } = await headgate(here, 'export', '--root', card, 'card.tar.gz');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /depot-9, settings and state \(it is not running\)/);
  assert.equal(listing(), before);
  const folder = unpacked(join(here, 'card.tar.gz'));
  assert.ok(existsSync(join(folder, 'outside/srv/rules/heat.yaml')));
  assert.ok(readdirSync(join(folder, 'data/journal')).length > 0);

  const target = temporary();
  const put = await headgate(here, 'import', '--root', target, '--outside', 'card.tar.gz');
  assert.equal(put.code, 0, put.stderr);
  assert.ok(
    existsSync(join(target, 'srv/rules/heat.yaml')) &&
      existsSync(join(target, 'var/lib/headgate/checkpoint')),
  );
});

test('of a gateway without a gateway file, and of one whose folders are its own, what is theirs is saved', async () => {
  const plain = temporary();
  write(plain, { 'devices/press.yaml': 'device: press\n' });
  assert.equal((await headgate(plain, 'export', 'x.tar.gz')).code, 0);
  const names = execFileSync('tar', ['-tzf', join(plain, 'x.tar.gz')], { encoding: 'utf8' });
  assert.equal(names, 'backup.json\nconfig/headgate.yaml\nconfig/devices/press.yaml\nSHA256SUMS\n');
  const flat = temporary();
  write(flat, {
    'headgate.yaml':
      'rules: .\ndevices: .\nforward: { influx: { url: "http://x:1", username: x, password_file: x } }\n',
    ...{ x: 'secret', 'heat.yaml': 'rules: []\n', 'data/checkpoint': 'x', 'old.tar.gz': 'x' },
  });
  assert.equal((await headgate(flat, 'export', '--settings-only', 'x.tar.gz')).code, 0);
  const own = execFileSync('tar', ['-tzf', join(flat, 'x.tar.gz')], { encoding: 'utf8' });
  assert.equal(own, 'backup.json\nconfig/headgate.yaml\nconfig/heat.yaml\nSHA256SUMS\n');
});

test('a secret that the service gives is to be supplied, whatever else is taken in', async () => {
  const here = temporary();
  const influx = `{ url: "http://127.0.0.1:1", database: x, username: u, password_file: "\${CREDENTIALS_DIRECTORY}/influx" }`;
  write(here, { 'headgate.yaml': `sources: {}\nforward: { influx: ${influx} }\n` });
  const { code, stdout } = await headgate(here, 'export', '--with-secrets', 'x.tar.gz');
  assert.equal(code, 0);
  const toSupply = /to be supplied .*:\n {2}\$\{CREDENTIALS_DIRECTORY\}\/influx\n/;
  assert.match(stdout, toSupply);
  assert.doesNotMatch(stdout, /warning|--with-secrets/);
  assert.match((await headgate(temporary(), 'import', join(here, 'x.tar.gz'))).stdout, toSupply);
});

test('nothing else than an older one is replaced: no settings, and nothing that is no file', async () => {
  const pipe = join(temporary(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const before = readFileSync(join(gateway.folder, 'headgate.yaml'));
  for (const [args, words] of [
    [['headgate.yaml'], /headgate\.yaml is there already, and is not a backup/],
    [['--journal', 'headgate.yaml'], /is not a file of JSON lines/],
    [[pipe], /pipe is no file/],
  ] as const) {
    const { code, stderr } = await headgate(gateway.folder, 'export', ...args);
    assert.equal(code, 3);
    assert.match(stderr, words);
  }
  assert.deepEqual(readFileSync(join(gateway.folder, 'headgate.yaml')), before);
  assert.ok(statSync(pipe).isFIFO());
  const link = join(temporary(), 'last.tar.gz');
  const kept = join(temporary(), 'kept.tar.gz');
  writeFileSync(kept, '');
  symlinkSync(kept, link);
  assert.equal((await headgate(gateway.folder, 'export', '--settings-only', link)).code, 0);
  assert.equal(readlinkSync(link), kept);
  unpacked(kept);
});

test('standard output that is full is said; who reads only the first lines is served, who reads half a backup told', async () => {
  const run = (command: string) =>
    spawnSync('bash', ['-c', command], { cwd: gateway.folder, encoding: 'utf8' });
  const program = `'${process.execPath}' '${mainPath}' export`;
  for (const what of ['-', '--journal -']) {
    const { status, stderr } = run(`${program} ${what} > /dev/full`);
    assert.match(stderr, /^headgate: cannot write to standard output: no space left on device\n {2}remedy: /);
    assert.equal(status, 3);
  }
  // A pipe whose reader is gone for certain.
  const toNobody = (what: string) => run(`exec 3> >(true); wait $!; ${program} ${what} >&3`);
  const { status, stderr } = toNobody('-');
  assert.match(stderr, /^headgate: standard output was closed before the end\n/);
  assert.equal(status, 3);
  const lines = toNobody('--journal -');
  assert.equal(lines.status, 0, lines.stderr);
});

test('what is wrong is said in words', async () => {
  const here = temporary();
  write(here, { 'headgate.yaml': 'batch: x\n' });
  const cases: [args: string[], code: number, words: RegExp][] = [
    [['export', 'x.tar.gz'], 3, /headgate\.yaml:1:8/],
    [['export', '--root', '/nowhere'], 2, /no folder \/nowhere/],
    [['export', '-c', 'missing.yaml'], 3, /does not exist/],
    [['export', '--journal'], 2, /where to is not said/],
    [['import', 'missing.tar.gz'], 3, /no such file/],
  ];
  for (const [args, code, words] of cases) {
    const ended = await headgate(here, ...args);
    assert.match(ended.stderr, words);
    assert.equal(ended.code, code, args.join(' '));
    assert.doesNotMatch(ended.stderr, /\n\s+at /);
  }
  write(here, { 'headgate.yaml': 'sources: {}\n' });
  assert.equal((await headgate(here, 'export', '--journal', '-')).code, 1);
  const full = await headgate(here, 'export', '/nowhere/x.tar.gz');
  assert.match(full.stderr, /cannot write \/nowhere\/x\.tar\.gz: no such file or directory/);
});
