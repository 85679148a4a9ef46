/** Points that are written several times, early and revised ones, through an outage of a real InfluxDB: the last one counts. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { spanOf } from '../src/core/frame.ts';
import { silentLogger } from '../src/core/log.ts';
import type { Frame, Point } from '../src/core/types.ts';
import { createState, type EngineState, statusOf, step } from '../src/engine/engine.ts';
import { systemDisk } from '../src/log/files.ts';
import { type ForwardStatus, startForward } from '../src/outbox/forward.ts';
import { createInfluxSink } from '../src/outbox/influx.ts';
import { openOutbox } from '../src/outbox/outbox.ts';
import { compileText, deviceOf } from '../src/rules/testing.ts';
import { type Influxd, startInfluxd } from './peers/influxd.ts';
import { until } from './peers/until.ts';

const device = deviceOf(`device: probe
topic: probe/{id}
codec: json
time: { path: at, format: unix_ms }
fields: { t: {} }
lateness: 1s
`);

const rules = `rules:
  - name: r
    from: probe
    window: { tumbling: 10s, emit: 2s, late: revise, keep: 1m }
    compute: { n: count(), total: sum(t) }
`;

const startMs = Date.parse('2026-01-05T06:00:00Z');
const probes = 20;

/** Of second k: every probe sends, every third one also something that is up to 40 s old. */
function framesOf(k: number): Frame[] {
  return Array.from({ length: probes }, (_, i) => i).flatMap((i) => {
    const arrivalMs = startMs + k * 1000 + 10 * i;
    const olderMs = arrivalMs - 1000 * ((7 * k + 3 * i) % 40);
    return [arrivalMs, ...((k + i) % 3 === 0 ? [olderMs] : [])].map((at) => ({
      source: 'mqtt',
      topic: `probe/${i}`,
      payload: Buffer.from(JSON.stringify({ at, t: (k * 31 + i) % 100 })),
      arrivalMs,
    }));
  });
}

interface Run {
  /** Processes batches up to second `k`, each appended as the gateway does. */
  play(toSecond: number): Promise<void>;
  status(): ForwardStatus;
  stop(): Promise<void>;
}

interface Story {
  state: EngineState;
  second: number;
  readonly points: Point[];
}

async function run(folder: string, url: string, story: Story, backlogPointsPerSecond: number): Promise<Run> {
  const outbox = await openOutbox(folder, {
    budgetBytes: 1 << 26,
    logger: silentLogger,
    setAside: (entries) => assert.deepEqual(entries, []),
  });
  const stop = new AbortController();
  const forwarder = await startForward({
    lane: outbox.points,
    sink: createInfluxSink({ url, database: 'fleet', timeoutMs: 5000, backlogPointsPerSecond }),
    target: url,
    disk: systemDisk,
    cursorPath: outbox.cursorPath('forward'),
    backlogPointsPerSecond,
    setAside: (entries) => assert.deepEqual(entries, []),
    logger: silentLogger,
    signal: stop.signal,
    waits: { firstRetryMs: 5, maxRetryMs: 50, flushMs: 2000 },
  });
  return {
    async play(toSecond) {
      for (; story.second < toSecond; story.second++) {
        const endMs = startMs + (story.second + 1) * 1000;
        const frames = framesOf(story.second);
        const result = step(story.state, { startMs: endMs - 1000, endMs, spans: [spanOf(frames)] });
        story.state = result.state;
        story.points.push(...result.points);
        await outbox.append(endMs, result.points, result.alerts);
      }
    },
    status: forwarder.status,
    async stop() {
      stop.abort();
      await forwarder.closed;
      await outbox.close();
    },
  };
}

async function rig(t: TestContext): Promise<{ influx: Influxd; folder: string; story: Story }> {
  const influx = await startInfluxd();
  t.after(() => influx.stop());
  const folder = await mkdtemp(join(tmpdir(), 'headgate-rewrites-'));
  t.after(() => rm(folder, { recursive: true }));
  const { plan } = compileText(rules, [device]);
  return { influx, folder, story: { state: createState(plan!), second: 0, points: [] } };
}

const identityOf = (id: unknown, timeMs: unknown): string => `${id} ${timeMs}`;

test('whatever order a backlog drains in, the last version of every point is what stays', async (t) => {
  const { influx, folder, story } = await rig(t);
  let now = await run(folder, influx.url, story, 20_000);
  await now.play(15);
  await until(() => now.status().pendingPoints === 0, 'sent before the outage');

  await influx.kill();
  await now.play(45);
  await until(() => now.status().state === 'down', 'noticed');
  await now.stop();

  // Back, with a backlog that hardly moves while new versions of the same points go past it.
  await influx.start();
  now = await run(folder, influx.url, story, 50);
  await now.play(60);
  await until(() => now.status().state === 'connected', 'noticed that it is back');
  await until(() => now.status().pendingPoints === now.status().backlogPoints, 'new points are sent');
  assert.ok(now.status().backlogPoints > 0);
  // A second outage on top of the backlog of the first.
  await influx.kill();
  await now.play(75);
  await until(() => now.status().state === 'down', 'noticed again');
  await now.stop();

  await influx.start();
  now = await run(folder, influx.url, story, 1e6);
  await now.play(90);
  await until(() => now.status().pendingPoints === 0, 'drained');
  await now.stop();

  const { revised } = statusOf(story.state).rules[0]!;
  const last = new Map(story.points.map(({ tags, timeMs, fields }) => [identityOf(tags.id, timeMs), fields]));
  assert.ok(revised > 100 && story.points.length > 4 * last.size, 'points are written again and again');
  const series = await influx.query('SELECT n, total, id FROM r', 'fleet');
  const found = new Map(
    series[0]!.values.map(([time, n, total, id]) => [identityOf(id, time), { n, total }]),
  );
  assert.equal(found.size, last.size);
  assert.deepEqual(found, last);
});
