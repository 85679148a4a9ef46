/** Alerts of a gateway process are points too: each change once, over an outage and a kill -9, silenced or not. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Alert } from '../src/core/types.ts';
import { headgateIn } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { makeGateway } from './peers/gateway.ts';
import { type Influxd, startInfluxd } from './peers/influxd.ts';
import { mosquittoPub } from './peers/mosquitto.ts';
import { until } from './peers/until.ts';

const device = `device: tank
source: mqtt
topic: tanks/{tank}/{state}
codec: json
time: { path: at, format: unix_s }
fields: { level: {} }
`;
const rules = `rules:
  - name: tanks
    from: tank
    by: [tank, state]
    window: { count: 1 }
    compute: { level: last(level) }
    alert:
      - { severity: warning, when: level > 50, message: "tank {tank}: {level:.0f}", notify: [ops] }
      - { severity: critical, when: level > 80, message: "tank {tank} full: {level:.0f}", notify: [ops] }
`;
const startS = 1_700_000_000;

/** Gets alerts; gives them by id. */
async function startHook(t: TestContext) {
  const told = new Map<string, Alert>();
  const server = createServer((request, response) => {
    void request.toArray().then((parts) => {
      const alert = JSON.parse(Buffer.concat(parts).toString()) as Alert;
      told.set(alert.id, alert);
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { told, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

interface Change {
  readonly at: number;
  readonly id: string;
  readonly what: string;
  readonly firing: number;
}

async function changesIn(influxd: Influxd): Promise<Change[]> {
  const series = await influxd.query('SELECT * FROM headgate_alert', 'fleet').catch(() => []);
  return series.flatMap(({ columns, values }) =>
    values.map((row) => {
      const one = Object.fromEntries(columns.map((name, i) => [name, row[i]]));
      assert.deepEqual([one.gateway, one.rule, one.key_state], ['depot-7', 'tanks', 'north']);
      const what = `${one.tank} ${one.severity} ${one.state}: ${one.message}`;
      return {
        at: (one.time as number) / 1000 - startS,
        id: String(one.id),
        what,
        firing: Number(one.firing),
      };
    }),
  );
}

test('each change of an alert is a point once, over an outage and a kill, and whether or not it is silenced', async (t) => {
  const [influxd, port, hook] = await Promise.all([startInfluxd(), freePort(), startHook(t)]);
  t.after(() => influxd.stop());
  const gateway = await makeGateway({
    'headgate.yaml': `gateway: depot-7
batch: 50ms
health: { every: 0s }
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
forward: { influx: { url: "${influxd.url}", database: fleet } }
notify: { ops: { webhook: { url: "${hook.url}" } } }
`,
    'devices/tank.yaml': device,
    'rules/tank.yaml': rules,
  });
  t.after(() => gateway.remove());
  const publish = (tank: string, ...levels: readonly (readonly [number, number])[]): Promise<void> =>
    mosquittoPub(
      port,
      ['-t', `tanks/${tank}/north`, '-q', '1'],
      levels.map(([at, level]) => JSON.stringify({ at: startS + at, level })),
    );

  await gateway.start();
  await publish('a', [1, 60], [2, 90]);
  await until(async () => (await changesIn(influxd)).length === 2, 'the first changes to arrive');

  await influxd.kill();
  const { code, stderr } = await headgateIn(['silence', 'tanks', 'tank=b', '--for', '1h'], {
    cwd: gateway.folder,
  });
  assert.equal(code, 0, stderr);
  await publish('a', [3, 10]);
  await publish('b', [4, 70]);
  await publish('c', [5, 85]);
  // Who is to be told is told while the server is away.
  await until(() => [...hook.told.values()].some(({ key }) => key.tank === 'c'), 'the alert of another tank');
  await gateway.kill();
  await gateway.start();
  await influxd.start();
  await until(async () => (await changesIn(influxd)).length === 5, 'all changes to arrive');

  const changes = await changesIn(influxd);
  assert.deepEqual(
    changes.map(({ at, what, firing }) => [at, what, firing]),
    [
      [1, 'a warning firing: tank a: 60', 1],
      [2, 'a critical firing: tank a full: 90', 1],
      [3, 'a critical ok: tank a full: 10', 0],
      [4, 'b warning firing: tank b: 70', 1],
      [5, 'c critical firing: tank c full: 85', 1],
    ],
  );
  // All but the silenced one were told, under the same ids.
  assert.deepEqual(
    new Set(hook.told.keys()),
    new Set(changes.filter(({ at }) => at !== 4).map(({ id }) => id)),
  );
  const { alertPoints, forward } = await gateway.status();
  assert.deepEqual([alertPoints?.setAside, alertPoints?.lost], [0, 0]);
  assert.equal(forward.through.taken, 5, 'they are no points of rules');
});

test('`forward: { alerts: false }` sends none, and those that went by are not lost when it is on again', async (t) => {
  const [influxd, port, hook] = await Promise.all([startInfluxd(), freePort(), startHook(t)]);
  t.after(() => influxd.stop());
  const configOf = (alerts: boolean): string => `gateway: depot-7
batch: 50ms
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
forward: { influx: { url: "${influxd.url}", database: fleet }, alerts: ${alerts} }
notify: { ops: { webhook: { url: "${hook.url}" } } }
`;
  const gateway = await makeGateway({
    'headgate.yaml': configOf(true),
    'devices/tank.yaml': device,
    'rules/tank.yaml': rules,
  });
  t.after(() => gateway.remove());
  const raise = (tank: string): Promise<void> =>
    mosquittoPub(port, ['-t', `tanks/${tank}/north`, '-q', '1'], [JSON.stringify({ at: startS, level: 60 })]);
  for (const [tank, alerts] of [
    ['a', true],
    ['b', false],
    ['c', true],
  ] as const) {
    await writeFile(`${gateway.folder}/headgate.yaml`, configOf(alerts));
    await gateway.start();
    await raise(tank);
    await until(
      () => [...hook.told.values()].some(({ key }) => key.tank === tank),
      `tank ${tank} to be told`,
    );
    if (alerts) {
      await until(
        async () => (await changesIn(influxd)).some(({ what }) => what.startsWith(tank)),
        `tank ${tank} to arrive`,
      );
    } else assert.equal((await gateway.status()).alertPoints, undefined);
    await gateway.stop();
  }
  // No more is lost of what went by meanwhile; the newest records are kept in any case, and may be sent.
  assert.ok(!gateway.logLines.some((line) => line.includes('lost')));
});
