import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../core/clock.ts';
import { silentLogger } from '../core/log.ts';
import type { Disk } from '../log/files.ts';
import { createSimulatedDisk } from '../log/simulated-disk.ts';
import { type BatchesOptions, batches, type CutBatch } from './batches.ts';
import { type Journal, openJournal, type Position } from './journal.ts';

const origin = { sequence: 0, frame: 0 };
const epochMs = 1_768_000_000_000;

interface ManualClock extends Clock {
  ms: number;
}

/** Waits on it are short real ones: the reader looks again, and finds the time the test has set. */
function manualClock(ms = epochMs): ManualClock {
  const clock: ManualClock = {
    ms,
    now: () => clock.ms,
    waitMs: () => 1,
    offsetMs: () => 0,
    isPlausible: () => true,
  };
  return clock;
}

function open(disk: Disk, clock: Clock): Promise<Journal> {
  return openJournal('/journal', {
    disk,
    clock,
    budgetBytes: 1 << 24,
    blockBytes: 2000,
    logger: silentLogger,
  });
}

function send(journal: Journal, text: string): void {
  journal.append('mqtt', 't', Buffer.from(text), 'accepted', (error) => assert.equal(error, undefined));
}

interface PlainBatch {
  readonly startMs: number;
  readonly endMs: number;
  readonly texts: readonly string[];
  readonly next: Position;
}

/** Exact again after the subtraction. */
const inUs = (ms: number): number => Math.round(ms * 1000) / 1000;

function plain({ batch, next }: CutBatch): PlainBatch {
  const texts: string[] = [];
  for (const span of batch.spans) {
    span.visit((_route, buffer, from, end, arrivalMs) => {
      assert.ok(arrivalMs < batch.endMs);
      texts.push(buffer.toString('latin1', from, end));
    });
  }
  return { startMs: inUs(batch.startMs - epochMs), endMs: inUs(batch.endMs - epochMs), texts, next };
}

function cut(
  journal: Journal,
  clock: Clock,
  options: Partial<BatchesOptions> = {},
): AsyncGenerator<CutBatch> {
  return batches(journal, {
    from: origin,
    startMs: epochMs,
    batchMs: 100,
    clock,
    signal: new AbortController().signal,
    quietUntilMs: () => 0,
    ...options,
  });
}

async function take(source: AsyncGenerator<CutBatch>, count: number): Promise<PlainBatch[]> {
  const taken: PlainBatch[] = [];
  for await (const next of source) {
    taken.push(plain(next));
    if (taken.length === count) break;
  }
  return taken;
}

const shapeOf = ({ startMs, endMs, texts }: PlainBatch) => [startMs, endMs, texts.join(' ')];

test('a live batch comes when its time is over, and holds what arrived in it; a boundary belongs to the next', async () => {
  const clock = manualClock();
  const journal = await open(createSimulatedDisk(), clock);
  const source = cut(journal, clock);
  send(journal, 'a');
  clock.ms = epochMs + 99.998;
  send(journal, 'b');
  const first = source.next();
  let isThere = false;
  void first.then(() => {
    isThere = true;
  });
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  assert.equal(isThere, false);
  clock.ms = epochMs + 100;
  send(journal, 'c');
  assert.deepEqual(shapeOf(plain((await first).value!)), [0, 100, 'a b']);
  clock.ms = epochMs + 200;
  assert.deepEqual(shapeOf(plain((await source.next()).value!)), [100, 200, 'c']);
  await source.return(undefined);
});

test('boundaries are multiples of the interval, wherever the start lies', async () => {
  const clock = manualClock(epochMs + 500);
  const journal = await open(createSimulatedDisk(), clock);
  const taken = await take(cut(journal, clock, { startMs: epochMs + 130.25 }), 2);
  assert.deepEqual(taken.map(shapeOf), [
    [130.25, 200, ''],
    [200, 300, ''],
  ]);
});

test('empty batches are passed over up to the next frame, the event of the engine, or now', async () => {
  const clock = manualClock();
  const journal = await open(createSimulatedDisk(), clock);
  clock.ms = epochMs + 250_010;
  send(journal, 'x');
  clock.ms = epochMs + 7 * 86_400_000 + 30;
  let quietMs = epochMs + 120_050;
  const taken: PlainBatch[] = [];
  for await (const next of cut(journal, clock, { quietUntilMs: () => quietMs })) {
    taken.push(plain(next));
    if (next.batch.endMs >= quietMs) quietMs = Number.POSITIVE_INFINITY;
    if (taken.length === 3) break;
  }
  assert.deepEqual(taken.map(shapeOf), [
    [120_000, 120_100, ''],
    [250_000, 250_100, 'x'],
    [7 * 86_400_000 - 100, 7 * 86_400_000, ''],
  ]);
});

