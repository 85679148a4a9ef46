import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GatewayError } from '../../core/errors.ts';
import { openDataFolder, openScratchFolder } from './data-folder.ts';

let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'headgate-test-'));
});
after(() => rm(root, { recursive: true }));

test('a new folder is made and kept, an earlier demo is emptied', async (t) => {
  const name = join(root, 'a/b');
  const first = await openDataFolder(name);
  await mkdir(join(first.path, 'points'));
  await writeFile(join(first.path, 'points', '1.lp'), 'x');
  await first.leave();
  assert.deepEqual((await readdir(name)).toSorted(), ['.headgate-demo', 'points']);
  const second = await openDataFolder(name);
  t.after(() => second.leave());
  assert.deepEqual((await readdir(name)).toSorted(), ['.headgate-demo', 'headgate.pid', 'headgate.sock']);
});

test("somebody's files are never touched", async () => {
  const name = join(root, 'mine');
  await mkdir(name);
  await writeFile(join(name, 'thesis.txt'), 'x');
  await assert.rejects(openDataFolder(name), (error: GatewayError) => {
    assert.match(error.message, /holds files that are not a demo's/);
    assert.match(error.remedy!, /--data DIR/);
    return true;
  });
  assert.deepEqual(await readdir(name), ['thesis.txt']);
});

test('the folder of a running demo is left to it', async (t) => {
  const name = join(root, 'busy');
  const first = await openDataFolder(name);
  t.after(() => first.leave());
  await writeFile(join(first.path, 'points.lp'), 'x');
  await assert.rejects(openDataFolder(name), new RegExp(`process ${process.pid}.*is running on`));
  assert.ok(existsSync(join(name, 'points.lp')));
});

test('a folder that cannot be made is said so', async () => {
  await writeFile(join(root, 'file'), '');
  await assert.rejects(openDataFolder(join(root, 'file/x')), GatewayError);
});

test('a scratch folder is gone at the end', async () => {
  const folder = await openScratchFolder();
  await writeFile(join(folder.path, 'x'), '');
  await folder.leave();
  assert.equal(existsSync(folder.path), false);
});
