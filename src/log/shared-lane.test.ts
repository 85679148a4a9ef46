import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '../core/log.ts';
import { type Lane, openLane } from './lane.ts';
import { openLog } from './log.ts';
import { shareLane } from './shared-lane.ts';
import { createSimulatedDisk } from './simulated-disk.ts';

/** Segments of a record each, so that what is released is gone. */
async function open(): Promise<Lane> {
  const options = { whenFull: 'drop-oldest', keepReleased: false, logger: silentLogger } as const;
  const disk = createSimulatedDisk();
  const log = await openLog('/lane', { ...options, budgetBytes: 64 * 1024, segmentBytes: 4096, disk });
  return openLane(log, () => 0, silentLogger);
}

/** Too random to become shorter. */
const filling = (i: number): string =>
  Array.from({ length: 700 }, (_, at) =>
    Math.sin(i * 1000 + at)
      .toString(36)
      .slice(3, 9),
  ).join('');

async function sequencesIn(lane: Lane): Promise<number[]> {
  const sequences: number[] = [];
  for await (const { sequence } of lane.read(0)) sequences.push(sequence);
  return sequences;
}

test('a record is gone once every reader has let go of it', async () => {
  const lane = await open();
  const [one, other] = shareLane(lane, 2) as [Lane, Lane];
  for (let i = 1; i <= 8; i++) await lane.append(i, [filling(i)]);
  assert.equal(one.next, 8);
  assert.equal(other.lineCount, 8);
  one.release(6);
  assert.deepEqual(await sequencesIn(one), [0, 1, 2, 3, 4, 5, 6, 7]);
  other.release(3);
  assert.equal(other.first, 3);
  assert.deepEqual(await sequencesIn(one), [3, 4, 5, 6, 7]);
  // A position that goes back gives nothing back, and takes nothing more.
  one.release(1);
  other.release(7);
  assert.equal(one.first, 6);
});

test('a reader that stands still holds back no other, and no more than the budget', async () => {
  const lane = await open();
  const [going] = shareLane(lane, 2) as [Lane, Lane];
  for (let i = 1; i <= 40; i++) {
    await lane.append(i, [filling(i)]);
    const read = await sequencesIn(going);
    assert.equal(read.at(-1), i - 1);
    going.release(i);
  }
  assert.ok(lane.bytes <= 64 * 1024);
  assert.ok(lane.first > 0);
});
