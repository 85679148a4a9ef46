import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  createWriteStream,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, test } from 'node:test';
import { createGzip, gunzipSync } from 'node:zlib';
import { type Headers, pack } from 'tar-stream';
import { GatewayError } from '../core/errors.ts';
import { systemDisk } from '../log/files.ts';
import { writeArchive } from './archive.ts';
import type { Entry } from './format.ts';
import { finishMoves, moveListOf } from './moves.ts';
import { type RestoreOptions, restore } from './restore.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-restore-'));
after(() => rmSync(folder, { recursive: true, force: true }));

type Files = Readonly<Record<string, string>>;

const about = {
  ...{ format: 1, version: '0.1.0', gateway: 'depot-7', madeAt: '2026-01-07T12:00:00.000Z' },
  ...{ configFile: 'headgate.yaml', toSupply: [] },
};
const settings: Files = {
  'backup.json': JSON.stringify(about),
  'config/headgate.yaml': 'gateway: depot-7\n',
  'config/devices/press.yaml': 'device: press\n',
  'config/rules/deep/heat.yaml': 'rules: []\n',
};
const whole: Files = { ...settings, 'data/settings.json': '{}', 'data/outbox/points.position.json': '{}' };

let made = 0;
async function archiveOf(
  files: Files,
  headers: Readonly<Record<string, Partial<Headers>>> = {},
): Promise<string> {
  made += 1;
  const path = join(folder, `${made}.tar.gz`);
  const tar = pack();
  const sums = Object.entries(files).map(
    ([name, text]) => `${createHash('sha256').update(text).digest('hex')}  ${name}\n`,
  );
  for (const [name, text] of Object.entries({ ...files, SHA256SUMS: files.SHA256SUMS ?? sums.join('') })) {
    tar.entry({ name, mode: 0o640, ...headers[name] }, headers[name]?.type === undefined ? text : '');
  }
  tar.finalize();
  await pipeline(tar, createGzip(), createWriteStream(path));
  return path;
}

function place(files: Files = {}): string {
  made += 1;
  const target = join(folder, `gateway-${made}`);
  mkdirSync(target);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(target, name, '..'), { recursive: true });
    writeFileSync(join(target, name), text);
  }
  return target;
}

function optionsFor(target: string, archive: string, more: Partial<RestoreOptions> = {}): RestoreOptions {
  return {
    configPath: join(target, 'headgate.yaml'),
    ...{ root: '/', archive, env: {}, now: new Date('2026-01-08T06:00:00Z') },
    ...{ settingsOnly: false, force: false, outside: false },
    claim: async (data) => void mkdirSync(data, { recursive: true }),
    ...more,
  };
}

/** Content by path. */
function filesIn(target: string): Files {
  const paths = globSync('**/*', { cwd: target, exclude: (name) => name === '.x' }).concat(
    globSync('.*/**/*', { cwd: target }),
    globSync('data/.*/**/*', { cwd: target }),
  );
  const files = [...new Set(paths)].filter((path) => statSync(join(target, path)).isFile());
  return Object.fromEntries(files.sort().map((path) => [path, readFileSync(join(target, path), 'utf8')]));
}

async function refusedWith(
  archive: string,
  words: RegExp,
  more: Partial<RestoreOptions> = {},
): Promise<void> {
  const target = place({ 'headgate.yaml': 'gateway: old\n', 'rules/old.yaml': 'rules: []\n' });
  const before = filesIn(target);
  await assert.rejects(restore(optionsFor(target, archive, more)), (error: unknown) => {
    assert.ok(error instanceof GatewayError, String((error as Error).stack));
    assert.match(error.message, words);
    assert.ok(error.remedy !== undefined);
    return true;
  });
  assert.deepEqual(filesIn(target), before, 'nothing has changed');
  assert.ok(!existsSync(join(target, '.import')), 'nothing is left');
}

