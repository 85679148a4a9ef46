/**
 * A gateway is moved to another machine in the middle of everything: what it knew, what it had not told, and what it had not sent
 * are there afterwards, once. A second gateway with the same input, which nobody touched, says what the points have to be.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AlertsAnswer } from '../src/cli/answers/alerts.ts';
import { accountsOf } from '../src/core/fates.ts';
import { type Ended, headgateIn } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { type Influxd, startInfluxd } from './peers/influxd.ts';
import { type Message, publishAll } from './peers/session-publisher.ts';
import { until as untilSoon } from './peers/until.ts';

/** On a machine that is busy with other tests. */
const until = (condition: () => unknown, what: string): Promise<void> => untilSoon(condition, what, 60_000);

interface Told {
  readonly id: string;
  readonly state: string;
  readonly rule: string;
  readonly key: Readonly<Record<string, string>>;
}

const closing: (() => void)[] = [];

/** Takes alerts, or refuses them for now. */
async function startHook() {
  const hook = { told: [] as Told[], isOpen: true, url: '' };
  const server = createServer(async (request, response) => {
    const alert = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Told;
    if (hook.isOpen) hook.told.push(alert);
    response.writeHead(hook.isOpen ? 204 : 503).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  hook.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  closing.push(() => server.close());
  return hook;
}

const filesOf = (port: number, influx: string, database: string, hook: string): Record<string, string> => ({
  'headgate.yaml': `gateway: depot-7
batch: 100ms
clock: { wait: 0s }
health: { every: 0s }
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
forward: { influx: { url: "${influx}", database: ${database} } }
notify: { ops: { webhook: { url: "${hook}" } } }
`,
  'devices/meter.yaml': `device: meter
topic: meter/{name}
codec: json
time: { path: t, format: unix_ms }
fields: { n: { path: n } }
lateness: 30s
idle_after: 10d
`,
  'rules/rules.yaml': `rules:
  - { name: each, from: meter, by: [name], let: { odd: 'zscore(n, 7d)' } }
  - { name: ten, from: meter, by: [name], window: { tumbling: 10m }, compute: { readings: count(), total: sum(n) } }
  - { name: cnt, from: meter, by: [name], window: { count: 7 }, compute: { readings: count(), total: sum(n) } }
  - name: high
    from: meter
    by: [name]
    forward: false
    alert: [{ when: n > 100, severity: warning, notify: [ops] }]
  - name: slow
    from: meter
    by: [name]
    forward: false
    alert: [{ when: n > 100, for: 2h, severity: critical, notify: [ops] }]
`,
});

const startMs = Math.floor(Date.now() / 600_000) * 600_000 - 3_600_000;
let minute = 0;

/** A reading a minute of event time of each of the meters: `n` of it, or of those named another one. */
function readings(count: number, others: Readonly<Record<string, number>> = {}): Message[] {
  return Array.from({ length: count }).flatMap(() => {
    minute += 1;
    return ['a', 'b', 'c', 'd', 'e'].map((name, i) => {
      const n = others[name] ?? 10 + ((minute * 7 + i * 3) % 11);
      return { topic: `meter/${name}`, payload: JSON.stringify({ t: startMs + minute * 60_000, n }) };
    });
  });
}

let influxd: Influxd;
let hook: Awaited<ReturnType<typeof startHook>>;
let reference: GatewayProcess;
let old: GatewayProcess;
const ports: { old: number; reference: number } = { old: 0, reference: 0 };

before(async () => {
  influxd = await startInfluxd();
  for (const database of ['fleet', 'reference']) await influxd.query(`CREATE DATABASE ${database}`);
  ports.old = await freePort();
  ports.reference = await freePort();
  hook = await startHook();
  const nowhere = await startHook();
  old = await makeGateway(filesOf(ports.old, influxd.url, 'fleet', hook.url));
  reference = await makeGateway(filesOf(ports.reference, influxd.url, 'reference', nowhere.url));
  await Promise.all([old.start(), reference.start()]);
});
after(async () => {
  await Promise.all([old.remove(), reference.remove(), influxd.stop()]);
  for (const close of closing) close();
});

let sent = 0;
async function feed(messages: readonly Message[]): Promise<void> {
  sent += 1;
  await publishAll(ports.old, `meters-${sent}`, 1, messages);
  await publishAll(ports.reference, `meters-${sent}`, 1, messages);
}

const headgate = (gateway: GatewayProcess, ...args: string[]): Promise<Ended> =>
  headgateIn(args, { cwd: gateway.folder });

async function ran(gateway: GatewayProcess, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await headgate(gateway, ...args);
  assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

async function alertsOf(gateway: GatewayProcess) {
  // Files have times to the millisecond.
  const whole = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Math.floor(value) : value;
  const answer = JSON.parse(await ran(gateway, 'alerts', '--format', 'json'), whole) as AlertsAnswer;
  const { firing, pending, silences } = answer;
  const byName = (a: { readonly key: object }, b: { readonly key: object }): number =>
    JSON.stringify(a.key) < JSON.stringify(b.key) ? -1 : 1;
  return { firing: firing.toSorted(byName), pending: pending.toSorted(byName), silences };
}

const toldOf = (name: string): string[] =>
  hook.told.filter(({ key }) => key.name === name).map(({ rule, state }) => `${rule} ${state}`);

async function processed(gateway: GatewayProcess, frames: number): Promise<void> {
  await until(async () => (await gateway.status()).fates.frames === frames, 'all frames to be processed');
}

/** They have a position of their own, and are tried again when its time comes. */
async function hasAlerts(database: string, count: number): Promise<boolean> {
  const [series] = await influxd.query('SELECT COUNT(firing) FROM headgate_alert', database);
  return series?.values[0]?.[1] === count;
}

async function pointsIn(database: string): Promise<unknown> {
  const series = await influxd.query(
    "SELECT * FROM /^(cnt|each|ten|headgate_alert)$/ WHERE gateway = 'depot-7'",
    database,
  );
  assert.deepEqual(
    series.map(({ name, values }) => [name, values.length]),
    [
      ['cnt', 35],
      ['each', 265],
      ['headgate_alert', 7],
      ['ten', 25],
    ],
  );
  return series.map(({ name, columns, values }) => [name, columns, values]);
}

let before1: Awaited<ReturnType<typeof alertsOf>>;
let unsent = 0;

test('a gateway that runs, with everything under way, is saved as it is; so is one that was killed', async () => {
  await feed([...readings(20), ...readings(1, { a: 120, b: 130 })]);
  await until(() => toldOf('a').length > 0 && toldOf('b').length > 0, 'the first alerts to be told');
  await ran(old, 'ack', 'high', 'name=a', '--note', 'belt ordered');
  await ran(old, 'silence', 'high', 'name=c', '--for', '7d');
  await until(async () => (await old.status()).forward.pendingPoints === 0, 'everything to be sent');
  await influxd.kill();
  hook.isOpen = false;
  await feed([
    ...readings(10, { a: 120, b: 130, c: 140 }),
    ...readings(1, { a: 120, b: 130, c: 140, d: 150 }),
  ]);
  await processed(old, 160);
  await until(async () => (await old.status()).notifiers[1]?.pending === 1, 'the alert of d to wait');
  before1 = await alertsOf(old);
  assert.deepEqual(
    before1.firing.map(({ key }) => key.name),
    ['a', 'b', 'c', 'd'],
  );
  assert.equal(before1.firing[0]?.acknowledged?.note, 'belt ordered');
  assert.equal(before1.pending.length, 4);
  unsent = (await old.status()).forward.pendingPoints;
  assert.ok(unsent > 60, `${unsent} points wait`);

  assert.match(await ran(old, 'export', 'running.tar.gz'), /settings and state \(it runs on\)/);
  assert.equal((await old.status()).fates.frames, 160, 'it ran on');
  await old.kill();
  assert.match(await ran(old, 'export', 'killed.tar.gz'), /settings and state \(it is not running\)/);
});

async function moved(archive: string): Promise<GatewayProcess> {
  const gateway = await makeGateway({});
  after(gateway.remove);
  const words = await ran(gateway, 'import', join(old.folder, archive));
  assert.match(words, /next: .*headgate run/);
  assert.doesNotMatch(words, /warning/);
  await gateway.start();
  return gateway;
}

async function asBefore(gateway: GatewayProcess): Promise<void> {
  await processed(gateway, 160);
  assert.deepEqual(await alertsOf(gateway), before1);
  const { forward, notifiers, disk } = await gateway.status();
  assert.equal(forward.pendingPoints, unsent);
  assert.deepEqual([notifiers[1]?.pending, notifiers[1]?.withheld], [1, 1]);
  assert.deepEqual(disk.setAside, []);
  const errors = gateway.logLines.filter((line) => line.includes('"level":"error"'));
  assert.deepEqual(errors, []);
}

test('what was left by a kill is taken up elsewhere: the same alerts under the same ids, nothing told again', async () => {
  const told = hook.told.length;
  const gateway = await moved('killed.tar.gz');
  await asBefore(gateway);
  assert.equal((await gateway.stop()).code, 0);
  assert.equal(hook.told.length, told);
});

test('the backup of the running one goes on elsewhere: each alert told once, each point sent once, as if nothing had been', async () => {
  const gateway = await moved('running.tar.gz');
  await asBefore(gateway);
  assert.deepEqual(
    [toldOf('a'), toldOf('b'), toldOf('c'), toldOf('d')],
    [['high firing'], ['high firing'], [], []],
  );
  const refused = await headgate(gateway, 'import', '--force', join(old.folder, 'killed.tar.gz'));
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /is running on the data folder .*\n {2}remedy: stop it first/);
  hook.isOpen = true;
  await influxd.start();
  await feed([...readings(20, { b: 130, c: 140, d: 150 }), ...readings(1, { c: 140 })]);
  await processed(gateway, 265);
  await processed(reference, 265);
  await until(() => toldOf('b').length === 2 && toldOf('d').length === 2, 'what was to be told');
  for (const one of [gateway, reference]) {
    await until(async () => (await one.status()).forward.pendingPoints === 0, 'everything to be sent');
  }
  assert.deepEqual(toldOf('a'), ['high firing', 'high ok']);
  assert.deepEqual(toldOf('b'), ['high firing', 'high ok']);
  assert.deepEqual(toldOf('c'), [], 'the silence holds');
  assert.deepEqual(toldOf('d'), ['high firing', 'high ok']);
  assert.equal(new Set(hook.told.map(({ id }) => id)).size, hook.told.length);
  for (const database of ['fleet', 'reference'])
    await until(() => hasAlerts(database, 7), 'alerts as points');
  assert.deepEqual(await pointsIn('fleet'), await pointsIn('reference'));

  const status = await gateway.status();
  const theirs = await reference.status();
  assert.equal(status.fates.frames, theirs.fates.frames);
  assert.deepEqual(
    accountsOf(status).filter(({ missing }) => missing !== 0),
    [],
  );
  assert.equal(status.forward.through.sent, theirs.forward.through.sent, 'over both of its lives');
  const { firing } = await alertsOf(gateway);
  assert.deepEqual(
    firing.map(({ key, rule }) => [key.name, rule]),
    [['c', 'high']],
  );
  assert.equal((await gateway.stop()).code, 0);
});