test('an event exactly on a boundary gets the batches on both sides', async () => {
  const clock = manualClock(epochMs + 10_050);
  const journal = await open(createSimulatedDisk(), clock);
  const quietUntilMs = (): number => epochMs + 5000;
  const taken = await take(cut(journal, clock, { quietUntilMs }), 2);
  assert.deepEqual(taken.map(shapeOf), [
    [4900, 5000, ''],
    [5000, 5100, ''],
  ]);
});

test('an abort ends with a batch cut early; the next start goes on from its end', async () => {
  const clock = manualClock();
  const disk = createSimulatedDisk();
  const journal = await open(disk, clock);
  const stopping = new AbortController();
  clock.ms = epochMs + 120;
  send(journal, 'a');
  const source = cut(journal, clock, { startMs: epochMs + 100, signal: stopping.signal });
  const pending = source.next();
  clock.ms = epochMs + 140.5;
  send(journal, 'b');
  stopping.abort();
  const last = plain((await pending).value!);
  assert.deepEqual(shapeOf(last), [100, 140.501, 'a b']);
  assert.equal((await source.next()).done, true);
  await journal.close();
  const again = await open(disk, clock);
  clock.ms = epochMs + 170;
  send(again, 'c');
  clock.ms = epochMs + 300;
  const taken = await take(cut(again, clock, { from: last.next, startMs: inUs(epochMs + last.endMs) }), 2);
  assert.deepEqual(taken.map(shapeOf), [
    [140.501, 200, 'c'],
    [200, 300, ''],
  ]);
});

test('an abort far behind leaves the backlog to the next start', async () => {
  const clock = manualClock();
  const journal = await open(createSimulatedDisk(), clock);
  send(journal, 'a');
  clock.ms = epochMs + 60_000;
  assert.deepEqual(await take(cut(journal, clock, { signal: AbortSignal.abort() }), 1), []);
});

test('an abort ends even when batches take as long as they last', async () => {
  const clock = manualClock();
  const journal = await open(createSimulatedDisk(), clock);
  const stopping = new AbortController();
  clock.ms = epochMs + 350;
  let count = 0;
  for await (const { batch } of cut(journal, clock, { signal: stopping.signal })) {
    stopping.abort();
    clock.ms += 100;
    count += 1;
    assert.ok(batch.endMs <= epochMs + 450.001);
  }
  assert.equal(count, 5);
});

test('a clock behind the journal does not hold the batches up', async () => {
  const clock = manualClock();
  const disk = createSimulatedDisk();
  const journal = await open(disk, clock);
  clock.ms = epochMs + 50_020;
  send(journal, 'x');
  await journal.close();
  clock.ms = epochMs;
  const again = await open(disk, clock);
  const source = cut(again, clock, { startMs: epochMs + 50_000 });
  const first = source.next();
  for (let i = 0; i < 5; i++) {
    clock.ms += 200;
    again.now();
  }
  assert.deepEqual(shapeOf(plain((await first).value!)), [50_000, 50_100, 'x']);
  await source.return(undefined);
});

test('the same batches live and run again from the disk, from any of their positions', async () => {
  const steps = fc.array(
    fc.record({ stepMs: fc.oneof(fc.nat(40), fc.constantFrom(0, 50, 100, 1000)), bytes: fc.nat(700) }),
    { maxLength: 60 },
  );
  const property = fc.asyncProperty(steps, fc.nat(), async (list, restart) => {
    const disk = createSimulatedDisk();
    const clock = manualClock();
    const journal = await open(disk, clock);
    const source = cut(journal, clock);
    const live: PlainBatch[] = [];
    let dueMs = epochMs + 100;
    const drain = async (): Promise<void> => {
      for (; clock.ms >= dueMs; dueMs = epochMs + live.at(-1)!.endMs + 100)
        live.push(plain((await source.next()).value!));
    };
    for (const [i, { stepMs, bytes }] of list.entries()) {
      clock.ms += stepMs;
      send(journal, `${i}`.padEnd(bytes, '.'));
      if (i % 3 === 0) await drain();
    }
    clock.ms += 200;
    await drain();
    await source.return(undefined);
    await journal.close();
    const again = await open(disk, clock);
    assert.deepEqual(await take(cut(again, clock), live.length), live);
    const after = live[restart % live.length]!;
    const rest = live.slice(live.indexOf(after) + 1);
    if (rest.length > 0) {
      const options = { from: after.next, startMs: epochMs + after.endMs };
      assert.deepEqual(await take(cut(again, clock, options), rest.length), rest);
    }
    await again.close();
  });
  await fc.assert(property, { numRuns: 60 });
});
