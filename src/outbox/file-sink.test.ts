import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLogger } from '../core/log.ts';
import type { Disk } from '../log/files.ts';
import { createSimulatedDisk, failure, type SimulatedDisk } from '../log/simulated-disk.ts';
import { type FileSinkOptions, openFileSink } from './file-sink.ts';
import { startForward } from './forward.ts';
import { openOutbox } from './outbox.ts';

const never = new AbortController().signal;
const day = Date.parse('2026-01-05T12:00:00Z');

function open(disk: Disk, options: Partial<FileSinkOptions> = {}) {
  return openFileSink('/points', {
    disk,
    budgetBytes: 1 << 20,
    now: () => day,
    logger: silentLogger,
    ...options,
  });
}

function files(disk: SimulatedDisk): Record<string, string> {
  const names = disk.paths.filter((path) => path.startsWith('/points/')).sort();
  return Object.fromEntries(names.map((path) => [path.slice(8), disk.content(path).toString()]));
}

/** A process's view of the disk: after its end it can do nothing any more. Open files die by the crash itself. */
function mortal(disk: Disk): { disk: Disk; kill: () => void } {
  let isDead = false;
  const guarded = Object.entries(disk).map(([name, method]) => [
    name,
    async (...parameters: unknown[]) => {
      if (isDead) throw new Error('the process is dead');
      return await (method as (...parameters: unknown[]) => unknown)(...parameters);
    },
  ]);
  return {
    disk: Object.fromEntries(guarded) as Disk,
    kill() {
      isDead = true;
    },
  };
}

test('lines go to a file of the day, and to the next one on the next day', async () => {
  const disk = createSimulatedDisk();
  let now = day;
  const sink = await open(disk, { now: () => now });
  assert.deepEqual(await sink.send(['a v=1 1', 'a v=2 2'], never), { kind: 'accepted' });
  await sink.send(['a v=3 3'], never);
  now += 86_400_000;
  await sink.send(['a v=4 4'], never);
  now -= 10 * 86_400_000;
  await sink.send(['a v=5 5'], never);
  assert.deepEqual(files(disk), {
    '2026-01-05-001.lp': 'a v=1 1\na v=2 2\na v=3 3\n',
    '2026-01-06-001.lp': 'a v=4 4\na v=5 5\n',
  });
});

test('files are bounded, each and together', async () => {
  const disk = createSimulatedDisk();
  const sink = await open(disk, { budgetBytes: 8000 });
  for (let i = 0; i < 1000; i += 1) await sink.send([`m v=${i} ${i}`], never);
  const sizes = Object.values(files(disk)).map((text) => text.length);
  assert.ok(sizes.length > 3 && Math.max(...sizes) <= 1000);
  assert.ok(sizes.reduce((sum, size) => sum + size) <= 8000);
  assert.match(Object.values(files(disk)).join(''), /m v=999 999\n$/);
});

test('other files in the folder are left alone', async () => {
  const disk = createSimulatedDisk();
  await disk.makeFolder('/points');
  await (await disk.open('/points/mine.lp', 'create')).write([Buffer.from('x')], 0);
  const sink = await open(disk);
  await sink.resume?.('');
  await sink.send(['a v=1 1'], never);
  assert.deepEqual(Object.keys(files(disk)), ['2026-01-05-001.lp', 'mine.lp']);
});

test('a full disk takes nothing in half; it goes on when there is room', async () => {
  const disk = createSimulatedDisk();
  const sink = await open(disk);
  await sink.send(['a v=1 1'], never);
  disk.capacityBytes = disk.usedBytes + 4;
  const outcome = await sink.send(['a v=2 2'], never);
  assert.match(outcome.kind === 'unavailable' ? outcome.detail : '', /ENOSPC/);
  assert.deepEqual(files(disk), { '2026-01-05-001.lp': 'a v=1 1\n' });
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  await sink.send(['a v=2 2'], never);
  assert.deepEqual(files(disk), { '2026-01-05-001.lp': 'a v=1 1\na v=2 2\n' });
});

test('a failing sync is not an acceptance', async () => {
  const disk = createSimulatedDisk();
  const sink = await open(disk);
  disk.before = (step) => {
    if (step === 'sync') throw failure('EIO');
  };
  assert.equal((await sink.send(['a v=1 1'], never)).kind, 'unavailable');
  disk.before = () => {};
  assert.equal((await sink.send(['a v=1 1'], never)).kind, 'accepted');
  assert.deepEqual(files(disk), { '2026-01-05-001.lp': 'a v=1 1\n' });
});

test('resuming cuts what was written after the mark, in later files too', async () => {
  const disk = createSimulatedDisk();
  let now = day;
  const first = await open(disk, { now: () => now });
  await first.send(['a v=1 1'], never);
  const mark = first.mark?.();
  await first.send(['a v=2 2'], never);
  now += 86_400_000;
  await first.send(['a v=3 3'], never);
  await first.close();
  const second = await open(disk);
  await second.resume?.(mark);
  await second.send(['a v=2 2'], never);
  assert.deepEqual(files(disk), { '2026-01-05-001.lp': 'a v=1 1\na v=2 2\n' });
});

test('through power cuts at any moment each point is in the files once', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.record({ points: fc.nat(3), turns: fc.nat(30), crash: fc.boolean() }), { maxLength: 10 }),
    fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
    async (steps, randoms) => {
      const simulated = createSimulatedDisk();
      const start = async () => {
        const { disk, kill } = mortal(simulated);
        const setAside = (): void => assert.fail('set aside');
        const outbox = await openOutbox('/outbox', {
          budgetBytes: 1 << 20,
          logger: silentLogger,
          disk,
          setAside,
        });
        const stop = new AbortController();
        const forwarder = await startForward({
          lane: outbox.points,
          sink: await open(disk),
          target: 'files',
          disk,
          cursorPath: outbox.cursorPath('forward'),
          backlogPointsPerSecond: Number.POSITIVE_INFINITY,
          setAside,
          logger: silentLogger,
          signal: stop.signal,
          waits: { firstRetryMs: 1, maxRetryMs: 1, flushMs: 100, positionMs: 0 },
        });
        return { outbox, stop, forwarder, kill };
      };
      let running = await start();
      let value = 0;
      const expected: string[] = [];
      for (const [batch, { points, turns, crash }] of steps.entries()) {
        const fresh = Array.from({ length: points }, () => (value += 1));
        expected.push(...fresh.map((v) => `m v=${v} ${v}000000`));
        await running.outbox.append(
          batch + 1,
          fresh.map((v) => ({ measurement: 'm', tags: {}, fields: { v }, timeMs: v })),
          [],
        );
        for (let i = 0; i < turns; i += 1) await new Promise(setImmediate);
        if (!crash) continue;
        running.kill();
        simulated.crash(() => randoms.next().value as number);
        const dead = running;
        running = await start();
        dead.stop.abort();
        await dead.forwarder.closed;
      }
      running.stop.abort();
      await running.forwarder.closed;
      assert.equal(running.forwarder.status().pendingPoints, 0);
      const lines = Object.values(files(simulated)).join('').split('\n').slice(0, -1);
      assert.deepEqual(lines, expected);
    },
  );
  await fc.assert(property, { numRuns: 100 });
});
