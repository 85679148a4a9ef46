import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../core/log.ts';
import { type CopiedSegment, copyRecords, lastSequence, segmentsOf } from './copy.ts';
import { writeFileDurably } from './files.ts';
import { type Log, openLog } from './log.ts';
import { createSimulatedDisk, type SimulatedDisk } from './simulated-disk.ts';

const options = {
  budgetBytes: 1 << 20,
  segmentBytes: 4096,
  whenFull: 'refuse',
  logger: silentLogger,
} as const;

async function filled(disk: SimulatedDisk, count: number, more = {}): Promise<Log> {
  const log = await openLog('/log', { ...options, disk, ...more });
  for (let i = 0; i < count; i++) await log.append(bodyOf(log.next));
  return log;
}

function bodyOf(sequence: number): Buffer {
  return Buffer.alloc(200 + (sequence % 7) * 90, `record ${sequence} `);
}

async function copied(disk: SimulatedDisk, from: number, to?: number): Promise<CopiedSegment[]> {
  const range = { from, ...(to !== undefined && { to }) };
  return Array.fromAsync(segmentsOf(copyRecords(disk, '/log', range)));
}

async function put(disk: SimulatedDisk, segments: readonly CopiedSegment[]): Promise<Log> {
  await disk.makeFolder('/other');
  for (const { name, content } of segments) await writeFileDurably(disk, `/other/${name}`, content);
  return openLog('/other', { ...options, disk });
}

async function sequencesIn(log: Log): Promise<number[]> {
  const found: number[] = [];
  for await (const { sequence, body } of log.read(0)) {
    assert.deepEqual(body, bodyOf(sequence));
    found.push(sequence);
  }
  return found;
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('what is copied from a log in use opens elsewhere as the same records, and goes on with the next number', async () => {
  const disk = createSimulatedDisk();
  const log = await filled(disk, 60);
  const segments = await copied(disk, 17, 53);
  const other = await put(disk, segments);
  assert.deepEqual(await sequencesIn(other), numbers(17, 53));
  assert.deepEqual([other.first, other.next], [17, 53]);
  assert.equal(await other.append(bodyOf(53)), 53);
  assert.deepEqual(other.losses, { tornBytes: 0, corruptSegments: 0, lostRecords: 0, droppedRecords: 0 });
  assert.equal(await log.append(bodyOf(60)), 60);
  assert.equal(await lastSequence(disk, '/log'), 60);
  assert.deepEqual(await copied(disk, 61), []);
});

test('what nobody can read is a gap, which the other log counts', async () => {
  const disk = createSimulatedDisk();
  const log = await filled(disk, 60);
  await log.close();
  const [, second] = (await disk.list('/log')).sort();
  const content = Buffer.from(disk.content(`/log/${second!}`));
  content[3000]! ^= 1;
  await writeFileDurably(disk, `/log/${second!}`, content);
  const before = (await disk.list('/log')).sort();
  const other = await put(disk, await copied(disk, 0));
  assert.deepEqual((await disk.list('/log')).sort(), before, 'the folder is as it was');
  assert.equal((await sequencesIn(other)).length, 59);
  assert.equal(other.losses.lostRecords, 1);
});

test('released records stay while they are held, and go when the budget asks or nobody holds them', async () => {
  const disk = createSimulatedDisk();
  const log = await filled(disk, 60);
  const release = log.hold(20);
  log.release(55);
  assert.deepEqual(await copiedSequences(disk), numbers(18, 60), 'segments are kept as a whole');
  release();
  assert.ok(log.first > 40);
  await log.close();

  const small = await filled(disk, 10, { budgetBytes: 16_384, whenFull: 'drop-oldest' });
  small.hold(small.first);
  for (let i = 0; i < 80; i++) await small.append(bodyOf(small.next));
  assert.ok(small.bytes <= 16_384, 'nobody waits for who copies');
});

async function copiedSequences(disk: SimulatedDisk): Promise<number[]> {
  const segments = await copied(disk, 18);
  return segments.flatMap(({ first, next }) => numbers(first, next));
}
