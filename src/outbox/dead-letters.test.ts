import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLogger } from '../core/log.ts';
import { type DeadLetterOptions, openDeadLetters } from './dead-letters.ts';

const time = '2026-01-05T06:00:00.000Z';

async function opened(t: TestContext, options: Partial<DeadLetterOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const open = () =>
    openDeadLetters(folder, {
      budgetBytes: 100_000,
      logger: silentLogger,
      now: () => Date.parse(time),
      ...options,
    });
  const read = async (): Promise<Record<string, unknown>[]> => {
    const files = (await readdir(folder)).sort();
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    return texts
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  };
  return { folder, open, read };
}

test('one line says what, why and from where', async (t) => {
  const { open, read } = await opened(t);
  const letters = await open();
  letters.write([
    {
      reason: 'not-json',
      detail: 'unexpected end',
      source: 'mqtt',
      topic: 'a/b',
      device: 'press',
      arrivalMs: 5.5,
      payload: Buffer.from('{"ü":\n'),
    },
    { reason: 'late', detail: '', rule: 'r', key: { bus: '7' }, eventMs: Number.NaN },
    { reason: 'not-json', detail: '', payload: Buffer.from([0xff, 0xfe]) },
  ]);
  await letters.close();
  assert.deepEqual(await read(), [
    {
      time,
      reason: 'not-json',
      detail: 'unexpected end',
      source: 'mqtt',
      topic: 'a/b',
      device: 'press',
      arrival_ms: 5.5,
      payload: '{"ü":\n',
    },
    { time, reason: 'late', detail: '', rule: 'r', key: { bus: '7' } },
    { time, reason: 'not-json', detail: '', payload_base64: '//4=' },
  ]);
  assert.deepEqual({ ...letters.counts.byReason }, { 'not-json': 2, late: 1 });
});

test('long payloads are cut at 4 KiB, between characters', async (t) => {
  const { open, read } = await opened(t);
  const letters = await open();
  const payload = Buffer.from(`a${'é'.repeat(5000)}`);
  letters.write([{ reason: 'x', detail: 'd'.repeat(10_000), payload }]);
  await letters.close();
  const [letter] = await read();
  const { payload: kept, payload_bytes, detail } = letter!;
  assert.equal(kept, `a${'é'.repeat(2047)}`);
  assert.equal(payload_bytes, 10_001);
  assert.equal((detail as string).length, 4097);
});

test('files are bounded together, over restarts; the newest stay', async (t) => {
  const { folder, open, read } = await opened(t, { budgetBytes: 8000 });
  for (let run = 0; run < 10; run += 1) {
    const letters = await open();
    for (let i = 0; i < 3; i += 1) {
      letters.write([{ reason: 'x', detail: `${run}.${i}`, payload: Buffer.alloc(500, 'p') }]);
      await letters.close();
    }
  }
  let bytes = 0;
  for (const file of await readdir(folder)) bytes += (await stat(join(folder, file))).size;
  assert.ok(bytes <= 8000 && bytes > 4000, `${bytes} bytes`);
  assert.equal((await read()).at(-1)?.detail, '9.2');
});

test('a flood is counted in full and written as a sample', async (t) => {
  const { open, read } = await opened(t, { bytesEach: 10_000, everyMs: 1e9 });
  const letters = await open();
  const entry = { reason: 'garbage', detail: 'x'.repeat(100) };
  letters.write(Array.from({ length: 50_000 }, () => entry));
  await letters.close();
  const written = (await read()).length;
  assert.ok(written < 100);
  assert.equal(letters.counts.byReason.garbage, 50_000);
  assert.equal(letters.counts.unwritten, 50_000 - written);
});

test('a folder that is gone is no error of the path', async (t) => {
  const { folder, open } = await opened(t);
  const letters = await open();
  await rm(folder, { recursive: true });
  letters.write([{ reason: 'x', detail: '' }]);
  await letters.close();
  assert.equal(letters.counts.unwritten, 1);
});
