/** InfluxDB away for half a day, as the whole path has it: readings through the engine into a small outbox, then a real server. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { freePort } from '../../test/peers/free-port.ts';
import { type Influxd, startInfluxd } from '../../test/peers/influxd.ts';
import { until } from '../../test/peers/until.ts';
import { silentLogger } from '../core/log.ts';
import type { Point } from '../core/types.ts';
import { planOf, reading, running } from '../engine/rule-testing.ts';
import { systemDisk } from '../log/files.ts';
import { type Forwarder, startForward } from './forward.ts';
import { createInfluxSink } from './influx.ts';
import { type Outbox, openOutbox } from './outbox.ts';

const hours = 12;
const rooms = 100;
const startMs = Date.parse('2026-01-05T06:00:00Z');
/** Of one batch, and between two readings of a room. */
const batchMs = 60_000;
const everyMs = 10_000;

const plan = planOf(`    window: { tumbling: 10s }
    compute: { n: count(), total: sum(t), mean: avg(t), least: min(t), most: max(t), middle: median(t) }`);

/** Whole numbers that wander: sums are exact, and records do not compress to nothing. */
function readingOf(room: number, i: number): number {
  return 1000 + ((Math.imul(room * 7919 + i * 104_729, 2_654_435_761) >>> 0) % 4001);
}

/** Batches of all points of so many hours. */
function* pointsOf(): Generator<{ readonly endMs: number; readonly points: readonly Point[] }> {
  const engine = running(plan);
  const perBatch = batchMs / everyMs;
  for (let batch = 0; batch * batchMs < hours * 3_600_000; batch++) {
    const frames = [];
    for (let i = batch * perBatch; i < (batch + 1) * perBatch; i++) {
      for (let room = 0; room < rooms; room++) {
        frames.push(reading(startMs + i * everyMs + 1, readingOf(room, i), `room-${room}`));
      }
    }
    const endMs = startMs + (batch + 1) * batchMs;
    engine.feed(frames, endMs);
    yield { endMs, points: engine.told.points.splice(0) };
  }
  engine.close();
  yield { endMs: startMs + hours * 3_600_000 + batchMs, points: engine.told.points.splice(0) };
}

interface Gateway {
  readonly outbox: Outbox;
  readonly forwarder: Forwarder;
  stop(): Promise<void>;
}

async function run(folder: string, url: string): Promise<Gateway> {
  const outbox = await openOutbox(folder, { budgetBytes: 16_000_000, logger: silentLogger, setAside() {} });
  const stop = new AbortController();
  const forwarder = await startForward({
    lane: outbox.points,
    levels: outbox.levels,
    budgetBytes: outbox.pointsBudgetBytes,
    sink: createInfluxSink({ url, database: 'fleet', timeoutMs: 10_000, backlogPointsPerSecond: 1e6 }),
    target: url,
    disk: systemDisk,
    cursorPath: outbox.cursorPath('points'),
    backlogPointsPerSecond: 1e6,
    setAside() {},
    logger: silentLogger,
    signal: stop.signal,
    waits: { firstRetryMs: 5, maxRetryMs: 50, flushMs: 2000, positionMs: 50 },
  });
  return {
    outbox,
    forwarder,
    async stop() {
      stop.abort();
      await forwarder.closed;
      await outbox.close();
    },
  };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Of live objects. */
function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

async function rig(t: TestContext): Promise<{ folder: string; influxd: Influxd }> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-long-outage-'));
  t.after(() => rm(folder, { recursive: true }));
  const influxd = await startInfluxd();
  t.after(() => influxd.stop());
  return { folder, influxd };
}

test('half a day away, 16 MB for it: merged, nothing lost, memory flat, and the totals of the server are those of the readings', async (t) => {
  const { folder, influxd } = await rig(t);
  const nobody = `http://127.0.0.1:${await freePort()}`;
  let gateway = await run(folder, nobody);
  const room = (): boolean => gateway.outbox.points.bytes < gateway.outbox.pointsBudgetBytes * 0.7;
  let points = 0;
  let heapBefore = 0;
  for (const batch of pointsOf()) {
    await gateway.outbox.append(batch.endMs, batch.points, [], plan.merges);
    points += batch.points.length;
    await until(room, 'the oldest points to be merged');
    if (batch.endMs === startMs + 2 * 3_600_000) heapBefore = heapBytes();
    // A restart in the middle of it.
    if (batch.endMs === startMs + 8 * 3_600_000) {
      await gateway.stop();
      gateway = await run(folder, nobody);
    }
  }
  assert.equal(points, (hours * 3_600_000 * rooms) / everyMs);
  const grown = heapBytes() - heapBefore;
  assert.ok(grown < 16 * 1024 * 1024, `${grown} bytes more on the heap for ${points} points`);
  const status = gateway.forwarder.status();
  assert.ok(status.thinned.from > 0, JSON.stringify(status));
  assert.ok(status.roomMs! > 3_600_000, JSON.stringify(status));
  assert.ok(Math.abs(status.oldestPendingMs! - startMs) < 3_600_000, JSON.stringify(status));
  await gateway.stop();

  gateway = await run(folder, influxd.url);
  await until(() => gateway.forwarder.status().pendingPoints === 0, 'the backlog to drain');
  assert.equal(gateway.forwarder.status().lost, 0);
  await gateway.stop();

  const series = await influxd.query(
    'SELECT sum(n), sum(total), min(least), max(most), count(n) FROM r GROUP BY room',
    'fleet',
  );
  assert.equal(series.length, rooms);
  const weighted = await influxd.query(
    'SELECT sum(w) FROM (SELECT mean * n AS w FROM r GROUP BY room) GROUP BY room',
    'fleet',
  );
  const sums = new Map(weighted.map(({ tags, values }) => [tags!.room, Number(values[0]![1])]));
  let held = 0;
  for (const { tags, values } of series) {
    const name = Number(tags!.room!.slice('room-'.length));
    const all = Array.from({ length: (hours * 3_600_000) / everyMs }, (_, i) => readingOf(name, i));
    const total = all.reduce((sum, value) => sum + value, 0);
    const [, n, sum, least, most, count] = values[0]!;
    assert.deepEqual([n, sum, least, most], [all.length, total, Math.min(...all), Math.max(...all)]);
    assert.ok(Math.abs(sums.get(tags!.room)! - total) < 1, 'means count by their readings');
    held += Number(count);
  }
  assert.ok(held < points * 0.7, `${points} points came as ${held}`);
});
