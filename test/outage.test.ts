/** A gateway process whose InfluxDB goes away for good: its URL is edited, and everything arrives at the new one. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { headgateIn } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { makeGateway } from './peers/gateway.ts';
import { type Influxd, startInfluxd } from './peers/influxd.ts';
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

async function levelsIn(influxd: Influxd): Promise<unknown[]> {
  const series = await influxd.query('SELECT level FROM tanks', 'fleet').catch(() => []);
  return (series[0]?.values ?? []).map(([, level]) => level);
}

test('an outage, an edited URL, a restart: all points are at the new server, those sent before at the old', async (t) => {
  const [old, other, port] = await Promise.all([startInfluxd(), startInfluxd(), freePort()]);
  t.after(() => Promise.all([old.stop(), other.stop()]));
  const configOf = (url: string): string => `batch: 50ms
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
forward: { influx: { url: "${url}", database: fleet } }
`;
  const gateway = await makeGateway({
    'headgate.yaml': configOf(old.url),
    'devices/tank.yaml': device,
    'rules/tank.yaml': rules,
  });
  t.after(() => gateway.remove());
  const publish = (from: number, to: number): Promise<void> =>
    mosquittoPub(
      port,
      ['-t', 'tanks/a', '-q', '1'],
      Array.from({ length: to - from + 1 }, (_, i) =>
        JSON.stringify({ at: startS + from + i, level: from + i }),
      ),
    );
  const forward = async () => (await gateway.status()).forward;
  const numbers = (from: number, to: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i);

  await gateway.start();
  await publish(1, 10);
  // By the gateway: points whose answer it has not seen wait to be sent again.
  await until(async () => (await forward()).sent === 10, 'the first points to arrive');
  await old.kill();
  await publish(11, 300);
  await until(async () => (await forward()).pendingPoints === 290, 'the points to wait');
  const { stdout } = await headgateIn(['status'], { cwd: gateway.folder });
  assert.match(stdout, /forward\s+http:\S+ fleet: down for .*, 290 pending/);

  await writeFile(join(gateway.folder, 'headgate.yaml'), configOf(other.url));
  await until(async () => (await gateway.status()).files?.state === 'restart needed', 'the edit to be seen');
  await gateway.stop();
  await gateway.start();
  await publish(301, 310);
  await until(async () => (await levelsIn(other)).length === 300, 'all to arrive at the new server');
  assert.deepEqual(await levelsIn(other), numbers(11, 310));
  assert.equal((await forward()).lost, 0);
  await old.start();
  assert.deepEqual(await levelsIn(old), numbers(1, 10));
});
