import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createSimulatedDisk } from '../log/simulated-disk.ts';
import { createServer, live, minuteOf, settled, startMs, totalsOf } from './outage-testing.ts';

const budgetBytes = 1 << 19;
const minutes = 260;

test('a long outage: the oldest points are merged, none is lost, and all totals arrive', async (t) => {
  const server = createServer();
  server.mode = 'away';
  const life = await live(createSimulatedDisk(), server, budgetBytes);
  t.after(life.leave);
  for (let minute = 1; minute <= minutes; minute++) {
    await life.append(minute);
    await settled(life, () => life.outbox.points.bytes < life.outbox.pointsBudgetBytes * 0.8);
  }
  const { thinned, lost, pendingPoints } = life.status();
  assert.ok(thinned.from > minutes * 60, JSON.stringify(thinned));
  assert.equal(lost, 0);
  assert.equal(pendingPoints, minutes * minuteOf(1).length - thinned.from + thinned.to);
  server.mode = 'well';
  await settled(life, () => life.status().pendingPoints === 0);
  assert.deepEqual(server.totals(), totalsOf(minutes));
  assert.equal(life.status().lost, 0);
  const after = life.status();
  assert.ok(after.sent >= minutes * minuteOf(1).length - after.thinned.from + after.thinned.to);
  const states = [...server.points.keys()].filter((identity) => identity.startsWith('state,'));
  assert.equal(states.length, minutes, 'what cannot be merged is kept as it is');
  await life.stop();
});

test('only when nothing is left to merge the oldest are dropped, counted at once', async (t) => {
  const server = createServer();
  server.mode = 'away';
  const life = await live(createSimulatedDisk(), server, budgetBytes);
  t.after(life.leave);
  let minute = 1;
  for (; life.status().lost === 0; minute++) {
    assert.ok(minute < 5000);
    await life.append(minute);
    await settled(life, () => life.outbox.points.bytes < life.outbox.pointsBudgetBytes * 0.8);
  }
  const { lost, pendingPoints, thinned } = life.status();
  assert.ok(thinned.to > 0 && lost < pendingPoints);
  server.mode = 'well';
  await settled(life, () => life.status().pendingPoints === 0);
  const held = minute - 1;
  const states = [...server.points.keys()].filter((identity) => identity.startsWith('state,'));
  const left = states.map((identity) => (Number(identity.split(' ')[1]!) / 1e6 - startMs) / 60_000);
  assert.ok(left.length < held);
  assert.deepEqual(
    left.toSorted((a, b) => a - b),
    Array.from(left, (_, i) => held - left.length + 1 + i),
    'what is gone is the oldest',
  );
  await life.stop();
});

test('new points are sent before the backlog, and the backlog oldest first', async (t) => {
  const server = createServer();
  server.mode = 'away';
  // Slow enough that the new ones come while it is being sent.
  const life = await live(createSimulatedDisk(), server, budgetBytes, { backlogPointsPerSecond: 10_000 });
  t.after(life.leave);
  for (let minute = 1; minute <= minutes; minute++) {
    await life.append(minute);
    await settled(life, () => life.outbox.points.bytes < life.outbox.pointsBudgetBytes * 0.8);
  }
  await settled(life, () => life.status().state === 'down');
  server.mode = 'well';
  await settled(life, () => server.requests.length > 0);
  await life.append(minutes + 1);
  const isNew = (lines: readonly string[]): boolean =>
    lines.some((line) => line.startsWith(`state,key=all minute=${minutes + 1} `));
  await settled(life, () => server.requests.some(isNew));
  assert.ok(life.status().backlogPoints > 0, 'before the backlog is through');
  await settled(life, () => life.status().pendingPoints === 0);
  const oldestOf = (lines: readonly string[]): number =>
    Math.min(...lines.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1))));
  const times = server.requests.filter((lines) => !isNew(lines)).map(oldestOf);
  const backlog = times.slice(times.indexOf(Math.min(...times)));
  assert.ok(backlog.length > 3);
  assert.deepEqual(
    backlog,
    backlog.toSorted((a, b) => a - b),
  );
  assert.deepEqual(server.totals(), totalsOf(minutes + 1));
  await life.stop();
});

