import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Influxd, startInfluxd } from '../../test/peers/influxd.ts';
import { until } from '../../test/peers/until.ts';
import { silentLogger } from '../core/log.ts';
import type { Point, SetAside } from '../core/types.ts';
import { systemDisk } from '../log/files.ts';
import { type ForwardStatus, startForward } from './forward.ts';
import { createInfluxSink } from './influx.ts';
import { openOutbox } from './outbox.ts';

interface Run {
  append(batch: number, points: readonly Point[]): Promise<void>;
  status(): ForwardStatus;
  readonly letters: readonly SetAside[];
  stop(): Promise<void>;
}

async function run(folder: string, url: string, backlogPointsPerSecond = 20_000): Promise<Run> {
  const letters: SetAside[] = [];
  const setAside = (entries: readonly SetAside[]): void => void letters.push(...entries);
  const outbox = await openOutbox(folder, { budgetBytes: 1 << 26, logger: silentLogger, setAside });
  const stop = new AbortController();
  const forwarder = await startForward({
    lane: outbox.points,
    sink: createInfluxSink({ url, database: 'fleet', timeoutMs: 5000, backlogPointsPerSecond }),
    target: url,
    disk: systemDisk,
    cursorPath: outbox.cursorPath('forward'),
    backlogPointsPerSecond,
    setAside,
    logger: silentLogger,
    signal: stop.signal,
    waits: { firstRetryMs: 5, maxRetryMs: 50, flushMs: 2000 },
  });
  return {
    append: (batch, points) => outbox.append(batch, points, []),
    status: forwarder.status,
    letters,
    async stop() {
      stop.abort();
      await forwarder.closed;
      await outbox.close();
    },
  };
}

const startMs = Date.parse('2026-01-05T06:00:00Z');

/** Batch k has points of 100 vehicles at second k. */
function batchOf(k: number): Point[] {
  return Array.from({ length: 100 }, (_, i) => ({
    measurement: 'load',
    tags: { vehicle: String(i) },
    fields: { v: k + i / 1000 },
    timeMs: startMs + k * 1000,
  }));
}

async function rig(t: TestContext): Promise<{ influx: Influxd; folder: string }> {
  const influx = await startInfluxd();
  t.after(() => influx.stop());
  const folder = await mkdtemp(join(tmpdir(), 'headgate-outbox-'));
  t.after(() => rm(folder, { recursive: true }));
  return { influx, folder };
}

/** Every point of the batches is there, with its value, and nothing else. */
async function assertAll(influx: Influxd, batches: number): Promise<void> {
  const series = await influx.query('SELECT v, vehicle FROM load', 'fleet');
  const found = new Map(series[0]?.values.map(([time, v, vehicle]) => [`${vehicle} ${time}`, v]));
  const expected = new Map<string, unknown>();
  for (let k = 1; k <= batches; k += 1) {
    for (const point of batchOf(k)) expected.set(`${point.tags.vehicle} ${point.timeMs}`, point.fields.v);
  }
  assert.equal(found.size, expected.size);
  assert.deepEqual(found, expected);
}

test('an outage of a real server loses nothing; new points arrive while the backlog drains', async (t) => {
  const { influx, folder } = await rig(t);
  let now = await run(folder, influx.url);
  for (let k = 1; k <= 20; k += 1) await now.append(k, batchOf(k));
  await until(() => now.status().pendingPoints === 0, 'sent before the outage');

  await influx.kill();
  for (let k = 21; k <= 60; k += 1) await now.append(k, batchOf(k));
  await until(() => now.status().state === 'down', 'noticed');
  assert.match(now.status().detail, /^down for 0 s: .*ECONNRE/);
  assert.equal(now.status().pendingPoints, 4000);
  await now.stop();

  // A restart in the middle of the outage.
  now = await run(folder, influx.url, 10);
  for (let k = 61; k <= 80; k += 1) await now.append(k, batchOf(k));
  await until(() => now.status().state === 'down', 'still down');

  await influx.start();
  await until(() => now.status().state === 'connected', 'noticed that it is back');
  await now.append(81, batchOf(81));
  const count = async (from: number, to: number): Promise<number> => {
    const where = `time >= ${startMs + from * 1000}ms AND time <= ${startMs + to * 1000}ms`;
    const series = await influx.query(`SELECT count(v) FROM load WHERE ${where}`, 'fleet');
    return (series[0]?.values[0]?.[1] as number | undefined) ?? 0;
  };
  await until(async () => (await count(81, 81)) === 100, 'the new batch is there');
  assert.ok((await count(21, 80)) < 6000, 'before the backlog');
  assert.ok(now.status().backlogPoints > 0);
  await now.stop();

  now = await run(folder, influx.url, 1e6);
  await until(() => now.status().pendingPoints === 0, 'backlog drained');
  await now.stop();
  await assertAll(influx, 81);
});

test('a conflict of types costs the wrong points only, with the words of the server', async (t) => {
  const { influx, folder } = await rig(t);
  const now = await run(folder, influx.url);
  await now.append(1, batchOf(1));
  await until(() => now.status().pendingPoints === 0, 'sent');
  const wrong = { measurement: 'load', tags: { vehicle: 'x' }, fields: { v: 'full' }, timeMs: startMs };
  await now.append(2, [...batchOf(2).slice(0, 50), wrong, ...batchOf(2).slice(50)]);
  await until(() => now.status().pendingPoints === 0, 'sent around it');
  await now.stop();
  await assertAll(influx, 2);
  assert.equal(now.letters.length, 1);
  assert.equal(now.letters[0]?.line, `load,vehicle=x v="full" ${startMs}000000`);
  assert.match(now.letters[0]!.detail, /field type conflict/);
});

test('points without a line are set aside by the outbox', async (t) => {
  const { influx, folder } = await rig(t);
  const now = await run(folder, influx.url);
  await now.append(1, [
    ...batchOf(1),
    { measurement: 'load', tags: {}, fields: { v: Number.NaN }, timeMs: 5 },
  ]);
  await now.append(1, [{ measurement: 'load', tags: {}, fields: {}, timeMs: 5 }]);
  await now.stop();
  await assertAll(influx, 1);
  assert.deepEqual(
    now.letters.map((letter) => [letter.reason, letter.eventMs]),
    [['point-no-fields', 5]],
  );
});
