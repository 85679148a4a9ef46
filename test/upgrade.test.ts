/**
 * A data folder of an earlier version is taken up without loss.
 *
 * `testdata/version-before` was written by the gateway as of commit 895a2a1 (journal blocks, checkpoint and lane records of format 1,
 * one read position for each destination), with the files below and its clock at noon of 2026-01-07: 50 readings that were sent
 * to InfluxDB, a stop, 100 more while InfluxDB was away, a silence, kill -9.
 */

import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { accountsOf } from '../src/core/fates.ts';
import { headgateIn } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { startInfluxd } from './peers/influxd.ts';
import { publishAll } from './peers/session-publisher.ts';
import { until } from './peers/until.ts';

const files = (port: number, url: string): Record<string, string> => ({
  'headgate.yaml': `gateway: g
batch: 100ms
clock: { wait: 0s }
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
forward: { influx: { url: "${url}", database: fleet } }
`,
  'devices/meter.yaml': `device: meter
topic: meter/{name}
codec: json
fields: { n: { path: n } }
silent_after: 10m
`,
  'rules/rules.yaml': `rules:
  - { name: each, from: meter, by: [name] }
  - { name: ten, from: meter, by: [name], window: { tumbling: 10m }, compute: { n: count(), s: sum(n) } }
  - { name: cnt, from: meter, by: [name], window: { count: 7 }, compute: { n: count(), s: sum(n) } }
  - { name: hi, from: meter, by: [name], alert: [{ when: n > 5, severity: warning, notify: [log] }] }
`,
});

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('journal, outbox, read positions and settings of the version before are read; its checkpoint is made anew from the journal', () =>
  isTakenUp(async () => {}));

test('the same when it was saved from a stopped gateway and put elsewhere, which says what begins anew', () =>
  isTakenUp(async ({ folder }) => {
    const other = await mkdtemp(join(tmpdir(), 'headgate-upgrade-'));
    const archive = join(other, 'backup.tar.gz');
    assert.equal((await headgateIn(['export', archive], { cwd: folder })).code, 0);
    await rename(join(folder, 'data'), join(other, 'data'));
    const { code, stdout } = await headgateIn(['import', archive], { cwd: folder });
    await rm(other, { recursive: true });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /warning: the checkpoint is of another version of headgate: rules begin anew/);
  }));

/** `move`: done with the folder before the gateway starts on it. */
async function isTakenUp(move: (gateway: GatewayProcess) => Promise<void>): Promise<void> {
  const influxd = await startInfluxd();
  await influxd.query('CREATE DATABASE fleet');
  const port = await freePort();
  const gateway = await makeGateway(files(port, influxd.url), {
    preloads: [join(import.meta.dirname, 'peers/clock-hook.ts')],
    env: () => ({ HEADGATE_TEST_CLOCK: join(gateway.folder, 'shift') }),
  });
  after(async () => {
    await gateway.remove();
    await influxd.stop();
  });
  const data = join(gateway.folder, 'data');
  cpSync(join(import.meta.dirname, 'testdata/version-before'), data, { recursive: true });
  writeFileSync(join(gateway.folder, 'shift'), `${Date.UTC(2026, 0, 7, 12, 30) - Date.now()}`);

  const valuesOf = async (fields: string, measurement: string): Promise<readonly unknown[]> => {
    const [series] = await influxd.query(`SELECT ${fields} FROM "${measurement}"`, 'fleet');
    return (series?.values ?? []).map(([, ...values]) => values);
  };
  await move(gateway);
  await gateway.start();
  await publishAll(port, 'meter', 1, [{ topic: 'meter/a', payload: '{"n":150}' }]);
  await until(async () => (await valuesOf('n', 'ten')).length > 0, 'the window that was open to close');
  await until(async () => (await gateway.status()).forward.pendingPoints === 0, 'everything to be sent');
  assert.deepEqual(await valuesOf('n, s', 'ten'), [[150, (149 * 150) / 2]], 'every reading is in its window');
  assert.deepEqual(
    (await valuesOf('n', 'each')).flat(),
    numbers(50, 151),
    'what was not sent, and only that',
  );
  assert.deepEqual(
    (await valuesOf('s', 'cnt')).flat(),
    numbers(7, 21).map((i) => 7 * (7 * i + 3)),
  );

  const status = await gateway.status();
  assert.deepEqual(
    accountsOf(status)
      .map(({ missing }) => missing)
      .filter(Boolean),
    [],
  );
  assert.equal(status.fates.frames, 151);
  const alert = status.alerts.find(({ rule }) => rule === 'hi')!;
  assert.ok(alert.silencedUntilMs! > status.nowMs);
  assert.ok(!gateway.logLines.some((line) => line.includes('"hi"')), 'who was told is not told again');
  const told = gateway.logLines.filter((line) => line.includes('checkpoint'));
  assert.equal(told.length, 3, told.join('\n'));

  assert.equal((await gateway.stop()).code, 0);
  await gateway.start();
  assert.equal((await gateway.status()).fates.frames, 151);
  assert.equal(gateway.logLines.filter((line) => line.includes('checkpoint')).length, 3);
}