test('settings and state are put in their places; what was there is aside, and stale rules are not read', async () => {
  const target = place({
    ...{ 'headgate.yaml': 'gateway: old\n', 'rules/stale.yaml': 'rules: []\n', 'influx.secret': 'x' },
    'data/checkpoint': '',
  });
  const restored = await restore(optionsFor(target, await archiveOf(whole), { force: true }));
  assert.equal(restored.hasState, true);
  assert.deepEqual(filesIn(target), {
    ...{ 'headgate.yaml': 'gateway: depot-7\n', 'devices/press.yaml': 'device: press\n' },
    ...{ 'rules/deep/heat.yaml': 'rules: []\n', 'influx.secret': 'x' },
    ...{ 'data/settings.json': '{}', 'data/outbox/points.position.json': '{}' },
    '.before-import-20260108T060000Z/headgate.yaml': 'gateway: old\n',
    '.before-import-20260108T060000Z/rules/stale.yaml': 'rules: []\n',
    'data/.before-import-20260108T060000Z/checkpoint': '',
  });
  assert.deepEqual(restored.asides, [
    join(target, 'data/.before-import-20260108T060000Z'),
    join(target, '.before-import-20260108T060000Z'),
  ]);
  assert.equal(statSync(join(target, 'headgate.yaml')).mode & 0o777, 0o640);
  assert.equal(statSync(join(target, 'data/settings.json')).mode & 0o777, 0o600);
  assert.equal(statSync(join(target, 'data/outbox')).mode & 0o777, 0o700);
  assert.deepEqual(await finishMoves(moveListOf(join(target, 'headgate.yaml'))), undefined);
});

test('a data folder with the state of a gateway is refused, unless forced or only settings are wanted', async () => {
  const archive = await archiveOf(whole);
  for (const used of [
    { 'data/journal/0000000000000000.log': 'x' },
    { 'data/checkpoint': 'of another version' },
    { 'data/outbox/alerts/0000000000000003.log.corrupt': 'x' },
  ]) {
    const target = place(used as Files);
    await assert.rejects(restore(optionsFor(target, archive)), /holds the state of a gateway/);
    assert.deepEqual(filesIn(target), used);
    const { hasState } = await restore(optionsFor(target, archive, { settingsOnly: true }));
    assert.equal(hasState, false);
    assert.equal(filesIn(target)[Object.keys(used)[0]!], Object.values(used)[0]);
  }
  const foreign = place({ 'data/holiday.jpg': '' });
  await assert.rejects(
    restore(optionsFor(foreign, archive, { force: true })),
    /no gateway's: there is holiday\.jpg/,
  );
});

test('imported again within the same second: what the first one left is aside as well', async () => {
  const target = place();
  const archive = await archiveOf(whole);
  await restore(optionsFor(target, archive));
  await restore(optionsFor(target, archive, { force: true }));
  const { asides } = await restore(optionsFor(target, archive, { force: true }));
  assert.ok(asides.every((folder) => folder.endsWith('.before-import-20260108T060000Z-2')));
  assert.equal(Object.keys(filesIn(target)).length, 3 * 5);
});

test('below another root: absolute paths of the backup lie there', async () => {
  const root = place();
  const archive = await archiveOf({ ...whole, 'config/headgate.yaml': 'data: /var/lib/headgate\n' });
  const configPath = join(root, 'etc/headgate/headgate.yaml');
  const { config } = await restore({ ...optionsFor(root, archive), configPath, root });
  assert.equal(config.data, join(root, 'var/lib/headgate'));
  assert.ok(existsSync(join(root, 'var/lib/headgate/settings.json')));
  assert.ok(existsSync(join(root, 'etc/headgate/rules/deep/heat.yaml')));
});

test('files outside of the folder of headgate.yaml go there only when that is wanted', async () => {
  const target = place();
  const elsewhere = place({ 'rules/old.yaml': 'old' });
  const archive = await archiveOf({
    ...settings,
    'config/headgate.yaml': `rules: ${elsewhere}/rules\n`,
    [`outside${elsewhere}/rules/new.yaml`]: 'new',
  });
  await assert.rejects(restore(optionsFor(target, archive)), /outside of its folder/);
  assert.deepEqual(filesIn(elsewhere), { 'rules/old.yaml': 'old' });
  await restore(optionsFor(target, archive, { outside: true }));
  assert.deepEqual(filesIn(elsewhere), {
    'rules/new.yaml': 'new',
    '.before-import-20260108T060000Z/rules/old.yaml': 'old',
  });
});

test('a folder outside that is named as that of rules is not moved away unasked, of which nothing is in the backup', async () => {
  const elsewhere = place({ 'bin/tool': 'needed' });
  const { 'config/rules/deep/heat.yaml': _, ...noRules } = settings;
  const archive = await archiveOf({ ...noRules, 'config/headgate.yaml': `rules: ${elsewhere}/bin\n` });
  await refusedWith(archive, /outside of its folder: .*\/bin$/);
  assert.deepEqual(filesIn(elsewhere), { 'bin/tool': 'needed' });
  await restore(optionsFor(place(), archive, { outside: true }));
  assert.deepEqual(filesIn(elsewhere), { '.before-import-20260108T060000Z/bin/tool': 'needed' });
});

