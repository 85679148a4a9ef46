import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLogger } from '../core/log.ts';
import type { Point, SetAside } from '../core/types.ts';
import { createSimulatedDisk, type SimulatedDisk } from '../log/simulated-disk.ts';
import { type Forwarder, type ForwardOptions, startForward } from './forward.ts';
import { balanced } from './outage-testing.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import type { Sink, SinkOutcome } from './sink.ts';

const accepted: SinkOutcome = { kind: 'accepted' };
const down: SinkOutcome = { kind: 'unavailable', detail: 'ECONNREFUSED' };
const waits = { firstRetryMs: 1, maxRetryMs: 4, refusedMs: 4, flushMs: 500 };

/** A sink whose answer the test decides; `requests` is everything that was accepted, request by request. */
function scripted(answer: (lines: readonly string[]) => SinkOutcome | Promise<SinkOutcome>) {
  const requests: (readonly string[])[] = [];
  const script = { answer, requests };
  const sink: Sink = {
    async send(lines) {
      const outcome = await script.answer(lines);
      if (outcome.kind === 'accepted') requests.push(lines);
      return outcome;
    },
    async close() {},
  };
  const set = (next: typeof answer): void => {
    script.answer = next;
  };
  return { ...script, sink, set };
}

/** A sink that answers when told. */
function held() {
  const requests: { readonly lines: readonly string[]; readonly settle: (outcome: SinkOutcome) => void }[] =
    [];
  const sink: Sink = {
    send: (lines, signal) =>
      new Promise((resolve) => {
        requests.push({ lines, settle: resolve });
        signal.addEventListener('abort', () => resolve(down), { once: true });
      }),
    async close() {},
  };
  const next = async (): Promise<readonly string[]> => {
    await until(() => requests.length > 0);
    return requests[0]!.lines;
  };
  const answer = async (outcome: SinkOutcome): Promise<number[]> => {
    const values = valuesOf([await next()]);
    requests.shift()!.settle(outcome);
    await turn();
    return values;
  };
  return { sink, next, answer };
}

interface Rig {
  readonly outbox: Outbox;
  readonly letters: SetAside[];
  start(sink: Sink, options?: Partial<ForwardOptions>): Promise<Forwarder>;
  /** Points `v=…` of the batch that ends at `batch`. */
  append(batch: number, values: readonly number[], timeMs?: number): Promise<void>;
  /** Stops forwarding; the log is closed as at the end of a process. */
  stop(): Promise<void>;
}

