import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeFolder } from './make-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-make-folder-'));
after(() => rmSync(folder, { recursive: true }));

test('makes what is missing, with its mode, and says where that begins', async () => {
  assert.equal(await makeFolder(join(folder, 'a/b/c'), 0o700), join(folder, 'a'));
  assert.equal(statSync(join(folder, 'a/b/c')).mode & 0o777, 0o700);
  assert.equal(await makeFolder(join(folder, 'a/b/d/'), 0o700), join(folder, 'a/b/d'));
  assert.equal(await makeFolder(join(folder, 'a/b')), undefined);
  assert.equal(await makeFolder('/'), undefined);
});

test('a link to a folder is a folder', async () => {
  mkdirSync(join(folder, 'disk'));
  symlinkSync('disk', join(folder, 'mounted'));
  assert.equal(await makeFolder(join(folder, 'mounted')), undefined);
  assert.equal(await makeFolder(join(folder, 'mounted/data')), join(folder, 'mounted/data'));
});

test('many at once make one folder', async () => {
  const path = join(folder, 'p/q/r');
  await Promise.all(Array.from({ length: 20 }, () => makeFolder(path)));
  assert.ok(statSync(path).isDirectory());
});

test('what stands in the way is named, and nothing is tried forever', async () => {
  symlinkSync('not-mounted', join(folder, 'away'));
  const away = { message: `${join(folder, 'away')} is a link that leads nowhere` };
  await assert.rejects(makeFolder(join(folder, 'away/data/deep')), away);
  await assert.rejects(makeFolder(join(folder, 'away')), away);
  writeFileSync(join(folder, 'file'), '');
  await assert.rejects(makeFolder(join(folder, 'file')), {
    message: `${join(folder, 'file')} is a file, not a folder`,
  });
  await assert.rejects(makeFolder(join(folder, 'file/data')), { code: 'ENOTDIR' });
});

test('a file system that takes no folders', { skip: process.platform !== 'linux' }, async () => {
  await assert.rejects(makeFolder('/proc/headgate/data'), { message: 'no folder can be made in /proc' });
});