/** Files of a lane, as a repair of the file system takes them away: all, or the newest. */
async function losesFiles(t: TestContext, which: 'all' | 'newest', level: string): Promise<void> {
  const server = createServer();
  server.mode = 'away';
  const disk = createSimulatedDisk();
  const life = await live(disk, server, budgetBytes);
  t.after(life.leave);
  for (let minute = 1; minute <= minutes; minute++) {
    await life.append(minute);
    await settled(life, () => life.outbox.points.bytes < life.outbox.pointsBudgetBytes * 0.8);
  }
  await life.stop();
  const before = life.status();
  const files = disk.paths.filter((path) => path.startsWith(`/outbox/${level}/`)).sort();
  assert.ok(files.length > 1, 'of several files the last one is not the only one');
  for (const path of which === 'all' ? files : files.slice(-1)) await disk.remove(path);

  const again = await live(disk, server, budgetBytes);
  t.after(again.leave);
  const { through, pendingPoints } = again.status();
  assert.deepEqual(
    [through.taken, pendingPoints + through.lost],
    [before.through.taken, before.pendingPoints + before.through.lost],
    'what is gone is not forgotten',
  );
  server.mode = 'well';
  await settled(again, () => again.status().pendingPoints === 0);
  const { lost, thinned } = again.status();
  assert.ok(lost > 0 && lost < before.pendingPoints, `${lost} of ${before.pendingPoints} are lost`);
  const left = before.pendingPoints - lost - (thinned.from - thinned.to);
  assert.equal(server.points.size, left, 'all that is left arrives');
  await again.stop();

  const last = await live(disk, server, budgetBytes);
  assert.deepEqual([last.status().pendingPoints, last.status().lost], [0, 0], 'and is told once');
  await last.stop();
}

test('merged points whose files are gone are counted as lost, once', async (t) => {
  await losesFiles(t, 'all', 'points-1m');
  await losesFiles(t, 'newest', 'points-1m');
});

/** Numbers 0 … 1 that follow from the seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** So much that nothing has to be dropped, even if nothing could be merged. */
const crashBudgetBytes = 1 << 20;
const crashMinutes = 190;
/** More by hand: `OUTAGE_ROUNDS=200 node --test src/outbox/thin.test.ts`. */
const crashes = { rounds: Number(process.env.OUTAGE_ROUNDS ?? 8) };

/** Lives that end in a power cut at some step on the disk, with a server that comes and goes; then all is well. */
async function livesWithCrashes(seed: number, lives: number): Promise<number> {
  const random = randomFrom(seed);
  const disk = createSimulatedDisk();
  const server = createServer();
  let minute = 0;
  let lost = 0;
  let thinned = 0;
  for (let i = 0; i < lives; i++) {
    server.mode = (['away', 'away', 'silent', 'well'] as const)[Math.floor(random() * 4)]!;
    let left = Math.floor(random() * 500);
    const cut = Promise.withResolvers<void>();
    disk.before = () => {
      left -= 1;
      if (left >= 0) return;
      if (left === -1) {
        count();
        disk.crash(random);
        cut.resolve();
      }
      return new Promise(() => {});
    };
    const run = async (): Promise<void> => {
      const life = await live(disk.attach(), server, crashBudgetBytes);
      leave = life.leave;
      count = () => {
        lost += life.status().lost;
        thinned += life.status().thinned.from;
      };
      minute = Math.max(0, Math.round((life.outbox.points.lastBatchEndMs - startMs) / 60_000)) || 0;
      while (minute < crashMinutes) {
        await life.append(minute + 1);
        minute += 1;
        if (random() < 0.1) server.mode = random() < 0.5 ? 'silent' : 'away';
        const hasRoom = (): boolean => life.outbox.points.bytes < life.outbox.pointsBudgetBytes * 0.8;
        await settled(life, () => ended.signal.aborted || hasRoom());
        if (ended.signal.aborted) return;
      }
    };
    const ended = new AbortController();
    let leave = (): void => {};
    let count = (): void => {};
    const running = run().catch(() => {});
    await Promise.race([cut.promise, running]);
    ended.abort();
    leave();
  }
  disk.before = () => {};
  server.mode = 'well';
  const last = await live(disk, server, crashBudgetBytes);
  const held = Math.round((last.outbox.points.lastBatchEndMs - startMs) / 60_000);
  await settled(last, () => last.status().pendingPoints === 0);
  lost += last.status().lost;
  assert.equal(
    last.status().through.taken,
    last.outbox.points.lineCount,
    'points that a cut left in no count',
  );
  assert.deepEqual(server.totals(), totalsOf(held));
  assert.equal(lost, 0);
  await last.stop();
  return thinned;
}

test('power cuts at any step of an outage neither lose nor double a point, also when answers were lost', async () => {
  const { rounds } = crashes;
  let thinned = 0;
  for (let seed = 1; seed <= rounds; seed++) {
    thinned += await livesWithCrashes(seed, 5).catch((error) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
  }
  assert.ok(thinned > rounds * 1000, `${thinned} points were merged`);
});
