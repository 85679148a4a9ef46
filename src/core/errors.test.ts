import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { reasonOf } from './errors.ts';

test('the reason of a file that cannot be read is said without its path, which the message has', async () => {
  const path = "/nowhere/it's, here";
  const failure = (error: unknown): unknown => error;
  assert.equal(reasonOf(await readFile(path).catch(failure)), 'no such file or directory');
  assert.throws(
    () => readFileSync('/'),
    (error) => reasonOf(error) === 'illegal operation on a directory',
  );
});

test('other reasons stay as they are', () => {
  assert.equal(reasonOf(new Error('connect ECONNREFUSED 127.0.0.1:1')), 'connect ECONNREFUSED 127.0.0.1:1');
  assert.equal(reasonOf(new Error('EIO: the card says so')), 'EIO: the card says so');
  assert.equal(reasonOf('text'), 'text');
});
