import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../core/clock.ts';
import type { FrameSpan } from '../core/frame.ts';
import { silentLogger } from '../core/log.ts';
import { createSimulatedDisk, failure } from '../log/simulated-disk.ts';
import { createArrivalClock } from './arrival-clock.ts';
import { type Journal, type JournalOptions, openJournal } from './journal.ts';

const start = { sequence: 0, frame: 0 };

interface ManualClock extends Clock {
  ms: number;
}

function manualClock(ms = 1_768_000_000_000): ManualClock {
  const clock: ManualClock = {
    ms,
    now: () => clock.ms,
    waitMs: (until) => Math.max(0, until - clock.ms),
    offsetMs: () => 0,
    isPlausible: () => true,
  };
  return clock;
}

function open(options: Partial<JournalOptions> = {}): Promise<Journal> {
  const defaults = { clock: manualClock(), budgetBytes: 1 << 22, logger: silentLogger };
  return openJournal('/journal', { disk: createSimulatedDisk(), ...defaults, ...options });
}

function textsOf(spans: readonly FrameSpan[]): string[] {
  const found: string[] = [];
  for (const span of spans) {
    span.visit((route, buffer, from, end, arrivalMs) => {
      const { source, topic } = span.routes[route]!;
      found.push(`${source} ${topic} ${arrivalMs} ${buffer.toString('latin1', from, end)}`);
    });
  }
  return found;
}

async function contentOf(
  journal: Journal,
  from = start,
  untilMs = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const spans: FrameSpan[] = [];
  for await (const span of journal.read(from, untilMs)) spans.push(span);
  return textsOf(spans);
}

function append(journal: Journal, text: string, when: 'durable' | 'accepted' = 'durable'): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error): void => (error === undefined ? resolve() : reject(error));
    journal.append('mqtt', 'a/b', Buffer.from(text), when, done);
  });
}

const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

test('frames come back with source, topic, arrival and payload; from memory and from disk alike', async () => {
  const disk = createSimulatedDisk();
  const clock = manualClock();
  const journal = await open({ disk, clock, blockBytes: 2000 });
  const expected: string[] = [];
  const waits: Promise<void>[] = [];
  for (let i = 0; i < 200; i++) {
    clock.ms += 0.125;
    const topic = `t/${i % 7}`;
    const text = `${i}`.repeat(1 + (i % 50));
    expected.push(`probe ${topic} ${clock.ms} ${text}`);
    waits.push(
      new Promise((resolve, reject) => {
        const done = (error?: Error): void => (error ? reject(error) : resolve());
        journal.append('probe', topic, Buffer.from(text), i % 3 === 0 ? 'durable' : 'accepted', done);
      }),
    );
    if (i % 20 === 0) await turns(1);
  }
  await Promise.all(waits);
  await journal.sync();
  assert.deepEqual(await contentOf(journal), expected);
  assert.ok(journal.stats.commits > 3);
  assert.equal(journal.stats.frames, 200);
  await journal.close();
  const again = await open({ disk, clock });
  assert.equal(again.lastArrivalMs, clock.ms);
  assert.deepEqual(await contentOf(again), expected);
  const untilMs = clock.ms - 10;
  const before = expected.filter((line) => Number(line.split(' ')[2]) < untilMs);
  assert.deepEqual(await contentOf(again, start, untilMs), before);
});

test('a durable frame is acknowledged after the sync, in order; what came meanwhile rides in one commit', async () => {
  const disk = createSimulatedDisk();
  const journal = await open({ disk });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  disk.before = (step) => (step === 'sync' ? held : undefined);
  const acknowledged: number[] = [];
  const send = (i: number): void =>
    journal.append('mqtt', 't', Buffer.from(`${i}`), 'durable', (error) => {
      assert.equal(error, undefined);
      acknowledged.push(i);
    });
  for (let i = 0; i < 10; i++) send(i);
  await turns();
  for (let i = 10; i < 30; i++) send(i);
  await turns();
  assert.deepEqual(acknowledged, []);
  assert.deepEqual(await contentOf(journal), []);
  release();
  await journal.sync();
  assert.deepEqual(
    acknowledged,
    Array.from({ length: 30 }, (_, i) => i),
  );
  assert.equal(journal.stats.commits, 2);
});