test('users that the data folder has are put there, and are nothing strange in it; state is not smuggled in', async () => {
  const target = place({ 'data/users.yaml': 'old' });
  const users = 'data: data\nsources: { mqtt: { broker: { users: data/users.yaml } } }\n';
  const files = { ...whole, 'config/headgate.yaml': users };
  const archive = await archiveOf({ ...files, 'config/data/users.yaml': 'new' });
  await restore(optionsFor(target, archive));
  assert.equal(filesIn(target)['data/users.yaml'], 'new');
  const smuggled = await archiveOf({ ...files, 'config/data/checkpoint': 'x' });
  await refusedWith(smuggled, /would be state/);

  const elsewhere = place();
  const named = `data: ${elsewhere}/data\nsources: { mqtt: { broker: { users: ${elsewhere}/data/users.yaml } } }\n`;
  const outside = { ...whole, 'config/headgate.yaml': named, [`outside${elsewhere}/data/users.yaml`]: 'new' };
  await restore(optionsFor(place(), await archiveOf(outside)));
  assert.equal(filesIn(elsewhere)['data/users.yaml'], 'new');
});

test('run by root, what is put into a folder is whose folder it is', {
  skip: process.getuid?.() !== 0,
}, async () => {
  const target = place({ 'data/x': '' });
  rmSync(join(target, 'data/x'));
  chownSync(target, 0, 65_534);
  chownSync(join(target, 'data'), 65_534, 65_534);
  await restore(optionsFor(target, await archiveOf({ ...whole, 'config/tls/ca.pem': 'x' })));
  const ownerOf = (path: string): number[] => [
    statSync(join(target, path)).uid,
    statSync(join(target, path)).gid,
  ];
  for (const path of ['headgate.yaml', 'rules', 'rules/deep/heat.yaml', 'tls', 'tls/ca.pem'])
    assert.deepEqual(ownerOf(path), [0, 65_534], path);
  for (const path of ['data/settings.json', 'data/outbox', 'data/outbox/points.position.json'])
    assert.deepEqual(ownerOf(path), [65_534, 65_534], path);

  const fresh = place();
  chownSync(fresh, 65_534, 65_534);
  const deep = { ...whole, 'config/headgate.yaml': 'data: state/data\n' };
  await restore(optionsFor(fresh, await archiveOf(deep)));
  for (const path of ['state', 'state/data', 'state/data/settings.json'])
    assert.equal(statSync(join(fresh, path)).uid, 65_534, path);
});

test('run by root, the group that a folder is for may read users and secrets in it that were for their owner alone', {
  skip: process.getuid?.() !== 0,
}, async () => {
  const target = place();
  chownSync(target, 0, 65_534);
  chmodSync(target, 0o750);
  const config = 'sources: { mqtt: { broker: { users: users.yaml } } }\n';
  const names = ['config/users.yaml', 'config/tls/other.pem'];
  const files = {
    ...settings,
    'config/headgate.yaml': config,
    'config/users.yaml': '[]',
    'config/tls/other.pem': 'x',
  };
  const headers = Object.fromEntries(names.map((name) => [name, { mode: 0o600 }]));
  await restore(optionsFor(target, await archiveOf(files, headers)));
  assert.equal(statSync(join(target, 'users.yaml')).mode & 0o777, 0o640);
  assert.equal(statSync(join(target, 'tls/other.pem')).mode & 0o777, 0o600);
});

