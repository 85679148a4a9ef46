import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../core/log.ts';
import { type CursorOptions, openCursor } from './cursor.ts';
import { writeFileDurably } from './files.ts';
import { createSimulatedDisk, failure, type SimulatedDisk } from './simulated-disk.ts';

function options(disk: SimulatedDisk, more: Partial<CursorOptions<{ n: number }>> = {}) {
  return {
    disk,
    path: '/position.json',
    initial: { n: 0 },
    parse: (value: unknown) =>
      typeof (value as { n?: unknown })?.n === 'number' ? (value as { n: number }) : undefined,
    logger: silentLogger,
    ...more,
  };
}

test('a value survives', async () => {
  const disk = createSimulatedDisk();
  const cursor = await openCursor(options(disk));
  assert.deepEqual(cursor.value, { n: 0 });
  cursor.set({ n: 1 });
  cursor.set({ n: 2 });
  await cursor.flush();
  disk.crash(() => 0);
  assert.deepEqual((await openCursor(options(disk))).value, { n: 2 });
  assert.equal(disk.content('/position.json').toString(), '{"checksum":"ff6668bd","value":{"n":2}}\n');
});

test('many values are few writes, and only what is on disk is told', async () => {
  const disk = createSimulatedDisk();
  let writes = 0;
  disk.before = (step) => {
    if (step === 'rename') writes += 1;
  };
  const told: number[] = [];
  const cursor = await openCursor(options(disk, { onDurable: ({ n }) => told.push(n), everyMs: 1e6 }));
  for (let n = 1; n <= 1000; n += 1) cursor.set({ n });
  assert.deepEqual([writes, told], [0, []]);
  await Promise.all([cursor.flush(), cursor.flush()]);
  assert.deepEqual([writes, told], [1, [1000]]);
});

test('it is written without being asked', async () => {
  const disk = createSimulatedDisk();
  const told = Promise.withResolvers<number>();
  const cursor = await openCursor(options(disk, { onDurable: ({ n }) => told.resolve(n), everyMs: 0 }));
  cursor.set({ n: 7 });
  assert.equal(await told.promise, 7);
});

test('a disk that fails is logged once, and what is stored stays what it was', async () => {
  const disk = createSimulatedDisk();
  let errors = 0;
  const error = (): void => {
    errors += 1;
  };
  const logger = { ...silentLogger, error };
  const cursor = await openCursor(options(disk, { logger, everyMs: 1e6 }));
  cursor.set({ n: 1 });
  await cursor.flush();
  disk.before = (step) => {
    if (step === 'write') throw failure('ENOSPC');
  };
  for (const n of [2, 3]) {
    cursor.set({ n });
    await cursor.flush();
  }
  assert.deepEqual([errors, cursor.value.n], [1, 3]);
  assert.deepEqual((await openCursor(options(disk))).value, { n: 1 });
  disk.before = () => {};
  await cursor.flush();
  assert.deepEqual((await openCursor(options(disk))).value, { n: 3 });
});

test('a file that cannot be read gives the value for that', async () => {
  const disk = createSimulatedDisk();
  const cursor = await openCursor(options(disk));
  cursor.set({ n: 5 });
  await cursor.flush();
  const whole = disk.content('/position.json').toString();
  // Another digit is a number as well.
  const others = ['', 'not json', '{"m":1}', 'null', '{"value":{"n":5}}', whole.replace('5', '7')];
  for (const content of others) {
    for (const [unreadable, n] of [
      [undefined, 0],
      [{ n: -1 }, -1],
    ] as const) {
      const path = `/${content.length}${n}.json`;
      await writeFileDurably(disk, path, Buffer.from(content));
      const more = unreadable === undefined ? {} : { unreadable };
      assert.deepEqual((await openCursor(options(disk, { path, ...more }))).value, { n }, content);
      assert.deepEqual(disk.content(`${path}.corrupt`).toString(), content);
      assert.ok(!disk.paths.includes(path));
    }
  }
});

test('one of a version before positions had a checksum is read', async () => {
  const disk = createSimulatedDisk();
  await writeFileDurably(disk, '/position.json', Buffer.from('{"n":3}\n'));
  assert.deepEqual((await openCursor(options(disk))).value, { n: 3 });
});

test('each bit of a position is checked', async () => {
  const disk = createSimulatedDisk();
  const cursor = await openCursor(options(disk));
  cursor.set({ n: 1234 });
  await cursor.flush();
  const whole = Buffer.from(disk.content('/position.json'));
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = Buffer.from(whole);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    await writeFileDurably(disk, '/position.json', flipped);
    const { value } = await openCursor(options(disk, { unreadable: { n: -1 } }));
    assert.ok(value.n === -1 || value.n === 1234, `bit ${bit} gives ${value.n}`);
  }
});
