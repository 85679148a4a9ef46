import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Input, openInput } from './input.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-input-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function all(input: Input): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of input.bytes()) pieces.push(piece);
  return Buffer.concat(pieces);
}

const content = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `line ${i}\n`).join(''));

test('a plain file: peeked at, then whole, with its progress', async () => {
  const input = await openInput(file('plain', content));
  const start = await input.peek();
  assert.ok(start.length >= 64 * 1024 && start.length < content.length);
  assert.equal(input.position, 0);
  assert.deepEqual(await all(input), content);
  assert.equal(input.size, content.length);
  assert.equal(input.position, input.size);
});

test('a gzipped file is known by its content, whatever its name', async () => {
  const packed = gzipSync(content);
  const input = await openInput(file('packed.csv', packed));
  assert.ok(content.subarray(0, 1000).equals((await input.peek()).subarray(0, 1000)));
  assert.deepEqual(await all(input), content);
  assert.equal(input.position, packed.length);
});

test('several gzip files in one, as `cat *.gz` makes them', async () => {
  const input = await openInput(file('many.gz', Buffer.concat([gzipSync('a\n'), gzipSync('b\n')])));
  assert.equal((await all(input)).toString(), 'a\nb\n');
});

test('an empty file, and one of a single byte', async () => {
  assert.equal((await all(await openInput(file('empty', Buffer.alloc(0))))).length, 0);
  assert.equal((await all(await openInput(file('one', Buffer.from('x'))))).toString(), 'x');
  assert.equal((await (await openInput(file('two', Buffer.alloc(0)))).peek()).length, 0);
});

test('a gzip file that was cut short gives what it has, then its fault', async () => {
  const input = await openInput(file('cut.gz', gzipSync(content).subarray(0, 20_000)));
  let length = 0;
  await assert.rejects(
    async () => {
      for await (const piece of input.bytes()) length += piece.length;
    },
    { code: 'Z_BUF_ERROR' },
  );
  assert.ok(length > 0);
});

test('a gzip file that ends before its first bytes, or is none', async () => {
  for (const start of [gzipSync(content).subarray(0, 12), Buffer.from([0x1f, 0x8b, 1, 2, 3])]) {
    const input = await openInput(file('stump.gz', start));
    await assert.rejects(input.peek(), {
      name: 'GatewayError',
      message: /^cannot read .*stump\.gz: \w+/,
      remedy: 'the gzip file is cut short or damaged: copy it again',
    });
  }
});

test('a gzip file cut within what is peeked at gives what it has, then its fault', async () => {
  const packed = gzipSync(Buffer.from(randomBytes(90_000).toString('hex')));
  const input = await openInput(file('short.gz', packed.subarray(0, 20_000)));
  const start = await input.peek();
  assert.ok(start.length > 0 && start.length < 64 * 1024);
  const read: Buffer[] = [];
  await assert.rejects(
    async () => {
      for await (const piece of input.bytes()) read.push(piece);
    },
    { code: 'Z_BUF_ERROR' },
  );
  assert.deepEqual(Buffer.concat(read), start);
});

test('files that cannot be read', async () => {
  await assert.rejects(openInput(join(folder, 'none')), {
    message: /^cannot read .*none: there is no such file$/,
  });
  await assert.rejects(openInput(folder), { message: `${folder} is a folder` });
});