test('what is no backup, damaged, cut short or of a newer version is refused, and nothing has changed', async () => {
  const path = join(folder, 'bytes');
  writeFileSync(path, 'no archive');
  await refusedWith(path, /no backup of headgate, or it is damaged/);
  await refusedWith(join(folder, 'missing'), /no such file/);
  await refusedWith(folder, /no backup|cannot read/);
  const good = readFileSync(await archiveOf(whole));
  for (const bytes of [0, 20, 300, good.length - 20]) {
    writeFileSync(path, good.subarray(0, bytes));
    await refusedWith(path, /damaged|not whole/);
  }
  for (let at = 12; at < good.length; at += 97) {
    const flipped = Buffer.from(good);
    flipped[at]! ^= 4;
    // Compressed data has bits that mean nothing.
    if (unzipped(flipped)?.equals(gunzipSync(good))) continue;
    writeFileSync(path, flipped);
    await refusedWith(path, /./);
  }
  await refusedWith(await archiveOf({ ...whole, SHA256SUMS: '' }), /the checksum of `.*` does not fit/);
  const newer = JSON.stringify({ ...about, format: 2, version: '9.0.0' });
  await refusedWith(
    await archiveOf({ ...whole, 'backup.json': newer }),
    /format 2, made by headgate 9\.0\.0/,
  );
  await refusedWith(await archiveOf({ ...whole, 'backup.json': '{}' }), /cannot be understood/);
  await refusedWith(await archiveOf({ 'config/headgate.yaml': '' }), /does not begin with backup\.json/);
  await refusedWith(await archiveOf({ 'backup.json': JSON.stringify(about) }), /it has no headgate\.yaml/);
  await refusedWith(
    await archiveOf({ ...whole, 'config/headgate.yaml': 'batch: 0s' }),
    /mistake in line 1: .*0s/,
  );
});

function unzipped(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes);
  } catch {
    return undefined;
  }
}

test('names that lead elsewhere, links, devices and what is in it twice are refused', async () => {
  for (const name of [
    ...['config/../../up', 'data/a/../../../b', '/etc/passwd', 'config//etc/x', 'config/', 'elsewhere/x'],
    ...['config/./x', 'data/a\\b', 'config/.import/headgate.yaml', 'data/.before-import-1/x', '../x', ''],
  ]) {
    await refusedWith(await archiveOf({ ...whole, [name]: 'x' }), /no name of a file|damaged|no backup/);
  }
  for (const type of ['symlink', 'link', 'character-device', 'fifo', 'directory'] as const) {
    const archive = await archiveOf(
      { ...whole, 'data/x': '' },
      { 'data/x': { type, linkname: type.endsWith('link') ? '/etc/passwd' : null } },
    );
    await refusedWith(archive, /only files are taken/);
  }
  const entries = async function* (): AsyncGenerator<Entry> {
    for (const [name, text] of Object.entries(whole)) yield { name, mode: 0o600, content: Buffer.from(text) };
    yield { name: 'data/settings.json', mode: 0o600, content: Buffer.from('twice') };
  };
  await writeArchive(join(folder, 'twice'), entries());
  await refusedWith(join(folder, 'twice'), /is in it twice/);
});

test('what is too long for its place, or unpacks to more than there is room for, is refused', async () => {
  const long = `data/${'x'.repeat(300)}`;
  await refusedWith(await archiveOf({ ...whole, [long]: '' }), /name too long/);
  await refusedWith(await archiveOf({ ...whole, [`data/${'x/'.repeat(3000)}x`]: '' }), /no name of a file/);
  await refusedWith(
    await archiveOf({ ...whole, [`data/${'y'.repeat(20 * 1024 * 1024)}`]: '' }),
    /headers are too long|no name/,
  );
});

test('a link that somebody put where the import prepares does not lead it away', async () => {
  const target = place();
  const elsewhere = place();
  symlinkSync(elsewhere, join(target, '.import'));
  await restore(optionsFor(target, await archiveOf(whole)));
  assert.deepEqual(filesIn(elsewhere), {});
});

test('a folder that cannot be written to is said', { skip: process.getuid?.() === 0 }, async () => {
  const target = place();
  chmodSync(target, 0o500);
  await assert.rejects(restore(optionsFor(target, await archiveOf(whole))), /permission denied/);
  await systemDisk.list(target);
});

test('a folder of rules that is mounted cannot be replaced, and nothing else is', {
  skip: process.getuid?.() !== 0,
}, async (t) => {
  const target = place({ 'headgate.yaml': 'gateway: old\n', 'rules/old.yaml': 'rules: []\n' });
  const rules = join(target, 'rules');
  if (spawnSync('mount', ['--bind', rules, rules]).status !== 0) {
    t.skip('nothing can be mounted here');
    return;
  }
  t.after(() => spawnSync('umount', [rules]));
  const before = filesIn(target);
  await assert.rejects(restore(optionsFor(target, await archiveOf(whole))), /mounted at .*rules/);
  assert.deepEqual(filesIn(target), before);
  assert.ok(!existsSync(moveListOf(join(target, 'headgate.yaml'))));
});
