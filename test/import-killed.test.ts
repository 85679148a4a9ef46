/**
 * An import that is killed before any of its steps on the disk has either changed nothing, or is finished by the next one who
 * looks: never half of one gateway and half of another.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { writeArchive } from '../src/backup/archive.ts';
import type { Entry } from '../src/backup/format.ts';
import { headgateIn } from './peers/command.ts';
import { makeGateway } from './peers/gateway.ts';

const root = mkdtempSync(join(tmpdir(), 'headgate-import-'));
after(() => rmSync(root, { recursive: true, force: true }));

type Files = Readonly<Record<string, string>>;

const about = {
  format: 1,
  version: '0.1.0',
  gateway: 'new',
  madeAt: '',
  configFile: 'headgate.yaml',
  toSupply: [],
};
const device = 'device: press\ntopic: press/{name}\ncodec: value\nfields: { n: {} }\n';
const backup: Files = {
  'backup.json': JSON.stringify(about),
  'config/headgate.yaml': 'gateway: new\nsources: {}\n',
  'config/devices/press.yaml': device,
  'config/rules/new.yaml': 'rules: [{ name: new, from: press }]\n',
  'data/settings.json': '{}',
  'data/outbox/notifiers.position.json': '{"notifiers":{}}',
};
const old: Files = {
  'headgate.yaml': 'gateway: old\nsources: {}\n',
  'devices/press.yaml': `# old\n${device}`,
  'rules/old.yaml': 'rules: [{ name: old, from: press }]\n',
  'influx.secret': 'secret',
  'data/checkpoint': 'state of the old one',
  'data/points/2026-01-05-001.lp': 'm v=1 1\n',
};

async function* entries(files = backup): AsyncGenerator<Entry> {
  for (const [name, text] of Object.entries(files)) yield { name, mode: 0o640, content: Buffer.from(text) };
}

function write(folder: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** But for what an import prepares. */
function filesIn(folder: string): Files {
  const patterns = ['**/*', '.before*/**/*', 'data/.before*/**/*', '.import.json'];
  const paths = [...new Set(patterns.flatMap((pattern) => globSync(pattern, { cwd: folder })))].sort();
  const files = paths.filter((path) => statSync(join(folder, path)).isFile());
  return Object.fromEntries(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

function importIn(folder: string, archive: string, dieAt?: number) {
  const script = join(import.meta.dirname, 'peers/import-here.ts');
  const { stdout, stderr, signal, status } = spawnSync(
    process.execPath,
    [script, join(folder, 'headgate.yaml'), archive],
    { encoding: 'utf8', env: { ...process.env, ...(dieAt !== undefined && { DIE_AT: String(dieAt) }) } },
  );
  if (dieAt !== undefined) assert.equal(signal, 'SIGKILL', `${stdout}${stderr}`);
  else assert.equal(status, 0, stderr);
  return dieAt === undefined ? (JSON.parse(stdout) as { steps: number; finished: boolean }) : undefined;
}

test('killed before a step: all as it was, or all of it after the next look', async () => {
  const archive = join(root, 'backup.tar.gz');
  await writeArchive(archive, entries());
  const before = join(root, 'before');
  write(before, old);
  const folder = join(root, 'case');
  const fresh = (): void => {
    rmSync(folder, { recursive: true, force: true });
    cpSync(before, folder, { recursive: true });
  };
  fresh();
  const { steps } = importIn(folder, archive)!;
  const done = filesIn(folder);
  assert.equal(done['headgate.yaml'], backup['config/headgate.yaml']);
  assert.equal(Object.keys(done).length, Object.keys(backup).length - 1 + Object.keys(old).length);

  let untouched = 0;
  let finished = 0;
  // A sample; all of them, by hand: EVERY_STEP=1.
  const stride = process.env.EVERY_STEP === undefined ? 9 : 1;
  for (let dieAt = 1; dieAt <= steps; dieAt += stride) {
    fresh();
    importIn(folder, archive, dieAt);
    const left = filesIn(folder);
    const isListed = '.import.json' in left;
    if (!isListed && left['headgate.yaml'] === old['headgate.yaml']) {
      assert.deepEqual(left, old, `step ${dieAt}`);
      untouched += 1;
    }
    const again = importIn(folder, archive)!;
    if (again.finished) finished += 1;
    // Killed after the last move: it was imported once more, over itself, which is set aside as well.
    if (again.finished || left['headgate.yaml'] === old['headgate.yaml']) {
      assert.deepEqual(filesIn(folder), done, `step ${dieAt}`);
    }
  }
  assert.ok(untouched >= 3 && finished >= 3, `${untouched} untouched, ${finished} finished`);
});

test('a gateway that is started on one that was cut short finishes it first', async () => {
  const archive = join(root, 'backup.tar.gz');
  const gateway = await makeGateway(old);
  after(gateway.remove);
  const { steps } = importIn(gateway.folder, archive)!;
  rmSync(gateway.folder, { recursive: true });
  write(gateway.folder, old);
  importIn(gateway.folder, archive, steps - 4);
  await gateway.start();
  assert.ok(gateway.logLines.some((line) => line.includes('an import was interrupted: finished it')));
  assert.equal((await gateway.status()).gateway, 'new');
  assert.equal((await gateway.stop()).code, 0);
});

test('another backup than the one that was cut short is taken over after it, and not instead', async () => {
  const archive = join(root, 'backup.tar.gz');
  const other = join(root, 'other.tar.gz');
  await writeArchive(other, entries({ ...backup, 'config/headgate.yaml': 'gateway: other\nsources: {}\n' }));
  const folder = join(root, 'other');
  write(folder, old);
  const { steps } = importIn(folder, archive)!;
  rmSync(folder, { recursive: true });
  write(folder, old);
  importIn(folder, archive, steps - 4);
  const { code, stdout, stderr } = await headgateIn(['import', other], { cwd: folder });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^finished the import of .*backup\.tar\.gz that was interrupted\n/);
  assert.match(filesIn(folder)['headgate.yaml']!, /gateway: other/);
});
