/** A gateway process tells of itself: over an outage and a kill -9, each look once, and never mixed with its results. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from './peers/free-port.ts';
import { makeGateway } from './peers/gateway.ts';
import { type Influxd, type Series, startInfluxd } from './peers/influxd.ts';
import { mosquittoPub } from './peers/mosquitto.ts';
import { until } from './peers/until.ts';

const device = `device: tank
source: mqtt
topic: tanks/{tank}
codec: json
time: { path: at, format: unix_s }
fields: { level: {} }
`;
const rules = `rules:
  - name: tanks
    from: tank
    window: { count: 1 }
    compute: { level: last(level) }
`;
const startS = 1_700_000_000;

type Row = Readonly<Record<string, unknown>>;

function rowsOf(series: readonly Series[]): Row[] {
  return series.flatMap(({ columns, values }) =>
    values.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]))),
  );
}

async function rowsIn(influxd: Influxd, query: string): Promise<Row[]> {
  return rowsOf(await influxd.query(query, 'fleet').catch(() => []));
}

test('what a gateway tells of itself arrives after an outage and a kill, each look once', async (t) => {
  const [influxd, port] = await Promise.all([startInfluxd(), freePort()]);
  t.after(() => influxd.stop());
  const gateway = await makeGateway({
    'headgate.yaml': `gateway: depot-7
batch: 50ms
health: { every: 1s }
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
forward: { influx: { url: "${influxd.url}", database: fleet } }
`,
    'devices/tank.yaml': device,
    'rules/tank.yaml': rules,
  });
  t.after(() => gateway.remove());
  const looks = (): Promise<Row[]> => rowsIn(influxd, 'SELECT * FROM headgate');
  const publish = (from: number, to: number): Promise<void> => {
    const levels = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const messages = levels.map((level) => JSON.stringify({ at: startS + level, level }));
    return mosquittoPub(port, ['-t', 'tanks/a', '-q', '1'], messages);
  };

  await gateway.start();
  await publish(1, 5);
  await until(async () => (await looks()).some(({ points }) => points === 5), 'the points to be told of');
  const [first] = await looks();
  assert.equal(first?.gateway, 'depot-7');
  assert.equal(first?.restarts, 0);

  await influxd.kill();
  await publish(6, 10);
  await until(async () => (await gateway.status()).health!.pendingPoints >= 8, 'looks to wait');
  const waitingFor = (await gateway.status()).nowMs;
  await gateway.kill();
  await gateway.start();
  await influxd.start();
  await until(
    async () => (await looks()).some(({ points }) => points === 10),
    'the new points to be told of',
  );
  await until(async () => (await looks()).at(-1)?.forward_up === 1, 'the outage to be told as over');
  await until(async () => (await gateway.status()).health!.pendingPoints === 0, 'all looks to arrive');

  const all = await looks();
  const { health } = await gateway.status();
  assert.deepEqual({ setAside: health?.setAside, lost: health?.lost }, { setAside: 0, lost: 0 });
  // Those of the outage are there, with what was known then.
  assert.ok(all.some(({ forward_up: up, time }) => up === 0 && (time as number) < waitingFor));
  assert.equal(all.at(-1)?.restarts, 1);
  for (const row of all) {
    assert.ok((row.memory_rss_bytes as number) > 1e7);
    assert.ok((row.disk_free_bytes as number) <= (row.disk_total_bytes as number));
  }
  for (const [measurement, tag] of [
    ['headgate_device', 'tank'],
    ['headgate_rule', 'tanks'],
    ['headgate_source', 'mqtt'],
  ]) {
    const name = measurement!.slice('headgate_'.length);
    const rows = await rowsIn(influxd, `SELECT * FROM ${measurement}`);
    // One series, written once for each look.
    assert.deepEqual(new Set(rows.map((row) => row[name])), new Set([tag]));
    assert.equal(rows.length, all.length, measurement);
  }
  assert.equal((await rowsIn(influxd, 'SELECT * FROM tanks')).length, 10);

  const { forward } = await gateway.status();
  assert.equal(forward.through.taken, 10, 'results alone are in the balance of points');
  assert.equal(forward.through.sent, 10);
});

test('a server that is away is told of in the log, though no reading comes', async (t) => {
  const [port, nobody] = await Promise.all([freePort(), freePort()]);
  const gateway = await makeGateway({
    'headgate.yaml': `gateway: depot-7
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
forward: { influx: { url: "http://127.0.0.1:${nobody}", database: fleet } }
`,
  });
  t.after(() => gateway.remove());
  await gateway.start();
  await until(
    () => gateway.logLines.some((line) => line.includes('"level":"warn"') && line.includes('ECONNREFUSED')),
    'the outage to be told',
  );
});
