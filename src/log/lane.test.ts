import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLogger } from '../core/log.ts';
import { type Lane, openLane } from './lane.ts';
import { openLog } from './log.ts';
import { createSimulatedDisk, failure, type SimulatedDisk } from './simulated-disk.ts';

const timeOf = (line: string): number => Number(line.split(' ').at(-1));

async function open(disk: SimulatedDisk, budgetBytes = 1 << 20): Promise<Lane> {
  const log = await openLog('/lane', { budgetBytes, whenFull: 'drop-oldest', disk, logger: silentLogger });
  return await openLane(log, timeOf, silentLogger);
}

async function contents(lane: Lane, from = 0): Promise<{ batchEndMs: number; lines: readonly string[] }[]> {
  const found = [];
  for await (const record of lane.read(from)) {
    found.push({ batchEndMs: record.batchEndMs, lines: await record.lines() });
  }
  return found;
}

test('a batch is there once, however often it is appended, over restarts too', async () => {
  const disk = createSimulatedDisk();
  let lane = await open(disk);
  await lane.append(1000, ['a 1', 'b 2']);
  await lane.append(1000, ['a 1', 'b 2']);
  await lane.append(2000, []);
  await lane.append(3000, ['two\nlines 3']);
  await lane.close();
  lane = await open(disk);
  await lane.append(1000, ['a 1', 'b 2']);
  await lane.append(3000, ['two\nlines 3']);
  await lane.append(4000, ['d 2']);
  assert.deepEqual(await contents(lane), [
    { batchEndMs: 1000, lines: ['a 1', 'b 2'] },
    { batchEndMs: 3000, lines: ['two\nlines 3'] },
    { batchEndMs: 4000, lines: ['d 2'] },
  ]);
  assert.deepEqual([lane.lineCount, lane.newestMs, lane.lastBatchEndMs], [4, 3, 4000]);
});

test('what was appended is known after everything was released', async () => {
  const disk = createSimulatedDisk();
  let lane = await open(disk);
  for (let batch = 1; batch <= 50; batch += 1) {
    await lane.append(batch, [`${'x'.repeat(3000)} ${batch}`]);
    lane.release(lane.next);
  }
  await lane.close();
  lane = await open(disk);
  assert.deepEqual([lane.lineCount, lane.lastBatchEndMs], [50, 50]);
  await lane.append(50, ['x 50']);
  assert.equal(lane.lineCount, 50);
});

test('a large batch is split so that each record fits a request, and continued where a failure cut it', async () => {
  const disk = createSimulatedDisk();
  const lane = await open(disk, 1 << 24);
  const lines = Array.from({ length: 12_000 }, (_, i) => `line ${i}`);
  let writes = 0;
  disk.before = (step) => {
    if (step === 'write') writes += 1;
    if (step === 'write' && writes === 2) throw failure('ENOSPC');
  };
  await assert.rejects(lane.append(1000, lines), /ENOSPC/);
  disk.before = () => {};
  await lane.append(1000, lines);
  await lane.append(1000, lines);
  const records = await contents(lane);
  assert.deepEqual(
    records.flatMap((record) => record.lines),
    lines,
  );
  assert.ok(records.length > 1 && records.every((record) => record.lines.length <= 5000));
});

test('a reader that waits is woken by an append and by the end', async () => {
  const lane = await open(createSimulatedDisk());
  const stop = new AbortController();
  const arrival = lane.arrival(0, stop.signal);
  await lane.append(1, ['a 1']);
  await arrival;
  await lane.arrival(0, stop.signal);
  const end = lane.arrival(1, stop.signal);
  stop.abort();
  await end;
});

test('records say how many lines lie before them, so that dropped ones are counted', async () => {
  const lane = await open(createSimulatedDisk(), 64 * 1024);
  for (let batch = 1; batch <= 100; batch += 1) {
    // Does not compress.
    const noise = Array.from({ length: 300 }, (_, i) => ((batch * 7919 + i * 104_729) % 65_521).toString(36));
    await lane.append(batch, [`${noise.join('')} ${batch}`, `b ${batch}`]);
  }
  assert.ok(lane.first > 0);
  for await (const record of lane.read(0)) {
    assert.equal(record.linesBefore, record.sequence * 2);
    assert.deepEqual([record.oldestMs, record.newestMs], [record.batchEndMs, record.batchEndMs]);
  }
});

test('after a crash at any moment each acknowledged batch is there once, in order', async () => {
  const batch = fc.array(
    fc.string({ maxLength: 20 }).map((text) => `${text} 5`),
    { maxLength: 4 },
  );
  const property = fc.asyncProperty(
    fc.array(fc.record({ lines: batch, crash: fc.boolean(), rerun: fc.nat(3) }), { maxLength: 12 }),
    fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
    async (steps, randoms) => {
      const disk = createSimulatedDisk();
      let lane = await open(disk, 1 << 16);
      for (const [i, { crash, rerun }] of steps.entries()) {
        if (crash) {
          disk.crash(() => randoms.next().value as number);
          lane = await open(disk, 1 << 16);
        }
        for (let again = Math.max(0, i - rerun); again <= i; again += 1) {
          await lane.append(again + 1, steps[again]!.lines);
        }
      }
      const expected = steps.map(({ lines }, i) => ({ batchEndMs: i + 1, lines }));
      assert.deepEqual(
        await contents(lane),
        expected.filter(({ lines }) => lines.length > 0),
      );
    },
  );
  await fc.assert(property, { numRuns: 200 });
});

test('the end is never seen with the sequence of one record and the lines of another', async () => {
  const disk = createSimulatedDisk();
  const lane = await open(disk);
  let done = false;
  const appending = (async () => {
    for (let batch = 1; batch <= 20; batch += 1) await lane.append(batch, ['1', '2', '3']);
    done = true;
  })();
  while (!done) {
    assert.equal(lane.lineCount, lane.next * 3);
    await Promise.resolve();
  }
  await appending;
  await lane.close();
});

test('notes are kept with their lines, over parts and restarts; records without any are as they were', async () => {
  const disk = createSimulatedDisk();
  const lane = await open(disk);
  const lines = Array.from({ length: 7000 }, (_, i) => String(i));
  await lane.append(1, ['1', '2']);
  await lane.append(
    2,
    lines,
    lines.map((_, i) => (i % 3 === 0 ? undefined : { kind: `k${i % 2}`, numbers: [i, i / 2] })),
  );
  await lane.close();
  const again = await open(disk);
  const found: string[] = [];
  for await (const record of again.read(0)) {
    const content = await record.content();
    assert.deepEqual(content.lines, await record.lines());
    for (const [i, line] of content.lines.entries())
      found.push(`${line} ${JSON.stringify(content.notes[i])}`);
  }
  const expected = lines.map((line, i) =>
    i % 3 === 0 ? `${line} undefined` : `${line} {"kind":"k${i % 2}","numbers":[${i},${i / 2}]}`,
  );
  assert.deepEqual(found, ['1 undefined', '2 undefined', ...expected]);
  await again.close();
});
