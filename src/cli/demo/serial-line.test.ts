import assert from 'node:assert/strict';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSerialLine } from './serial-line.ts';

test('what is written is read from the device, and the device goes with the line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-test-'));
  try {
    const line = await openSerialLine(join(folder, 'probe'));
    assert.ok(typeof line !== 'string', String(line));
    const reader = createReadStream(line.path, { encoding: 'utf8' });
    let read = '';
    line.write(['71.3\r\n', '71.2\r\n']);
    for await (const chunk of reader) {
      read += chunk;
      if (read.length >= 12) break;
    }
    assert.equal(read, '71.3\r\n71.2\r\n');
    await line.close();
    assert.equal(existsSync(line.path), false);
    line.write(['too late\r\n']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('why there is no line is said in words', async () => {
  assert.match(String(await openSerialLine('/nonexistent/folder/probe')), /socat ended \(1\)/);
  const path = process.env.PATH;
  process.env.PATH = '/nonexistent';
  try {
    assert.equal(await openSerialLine('/tmp/probe'), 'socat is not installed');
  } finally {
    process.env.PATH = path;
  }
});
