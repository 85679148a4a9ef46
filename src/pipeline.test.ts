import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Clock } from './core/clock.ts';
import { silentLogger } from './core/log.ts';
import { createPace } from './core/pace.ts';
import { openCheckpoints } from './engine/checkpoint.ts';
import { createState } from './engine/engine.ts';
import { createTaps } from './engine/taps.ts';
import { batches } from './journal/batches.ts';
import { openJournal } from './journal/journal.ts';
import { createSimulatedDisk, type SimulatedDisk } from './log/simulated-disk.ts';
import { openOutbox } from './outbox/outbox.ts';
import { watchOverload } from './overload.ts';
import { type JournalledBatch, type Pipeline, run } from './pipeline.ts';

const startMs = 1_768_000_000_000;
const journalBytes = 256 * 1024;
const plan = { gateway: 'g', devices: [], rules: [], merges: new Map() };

interface Path extends Pipeline {
  readonly disk: SimulatedDisk;
  readonly clock: Clock & { ms: number };
  readonly stop: AbortController;
}

/** The path on a simulated disk and a clock that the test moves; its rules are nobody's concern here. */
async function makePath(checkpointEveryBytes: number): Promise<Path> {
  const disk = createSimulatedDisk();
  const clock = {
    ms: startMs,
    now: () => clock.ms,
    waitMs: () => 1,
    offsetMs: () => 0,
    isPlausible: () => true,
  };
  const stop = new AbortController();
  const logger = silentLogger;
  return {
    disk,
    clock,
    stop,
    signal: stop.signal,
    logger,
    journal: await openJournal('/data/journal', { disk, clock, budgetBytes: journalBytes, logger }),
    outbox: await openOutbox('/data/outbox', { disk, budgetBytes: 1 << 20, logger, setAside: () => {} }),
    deadLetters: { write() {}, counts: { byReason: {}, unwritten: 0 }, close: async () => {} },
    checkpoints: openCheckpoints('/data', disk, logger),
    checkpointEveryMs: Number.POSITIVE_INFINITY,
    checkpointEveryBytes,
    onAlerts() {},
    taps: createTaps(() => {}),
    progress: {
      state: createState(plan),
      batchEndMs: startMs,
      position: { sequence: 0, frame: 0 },
      framesBefore: 0,
      checkpointAtMs: startMs,
      checkpointPosition: { sequence: 0, frame: 0 },
      isUnsaved: false,
      diskFull: undefined,
      checkpointBytes: 0,
      change: undefined,
    },
    pace: createPace(100),
  };
}

function publish(path: Path): Promise<Error | undefined> {
  path.clock.ms += 100;
  return new Promise((resolve) => {
    path.journal.append('mqtt', 't', randomBytes(16 * 1024), 'durable', resolve);
  });
}

/** After each frame the batch that holds it: the path keeps up. */
async function* following(path: Path, frames: number): AsyncGenerator<JournalledBatch> {
  const live = batches(path.journal, {
    from: path.progress.position,
    startMs,
    batchMs: 100,
    clock: path.clock,
    signal: path.signal,
    quietUntilMs: () => Number.POSITIVE_INFINITY,
  });
  for (let i = 0; i < frames; i++) {
    assert.equal(await publish(path), undefined, `frame ${i}`);
    path.clock.ms += 100;
    yield (await live.next()).value!;
  }
  await live.return(undefined);
}

test('a path that keeps up never finds its journal full, however soon it is written round', async () => {
  const path = await makePath(journalBytes / 8);
  await run(path, following(path, 100));
  assert.ok(path.journal.stats.bytesWritten > 5 * journalBytes);
  assert.equal(path.journal.stats.refusedFrames, 0);
});

test('what was not processed when a checkpoint was written still fills the journal', async (t) => {
  const path = await makePath(0);
  const watch = watchOverload({
    ...{ batchMs: 100, journalBytes, pipeline: path, pace: path.pace, logger: path.logger, shed: () => 0 },
  });
  t.after(() => watch.stop());
  const oneOfMany = async function* (): AsyncGenerator<JournalledBatch> {
    for await (const batch of following(path, 1)) {
      for (let i = 0; i < 10; i++) assert.equal(await publish(path), undefined);
      yield batch;
    }
  };
  await run(path, oneOfMany());
  assert.ok(path.progress.checkpointBytes > 0);
  watch.pressure.took(Number.MAX_SAFE_INTEGER);
  assert.match(watch.status().remedy ?? '', /cannot be processed/);
});

test('a full disk is waited for, and nothing of the batch is lost or there twice', async () => {
  const path = await makePath(1);
  const point = { measurement: 'm', tags: {}, fields: { x: 1 }, timeMs: startMs };
  const room = path.disk.capacityBytes;
  const appended: number[] = [];
  const outbox = {
    ...path.outbox,
    append: (endMs: number) => {
      path.disk.capacityBytes = appended.length === 1 ? path.disk.usedBytes : room;
      appended.push(endMs);
      return path.outbox.append(endMs, [point], []);
    },
  };
  await run({ ...path, outbox }, following(path, 3));
  assert.equal(new Set(appended).size, 3);
  assert.ok(appended.length > 3, 'the disk was full');
  const ends: number[] = [];
  for await (const record of path.outbox.points.read(0)) ends.push(record.batchEndMs);
  assert.deepEqual(ends, [...new Set(appended)]);
});