async function rig(disk: SimulatedDisk, budgetBytes = 1 << 22): Promise<Rig> {
  const letters: SetAside[] = [];
  const setAside = (entries: readonly SetAside[]): void => void letters.push(...entries);
  const outbox = await openOutbox('/outbox', { budgetBytes, logger: silentLogger, disk, setAside });
  const lifetime = new AbortController();
  let forwarder: Forwarder | undefined;
  return {
    outbox,
    letters,
    async start(sink, options = {}) {
      forwarder = await startForward({
        lane: outbox.points,
        sink,
        target: 'test',
        disk,
        cursorPath: outbox.cursorPath('forward'),
        backlogPointsPerSecond: 1e6,
        setAside,
        logger: silentLogger,
        signal: lifetime.signal,
        waits,
        ...options,
      });
      const { status, ...others } = forwarder;
      return { ...others, status: () => balanced(status()) };
    },
    append: (batch, values, timeMs) =>
      outbox.append(
        batch,
        values.map((v): Point => ({ measurement: 'm', tags: {}, fields: { v }, timeMs: timeMs ?? v })),
        [],
      ),
    async stop() {
      lifetime.abort();
      await forwarder?.closed;
      await outbox.close();
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  const limit = performance.now() + 10_000;
  while (!condition()) {
    assert.ok(performance.now() < limit, 'waited too long');
    await turn();
  }
}

const thousand = (batch: number): number[] => Array.from({ length: 1000 }, (_, i) => batch * 1000 + i);
const valuesOf = (requests: readonly (readonly string[])[]): number[] =>
  requests.flat().map((line) => Number(/v=(\S+)/.exec(line)![1]));

test('points are sent in order, records together, each once', async () => {
  const server = scripted(() => ({ kind: 'accepted' }));
  const r = await rig(createSimulatedDisk());
  const forwarder = await r.start(server.sink);
  for (let batch = 1; batch <= 20; batch += 1) await r.append(batch, [batch * 2, batch * 2 + 1]);
  await until(() => forwarder.status().pendingPoints === 0);
  assert.deepEqual(
    valuesOf(server.requests),
    Array.from({ length: 40 }, (_, i) => i + 2),
  );
  assert.deepEqual([forwarder.status().sent, forwarder.status().detail], [40, 'connected']);
  await r.stop();
});

test('the end flushes what was just appended', async () => {
  const server = scripted(() => ({ kind: 'accepted' }));
  const r = await rig(createSimulatedDisk());
  await r.start(server.sink);
  await r.append(1, [1, 2, 3]);
  await r.stop();
  assert.deepEqual(valuesOf(server.requests), [1, 2, 3]);
});

test('the end does not wait for a server that never answers; nothing is lost', async () => {
  const disk = createSimulatedDisk();
  const r = await rig(disk);
  const stuck: Sink = {
    send: (_lines, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(down), { once: true })),
    async close() {},
  };
  await r.start(stuck, { waits: { ...waits, flushMs: 20 } });
  await r.append(1, [1]);
  await r.stop();
  const server = scripted(() => ({ kind: 'accepted' }));
  const next = await rig(disk);
  const forwarder = await next.start(server.sink);
  await until(() => forwarder.status().pendingPoints === 0);
  assert.deepEqual(valuesOf(server.requests), [1]);
  await next.stop();
});

test('after an outage new points go first, and the backlog drains in order behind them', async () => {
  const server = held();
  const r = await rig(createSimulatedDisk(), 1 << 24);
  const forwarder = await r.start(server.sink);
  await r.append(1, [1]);
  await server.answer(down);
  assert.match(forwarder.status().detail, /^down for 0 s: ECONNREFUSED, next try in/);
  for (let batch = 2; batch <= 13; batch += 1) await r.append(batch, thousand(batch));
  assert.deepEqual(await server.answer(accepted), [1]);
  assert.deepEqual(valuesOf([await server.next()]), [2, 3, 4, 5, 6].flatMap(thousand));
  assert.deepEqual([forwarder.status().backlogPoints, forwarder.status().oldestPendingMs], [12_000, 2]);
  await r.append(14, [99], 1e6);
  await server.answer(accepted);
  assert.deepEqual(await server.answer(accepted), [99]);
  assert.deepEqual(await server.answer(accepted), [7, 8, 9, 10, 11].flatMap(thousand));
  assert.equal(forwarder.status().pendingPoints, 2000);
  assert.deepEqual(await server.answer(accepted), [12, 13].flatMap(thousand));
  await until(() => forwarder.status().pendingPoints === 0);
  await r.stop();
});

test('the backlog drains at its rate', async () => {
  const server = held();
  const r = await rig(createSimulatedDisk());
  const forwarder = await r.start(server.sink, { backlogPointsPerSecond: 100 });
  await r.append(1, [1]);
  await server.answer(down);
  await r.append(2, thousand(2));
  await server.answer(accepted);
  const before = performance.now();
  assert.equal((await server.answer(accepted)).length, 100);
  assert.equal((await server.answer(accepted)).length, 100);
  assert.ok(performance.now() - before > 900, 'a second between two hundreds');
  assert.equal(forwarder.status().backlogPoints, 1000, 'positions pass whole records');
  await r.stop();
});

test('what was left at the end of a run is the backlog of the next, in whatever order runs and outages come', async () => {
  const disk = createSimulatedDisk();
  let batch = 0;
  const received: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    const server = scripted(() => down);
    const r = await rig(disk);
    const forwarder = await r.start(server.sink, { waits: { ...waits, flushMs: 5 } });
    for (let i = 0; i < 4; i += 1) await r.append(++batch, [batch]);
    await until(() => forwarder.status().state === 'down');
    if (run % 2 === 1) server.set(() => ({ kind: 'accepted' }));
    if (run % 2 === 1) await until(() => forwarder.status().pendingPoints === 0);
    await r.stop();
    received.push(...valuesOf(server.requests));
  }
  const last = scripted(() => ({ kind: 'accepted' }));
  const r = await rig(disk);
  const forwarder = await r.start(last.sink);
  await until(() => forwarder.status().pendingPoints === 0);
  await r.stop();
  received.push(...valuesOf(last.requests));
  assert.deepEqual(
    [...new Set(received)].sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
});

test('where an old and a new line name the same point, the newer has the last word', async () => {
  const server = held();
  const r = await rig(createSimulatedDisk(), 1 << 24);
  const forwarder = await r.start(server.sink);
  await r.append(1, [1]);
  await server.answer(down);
  await r.append(2, [...Array(5000).keys()], 6000);
  await r.append(3, [30], 7000);
  await server.answer(accepted);
  await server.next();
  await r.append(4, [40], 7000);
  await r.append(5, [50], 9000);
  await server.answer(accepted);
  assert.deepEqual(await server.answer(accepted), [40, 50], 'new ones first');
  assert.deepEqual(
    await server.answer(accepted),
    [30, 40],
    'then the old one, and again what is newer than it',
  );
  await until(() => forwarder.status().pendingPoints === 0);
  await r.append(6, [60], 7000);
  assert.deepEqual(await server.answer(accepted), [60], 'and nothing more');
  await r.stop();
});

test('bad lines are set aside with the words of the server, the others arrive', async () => {
  const server = scripted((lines) =>
    lines.some((line) => line.includes('v=13'))
      ? { kind: 'rejected', detail: '400 partial write: no thirteens', all: false, certain: true }
      : { kind: 'accepted' },
  );
  const r = await rig(createSimulatedDisk());
  const forwarder = await r.start(server.sink);
  await r.append(
    1,
    Array.from({ length: 20 }, (_, i) => i),
  );
  await until(() => forwarder.status().pendingPoints === 0);
  assert.deepEqual(r.letters, [
    { reason: 'refused-by-server', detail: '400 partial write: no thirteens', line: 'm v=13 13000000' },
  ]);
  assert.deepEqual([forwarder.status().sent, forwarder.status().setAside], [19, 1]);
  await r.stop();
});

test('a poison line in words nobody knows does not stop the others for ever', async () => {
  const server = scripted((lines) =>
    lines.some((line) => line.includes('v=1 '))
      ? { kind: 'rejected', detail: '400 hm', all: false, certain: false }
      : { kind: 'accepted' },
  );
  const r = await rig(createSimulatedDisk());
  const forwarder = await r.start(server.sink);
  await r.append(1, [1]);
  await until(() => forwarder.status().state === 'refused');
  assert.equal(r.letters.length, 0);
  await r.append(2, [2]);
  await until(() => forwarder.status().pendingPoints === 0);
  assert.deepEqual([valuesOf(server.requests), r.letters.length], [[2], 1]);
  await r.stop();
});

test('a refusal says what to do', async () => {
  const server = scripted(() => ({ kind: 'refused', detail: '401 no', remedy: 'check the password' }));
  const r = await rig(createSimulatedDisk());
  const forwarder = await r.start(server.sink, { waits: { ...waits, refusedMs: 30_000 } });
  await r.append(1, [1]);
  await until(() => forwarder.status().state === 'refused');
  assert.equal(forwarder.status().detail, 'refused for 0 s: 401 no (check the password), next try in 30 s');
  assert.equal(forwarder.status().oldestPendingMs, 1);
  await r.stop();
});

test('a Retry-After longer than our own wait is kept', async () => {
  let requests = 0;
  const server = scripted(() => {
    requests += 1;
    return { kind: 'unavailable', detail: '503', retryAfterMs: 60_000 };
  });
  const r = await rig(createSimulatedDisk());
  const forwarder = await r.start(server.sink, { waits: { ...waits, flushMs: 10 } });
  await r.append(1, [1]);
  await until(() => forwarder.status().state === 'down');
  assert.match(forwarder.status().detail, /next try in 60 s/);
  assert.equal(requests, 1);
  await r.stop();
});

test('at its budget the outbox drops the oldest points and counts them', async () => {
  const server = scripted(() => down);
  const disk = createSimulatedDisk();
  const r = await rig(disk, 128 * 1024);
  const forwarder = await r.start(server.sink);
  let lines = 0;
  for (let batch = 1; batch <= 200; batch += 1) {
    const values = Array.from({ length: 50 }, (_, i) => Math.sin(batch * 1000 + i));
    lines += values.length;
    await r.append(batch, values, batch);
  }
  assert.ok(r.outbox.losses.points.droppedRecords > 0);
  server.set(() => ({ kind: 'accepted' }));
  await until(() => forwarder.status().pendingPoints === 0);
  const { sent, lost } = forwarder.status();
  assert.ok(lost > 0);
  assert.equal(sent + lost, lines);
  await r.stop();
});

test('a position whose lane is gone starts at the oldest record kept', async () => {
  const disk = createSimulatedDisk();
  const first = await rig(disk);
  const forwarder = await first.start(scripted(() => ({ kind: 'accepted' })).sink);
  for (let batch = 1; batch <= 5; batch += 1) await first.append(batch, [batch]);
  await until(() => forwarder.status().pendingPoints === 0);
  await first.stop();
  for (const path of disk.paths.filter((name) => name.endsWith('.log'))) await disk.remove(path);
  const server = scripted(() => ({ kind: 'accepted' }));
  const second = await rig(disk);
  const again = await second.start(server.sink);
  await second.append(10, [10]);
  await until(() => again.status().pendingPoints === 0);
  assert.deepEqual(valuesOf(server.requests), [10]);
  await second.stop();
});

test('delivered records are released', async () => {
  const disk = createSimulatedDisk();
  const r = await rig(disk, 256 * 1024);
  const server = scripted(() => ({ kind: 'accepted' }));
  const forwarder = await r.start(server.sink, { waits: { ...waits, positionMs: 1 } });
  for (let batch = 1; batch <= 300; batch += 1) {
    await r.append(
      batch,
      Array.from({ length: 50 }, (_, i) => Math.sin(batch * 1000 + i)),
      batch,
    );
    await until(() => forwarder.status().pendingPoints === 0);
  }
  await r.stop();
  assert.equal(r.outbox.losses.points.droppedRecords + forwarder.status().lost, 0);
});