test('accepted frames are acknowledged at once, until too many wait for the disk', async () => {
  const disk = createSimulatedDisk();
  const journal = await open({ disk, budgetBytes: 1 << 26 });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  disk.before = (step) => (step === 'sync' ? held : undefined);
  let acknowledged = 0;
  const payload = Buffer.alloc(100_000, 'x');
  for (let i = 0; i < 120; i++) {
    journal.append('mqtt', 't', payload, 'accepted', () => {
      acknowledged += 1;
    });
  }
  assert.ok(acknowledged >= 80 && acknowledged <= 90, `${acknowledged} acknowledged`);
  await turns();
  assert.ok(acknowledged <= 90);
  release();
  await journal.sync();
  assert.equal(acknowledged, 120);
  assert.equal((await contentOf(journal)).length, 120);
});

test('accepted frames alone are committed by sync, not before', async () => {
  const journal = await open();
  await append(journal, 'x', 'accepted');
  await turns();
  assert.equal(journal.stats.commits, 0);
  await journal.sync();
  assert.equal(journal.stats.commits, 1);
  await journal.sync();
  assert.equal(journal.stats.commits, 1);
});

test('a full disk refuses those who wait, counts, and storing goes on when there is room', async () => {
  const disk = createSimulatedDisk();
  const journal = await open({ disk });
  await append(journal, 'before');
  disk.capacityBytes = disk.usedBytes;
  const refused = await Promise.allSettled([append(journal, 'lost 1'), append(journal, 'lost 2')]);
  assert.deepEqual(
    refused.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await append(journal, 'lost 3', 'accepted');
  await journal.sync();
  assert.equal(journal.stats.refusedFrames, 3);
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  await append(journal, 'after');
  const texts = (await contentOf(journal)).map((line) => line.split(' ').at(-1));
  assert.deepEqual(texts, ['before', 'after']);
});

test('after a failed sync every frame is refused, none acknowledged', async () => {
  const disk = createSimulatedDisk();
  const journal = await open({ disk });
  disk.before = (step) => {
    if (step === 'sync') throw failure('EIO');
  };
  await assert.rejects(append(journal, 'x'), /EIO/);
  disk.before = () => undefined;
  await assert.rejects(append(journal, 'y'), /EIO/);
  await journal.close();
  await assert.rejects(append(journal, 'z'), /closed/);
});

test('a source that throws on its answer keeps nobody else from theirs', async () => {
  const journal = await open();
  journal.append('mqtt', 't', Buffer.from('bad'), 'durable', () => {
    throw new Error('socket gone');
  });
  await append(journal, 'good');
  await append(journal, 'later');
  assert.equal((await contentOf(journal)).length, 3);
});

test('arrival times never go back over a restart, and go on at half speed until the clock has caught up', async () => {
  const disk = createSimulatedDisk();
  const clock = manualClock(1_000_000);
  const journal = await open({ disk, clock });
  await append(journal, 'x');
  await journal.close();
  clock.ms -= 60_000;
  const again = await open({ disk, clock });
  assert.equal(again.now(), 1_000_000.001);
  clock.ms += 1000;
  assert.equal(again.now(), 1_000_500);
  await append(again, 'y');
  clock.ms += 3_600_000;
  assert.equal(again.now(), clock.ms);
  const arrivals = (await contentOf(again)).map((line) => Number(line.split(' ')[2]));
  assert.deepEqual(arrivals, [1_000_000, 1_000_500]);
});

test('no two frames have the same stamp, over a restart too', async () => {
  const disk = createSimulatedDisk();
  const clock = manualClock(1_000_000);
  const journal = await open({ disk, clock });
  await Promise.all([append(journal, 'x'), append(journal, 'y')]);
  await journal.close();
  const again = await open({ disk, clock });
  await append(again, 'z');
  const arrivals = (await contentOf(again)).map((line) => Number(line.split(' ')[2]));
  assert.deepEqual(arrivals, [1_000_000, 1_000_000.001, 1_000_000.002]);
});

test('no frame is stamped before what was made of earlier ones', async () => {
  const journal = await open({ clock: manualClock(1_000_000), notBeforeMs: 2_000_000 });
  await append(journal, 'x');
  assert.equal((await contentOf(journal))[0]!.split(' ')[2], '2000000.001');
});

test('the arrival clock moves in the smallest steps too', () => {
  const clock = manualClock(1_768_000_000_000);
  const { now } = createArrivalClock(clock, { untilMs: clock.ms + 1000, offsetMs: 0 });
  const first = now();
  for (let i = 0; i < 200_000; i++) {
    clock.ms = Math.round(clock.ms * 1000 + 1) / 1000;
    now();
  }
  const passed = now() - first;
  assert.ok(passed > 95 && passed <= 100, `${passed} ms instead of 100`);
});

test('positions inside a lost block do not hide later frames', async () => {
  const disk = createSimulatedDisk();
  const journal = await open({ disk });
  await append(journal, 'kept');
  const position = { sequence: 3, frame: 2 };
  journal.release(position);
  await append(journal, 'new');
  assert.deepEqual(
    (await contentOf(journal, position)).map((line) => line.split(' ').at(-1)),
    ['new'],
  );
});

test('a journal is bounded: history goes when released, unreleased frames are never dropped', async () => {
  const disk = createSimulatedDisk();
  const journal = await open({ disk, budgetBytes: 40_000 });
  let refused: unknown;
  let stored = 0;
  for (; refused === undefined; stored++)
    refused = await append(journal, `${stored} `.repeat(20)).catch((e) => e);
  assert.match(String(refused), /is full/);
  assert.equal((await contentOf(journal)).length, stored - 1);
  journal.release(journal.end);
  for (let i = 0; i < 500; i++) {
    await append(journal, `${i}`);
    journal.release(journal.end);
  }
  assert.ok(disk.usedBytes <= 40_000);
  assert.equal((await contentOf(journal)).at(-1)?.split(' ').at(-1), '499');
});

test('a lent span stays whole while its buffer could be used again', async () => {
  const journal = await open({ blockBytes: 1000 });
  const following = journal.follow(start);
  const spans: FrameSpan[] = [];
  const expected: string[] = [];
  for (let i = 0; i < 50; i++) {
    await append(journal, `${i}`.repeat(800));
    expected.push(`${i}`.repeat(800));
    for await (const span of journal.read({ sequence: i, frame: 0 }, Number.POSITIVE_INFINITY))
      spans.push(span);
    for await (const span of following.read(Number.POSITIVE_INFINITY))
      assert.equal(textsOf([span]).length, 1);
    following.forget();
  }
  assert.deepEqual(
    textsOf(spans).map((line) => line.split(' ').at(-1)),
    expected,
  );
});

test('crashes: every acknowledged frame is there, in order, with the arrival it had', async () => {
  const steps = fc.array(
    fc.record({ frames: fc.nat(12), bytes: fc.nat(900), crash: fc.option(fc.integer()) }),
    {
      maxLength: 12,
    },
  );
  const property = fc.asyncProperty(steps, async (list) => {
    const disk = createSimulatedDisk();
    const clock = manualClock();
    let journal = await open({ disk: disk.attach(), clock, blockBytes: 3000 });
    const acknowledged: string[] = [];
    let sent = 0;
    for (const { frames, bytes, crash } of list) {
      for (let i = 0; i < frames; i++) {
        clock.ms += 1;
        const text = `${sent++}`.padEnd(bytes, '.');
        const line = `mqtt a/b ${clock.ms} ${text}`;
        journal.append('mqtt', 'a/b', Buffer.from(text), 'durable', (error) => {
          if (error === undefined) acknowledged.push(line);
        });
      }
      if (crash === null) {
        await journal.sync();
        continue;
      }
      await turns(Math.abs(crash) % 6);
      const certain = [...acknowledged];
      let random = crash >>> 0;
      disk.crash(() => {
        random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
        return random / 2 ** 32;
      });
      journal = await open({ disk: disk.attach(), clock, blockBytes: 3000 });
      const found = await contentOf(journal);
      const isThere = new Set(found);
      for (const line of certain) assert.ok(isThere.has(line), `lost ${line.slice(0, 40)}`);
      acknowledged.splice(0, acknowledged.length, ...found);
      assert.deepEqual(
        found,
        [...found].sort((a, b) => Number(a.split(' ')[2]) - Number(b.split(' ')[2])),
      );
    }
    await journal.sync();
    assert.deepEqual(await contentOf(journal), acknowledged);
  });
  await fc.assert(property, { numRuns: 60 });
});

test('after a failed sync nobody is told that what arrived before is settled: it may yet be found', async () => {
  const disk = createSimulatedDisk();
  const journal = await open({ disk });
  await append(journal, 'first');
  disk.before = (step) => {
    if (step === 'sync') throw failure('EIO');
  };
  await assert.rejects(append(journal, 'unknown'), /cannot sync/);
  await assert.rejects(journal.sync(), /cannot sync/);
  await assert.rejects(journal.failed, /cannot sync/);
  assert.match(journal.failure!.message, /cannot sync/);
  await journal.close();
  disk.before = () => undefined;
  const again = await open({ disk });
  assert.equal((await contentOf(again)).length, 2);
  await again.sync();
});
