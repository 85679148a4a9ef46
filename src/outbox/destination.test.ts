import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../../test/peers/free-port.ts';
import { type Influxd, startInfluxd } from '../../test/peers/influxd.ts';
import { until } from '../../test/peers/until.ts';
import { silentLogger } from '../core/log.ts';
import { startForwarding } from './destination.ts';
import type { Forwarder } from './forward.ts';
import { type Outbox, openOutbox } from './outbox.ts';

interface Gateway {
  readonly outbox: Outbox;
  readonly forwarder: Forwarder;
  append(from: number, to: number): Promise<void>;
  stop(): Promise<void>;
}

/** Batch k has one point, `v=k`. */
async function run(data: string, url?: string): Promise<Gateway> {
  const outbox = await openOutbox(join(data, 'outbox'), {
    budgetBytes: 1 << 24,
    logger: silentLogger,
    setAside() {},
  });
  const stop = new AbortController();
  const influx = url && { url, database: 'fleet', timeoutMs: 5000, backlogPointsPerSecond: 10_000 };
  const forwarder = await startForwarding(
    { data, forward: influx ? { influx } : {} },
    {
      ...{ outbox, setAside() {}, now: Date.now, timeOfDayAt: (lineMs: number) => lineMs },
      ...{ logger: silentLogger, signal: stop.signal },
    },
  );
  return {
    outbox,
    forwarder,
    async append(from, to) {
      for (let k = from; k <= to; k++) {
        await outbox.append(k, [{ measurement: 'm', tags: {}, fields: { v: k }, timeMs: k * 1000 }], []);
      }
    },
    async stop() {
      stop.abort();
      await forwarder.closed;
      await outbox.close();
    },
  };
}

async function inFiles(data: string): Promise<number[]> {
  const folder = join(data, 'points');
  const names = (await readdir(folder)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return (
    texts
      .join('')
      .match(/(?<=v=)\d+/g)
      ?.map(Number) ?? []
  );
}

async function inDatabase(influxd: Influxd): Promise<number[]> {
  const series = await influxd.query('SELECT v FROM m', 'fleet');
  return (series[0]?.values ?? []).map(([, v]) => v as number);
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function folder(t: TestContext): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'headgate-destination-'));
  t.after(() => rm(data, { recursive: true }));
  return data;
}

async function server(t: TestContext): Promise<Influxd> {
  const influxd = await startInfluxd();
  t.after(() => influxd.stop());
  return influxd;
}

const sent = (gateway: Gateway): Promise<void> =>
  until(() => gateway.forwarder.status().pendingPoints === 0, 'everything to be sent');
const down = (gateway: Gateway): Promise<void> =>
  until(() => gateway.forwarder.status().state === 'down', 'the outage to be seen');

test('what waits for a server that is gone goes to the one of an edited URL', async (t) => {
  const [data, old, other] = await Promise.all([folder(t), server(t), server(t)]);
  let gateway = await run(data, old.url);
  await gateway.append(1, 10);
  await sent(gateway);
  await old.kill();
  await gateway.append(11, 500);
  await down(gateway);
  await gateway.stop();
  gateway = await run(data, other.url);
  await gateway.append(501, 510);
  await sent(gateway);
  await gateway.stop();
  await old.start();
  assert.deepEqual([await inDatabase(old), await inDatabase(other)], [numbers(1, 10), numbers(11, 510)]);
});

test('from files to InfluxDB and back: each point goes to one of them, and none is lost', async (t) => {
  const [data, influxd] = await Promise.all([folder(t), server(t)]);
  let gateway = await run(data);
  await gateway.append(1, 20);
  await sent(gateway);
  await gateway.stop();
  gateway = await run(data, influxd.url);
  await gateway.append(21, 40);
  await sent(gateway);
  await influxd.kill();
  await gateway.append(41, 60);
  await down(gateway);
  await gateway.stop();
  gateway = await run(data);
  await gateway.append(61, 80);
  await sent(gateway);
  await gateway.stop();
  await influxd.start();
  gateway = await run(data, influxd.url);
  await gateway.append(81, 100);
  await sent(gateway);
  assert.equal(gateway.forwarder.status().lost, 0);
  await gateway.stop();
  assert.deepEqual(
    (await inFiles(data)).sort((a, b) => a - b),
    [...numbers(1, 20), ...numbers(41, 80)],
  );
  assert.deepEqual(await inDatabase(influxd), [...numbers(21, 40), ...numbers(81, 100)]);
});

test('the position that an earlier version kept for InfluxDB is taken over', async (t) => {
  const [data, influxd] = await Promise.all([folder(t), server(t)]);
  let gateway = await run(data, influxd.url);
  await gateway.append(1, 10);
  await sent(gateway);
  await gateway.stop();
  const { outbox } = gateway;
  await rename(outbox.cursorPath('points'), outbox.cursorPath('points-influx'));
  await influxd.query('DROP DATABASE fleet');
  gateway = await run(data, influxd.url);
  await gateway.append(11, 12);
  await sent(gateway);
  await gateway.stop();
  assert.deepEqual(await inDatabase(influxd), [11, 12]);
});

test('a server that nobody can find keeps the points waiting', async (t) => {
  const data = await folder(t);
  const gateway = await run(data, `http://127.0.0.1:${await freePort()}`);
  await gateway.append(1, 10);
  await down(gateway);
  assert.equal(gateway.forwarder.status().pendingPoints, 10);
  await gateway.stop();
});
