/**
 * One contract for every version of InfluxDB that points may go to: a real 1.x, and servers that answer as 2.7 and 3 Core
 * do (test/peers), each through the endpoint that its settings mean.
 */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Gates, Store } from '../../test/peers/influx-store.ts';
import { startInflux2 } from '../../test/peers/influx2.ts';
import { startInflux3 } from '../../test/peers/influx3.ts';
import { type Series, startInfluxd } from '../../test/peers/influxd.ts';
import { startInfluxd2 } from '../../test/peers/influxd2.ts';
import { until } from '../../test/peers/until.ts';
import type { InfluxConfig } from '../config/schema.ts';
import { silentLogger } from '../core/log.ts';
import type { Point, SetAside } from '../core/types.ts';
import type { Disk } from '../log/files.ts';
import { createSimulatedDisk } from '../log/simulated-disk.ts';
import { type Forwarder, startForward } from './forward.ts';
import { createInfluxSink } from './influx.ts';
import { openOutbox } from './outbox.ts';
import { probeInflux } from './probe.ts';

interface Peer {
  readonly config: Partial<InfluxConfig> & { readonly url: string };
  /** Values by measurement, tags and time in ms. */
  points(): Promise<Map<string, number>>;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** The credentials are good no longer, and then again. */
  revoke(): Promise<void>;
  restore(): Promise<void>;
  /** The database or bucket is gone and the gateway cannot make it; then it is there, or can be made. */
  remove(): Promise<void>;
  create(): Promise<void>;
  /** Undefined where the server is a real one. */
  readonly gates?: Gates;
}

async function secretFile(t: TestContext, secret: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-secret-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'secret');
  await writeFile(path, `${secret}\n`);
  return path;
}

function pointsIn(store: Store | undefined): Map<string, number> {
  const entries = [...(store?.points ?? [])].map(([identity, fields]): [string, number] => {
    const end = identity.lastIndexOf(' ');
    const timeMs = BigInt(identity.slice(end + 1)) / 1_000_000n;
    return [`${identity.slice(0, end)} ${timeMs}`, Number(fields.get('v'))];
  });
  return new Map(entries);
}

const seriesPoints = (series: readonly Series[]): Map<string, number> =>
  new Map(
    series.flatMap(({ name, tags, values }) =>
      values.map(([time, v]): [string, number] => [`${name},bus=${tags!.bus} ${time}`, Number(v)]),
    ),
  );

/** Only where its program is at hand. */
const { INFLUXD2: program } = process.env;
async function startRealInflux2(t: TestContext): Promise<Peer> {
  const influx = await startInfluxd2(program!, 'fleet');
  t.after(() => influx.stop());
  return {
    config: {
      url: influx.url,
      bucket: 'fleet',
      org: influx.org,
      tokenFile: await secretFile(t, influx.token),
    },
    start: influx.start,
    kill: influx.kill,
    create: influx.createBucket,
    remove: influx.removeBucket,
    revoke: () => influx.setTokenActive(false),
    restore: () => influx.setTokenActive(true),
    points: async () => seriesPoints(await influx.query('SELECT v FROM /.*/ GROUP BY *', 'fleet')),
  };
}

const versions: Readonly<Record<string, (t: TestContext) => Promise<Peer>>> = {
  ...(program === undefined ? {} : { '2 (a real one)': startRealInflux2 }),
  async '1.x (a real one)'(t) {
    const influx = await startInfluxd({ admin: { username: 'root', password: 'pw' } });
    t.after(() => influx.stop());
    await influx.query("CREATE USER gate WITH PASSWORD 'good'");
    async function create(): Promise<void> {
      await influx.query('CREATE DATABASE fleet');
      await influx.query('GRANT WRITE ON fleet TO gate');
    }
    await create();
    return {
      config: { url: influx.url, username: 'gate', passwordFile: await secretFile(t, 'good') },
      start: influx.start,
      kill: influx.kill,
      create,
      remove: async () => void (await influx.query('DROP DATABASE fleet')),
      revoke: async () => void (await influx.query("SET PASSWORD FOR gate = 'other'")),
      restore: async () => void (await influx.query("SET PASSWORD FOR gate = 'good'")),
      points: async () => seriesPoints(await influx.query('SELECT v FROM /.*/ GROUP BY *', 'fleet')),
    };
  },
  async '2.7'(t) {
    const influx = await startInflux2();
    t.after(() => influx.kill());
    const { tokens, buckets } = influx;
    const fleet = buckets.get('fleet')!;
    const tokenFile = await secretFile(t, 'good');
    return {
      config: { url: influx.url, bucket: 'fleet', org: influx.org, tokenFile },
      gates: influx.gates,
      start: influx.start,
      kill: influx.kill,
      create: async () => void buckets.set('fleet', fleet),
      remove: async () => void buckets.delete('fleet'),
      revoke: async () => void tokens.delete('good'),
      restore: async () => void tokens.set('good', new Set(['fleet'])),
      points: async () => pointsIn(buckets.get('fleet')),
    };
  },
  async '3 Core'(t) {
    const influx = await startInflux3();
    t.after(() => influx.kill());
    const { tokens, databases, limits } = influx;
    return {
      config: { url: influx.url, bucket: 'fleet', tokenFile: await secretFile(t, 'good') },
      gates: influx.gates,
      start: influx.start,
      kill: influx.kill,
      async create() {
        limits.databases = 5;
      },
      async remove() {
        databases.delete('fleet');
        limits.databases = 0;
      },
      revoke: async () => void tokens.delete('good'),
      restore: async () => void tokens.add('good'),
      points: async () => pointsIn(databases.get('fleet')),
    };
  },
};

interface Rig {
  readonly forwarder: Forwarder;
  readonly letters: SetAside[];
  append(values: readonly (number | string)[]): Promise<void>;
  appendPoints(points: readonly Point[]): Promise<void>;
  stop(): Promise<void>;
}

const wholeConfig = (peer: Peer): InfluxConfig => ({
  database: 'fleet',
  timeoutMs: 2000,
  backlogPointsPerSecond: 1e6,
  ...peer.config,
});

let batches = 0;
async function forwardTo(t: TestContext, peer: Peer, disk: Disk = createSimulatedDisk()): Promise<Rig> {
  const letters: SetAside[] = [];
  const setAside = (entries: readonly SetAside[]): void => void letters.push(...entries);
  const outbox = await openOutbox('/outbox', { budgetBytes: 1 << 24, logger: silentLogger, disk, setAside });
  const stop = new AbortController();
  const forwarder = await startForward({
    lane: outbox.points,
    sink: createInfluxSink(wholeConfig(peer)),
    target: peer.config.url,
    disk,
    cursorPath: outbox.cursorPath('points'),
    backlogPointsPerSecond: 1e6,
    setAside,
    logger: silentLogger,
    signal: stop.signal,
    waits: { firstRetryMs: 5, maxRetryMs: 20, refusedMs: 10, flushMs: 50 },
  });
  function appendPoints(points: readonly Point[]): Promise<void> {
    batches += 1;
    return outbox.append(batches, points, []);
  }
  // Also when the test fails: what tries for ever keeps the process.
  t.after(() => stop.abort());
  return {
    forwarder,
    letters,
    append: (values) => appendPoints(values.map(pointOf)),
    appendPoints,
    async stop() {
      stop.abort();
      await forwarder.closed;
      await outbox.close();
    },
  };
}

const numberOf = (value: number | string): number => Number(/\d+/.exec(String(value))![0]);
/** A text is a poison point: the field holds numbers. */
function pointOf(value: number | string): Point {
  const n = numberOf(value);
  return { measurement: `m${n % 3}`, tags: { bus: String(n % 7) }, fields: { v: value }, timeMs: n + 1 };
}

function expected(values: readonly number[]): Map<string, number> {
  return new Map(values.map((n) => [`m${n % 3},bus=${n % 7} ${n + 1}`, n]));
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const done = ({ forwarder }: Rig): Promise<void> =>
  until(() => forwarder.status().pendingPoints === 0, 'everything dealt with');
const byName = (points: Map<string, number>): [string, number][] => [...points].sort();

for (const [version, startVersion] of Object.entries(versions)) {
  const cases: Readonly<Record<string, (peer: Peer, t: TestContext) => Promise<void>>> = {
    async 'each point is there once, through outages, lost answers and a restart'(peer, t) {
      const disk = createSimulatedDisk();
      let rig = await forwardTo(t, peer, disk);
      for (let n = 0; n < 500; n += 50) await rig.append(numbers(n, n + 50));
      await done(rig);
      await peer.kill();
      for (let n = 500; n < 900; n += 50) await rig.append(numbers(n, n + 50));
      await until(() => rig.forwarder.status().state === 'down', 'the outage to be noticed');
      await rig.stop();
      rig = await forwardTo(t, peer, disk);
      if (peer.gates) peer.gates.cutsAnswers = true;
      await peer.start();
      const seen = peer.gates?.requests ?? 0;
      await until(() => peer.gates === undefined || peer.gates.requests > seen + 2, 'answers to be lost');
      if (peer.gates) peer.gates.cutsAnswers = false;
      await done(rig);
      await rig.append(numbers(850, 1000));
      await done(rig);
      await rig.stop();
      assert.deepEqual(rig.letters, []);
      assert.deepEqual(byName(await peer.points()), byName(expected(numbers(0, 1000))));
    },

    async 'poison points cost themselves only'(peer, t) {
      const rig = await forwardTo(t, peer);
      await rig.append(numbers(0, 3));
      await done(rig);
      const poison = new Set([3, 250, 251, 1002]);
      await rig.append(numbers(3, 1003).map((n) => (poison.has(n) ? `poison ${n}` : n)));
      await done(rig);
      await rig.stop();
      const letters = rig.letters.map(({ line }) => numberOf(/v="([^"]*)/.exec(line!)![1]!));
      assert.deepEqual(new Set(letters), poison);
      assert.equal(letters.length, poison.size);
      assert.match(rig.letters[0]!.detail!, /field type conflict|invalid column type for column 'v'/);
      const good = numbers(0, 1003).filter((n) => !poison.has(n));
      assert.deepEqual(byName(await peer.points()), byName(expected(good)));
    },

    async 'nothing but poison is set aside all the same'(peer, t) {
      const rig = await forwardTo(t, peer);
      await rig.append(numbers(0, 3));
      await done(rig);
      await rig.append(numbers(3, 203).map((n) => `poison ${n}`));
      await done(rig);
      await rig.stop();
      assert.equal(rig.letters.length, 200);
      assert.deepEqual(byName(await peer.points()), byName(expected(numbers(0, 3))));
    },

    async 'credentials that are revoked and given again'(peer, t) {
      const rig = await forwardTo(t, peer);
      await rig.append(numbers(0, 50));
      await done(rig);
      await peer.revoke();
      await rig.append(numbers(50, 100));
      await until(() => rig.forwarder.status().state === 'refused', 'the refusal');
      assert.match(
        rig.forwarder.status().detail,
        /40[13].*\(check the user, password or token of forward\.influx/,
      );
      const [, , points] = await probeInflux(wholeConfig(peer), { signal: new AbortController().signal });
      assert.equal((points ?? { state: 'fail' }).state, 'fail');
      assert.equal(rig.forwarder.status().pendingPoints, 50);
      await peer.restore();
      await done(rig);
      await rig.stop();
      assert.deepEqual(rig.letters, []);
      assert.deepEqual(byName(await peer.points()), byName(expected(numbers(0, 100))));
    },

    async 'a place that is missing and made'(peer, t) {
      await peer.remove();
      const rig = await forwardTo(t, peer);
      await rig.append(numbers(0, 50));
      await until(() => rig.forwarder.status().state === 'refused', 'the refusal');
      assert.match(rig.forwarder.status().detail, /not found|would exceed limit of 0 databases/);
      assert.equal(rig.forwarder.status().pendingPoints, 50);
      await peer.create();
      await done(rig);
      await rig.stop();
      assert.deepEqual(rig.letters, []);
      assert.deepEqual(byName(await peer.points()), byName(expected(numbers(0, 50))));
    },

    async 'the connection test leaves nothing'(peer) {
      const findings = await probeInflux(wholeConfig(peer), { signal: new AbortController().signal });
      assert.deepEqual(
        findings.filter(({ state }) => state !== 'ok'),
        [],
      );
      assert.equal(findings[0]?.about, 'server');
      assert.deepEqual(findings.at(-1)?.about, 'points');
      assert.deepEqual([...(await peer.points())], []);
    },
  };
  for (const [name, run] of Object.entries(cases)) {
    test(`InfluxDB ${version}: ${name}`, async (t) => run(await startVersion(t), t));
  }
}

for (const version of ['2.7', '3 Core']) {
  test(`InfluxDB ${version}: 429 is waited out as long as the server wishes`, async (t) => {
    const peer = await versions[version]!(t);
    const gates = peer.gates!;
    gates.instead = { status: 429, headers: { 'retry-after': '60' } };
    const rig = await forwardTo(t, peer);
    await rig.append(numbers(0, 10));
    await until(() => rig.forwarder.status().state === 'down', 'the answer');
    assert.match(rig.forwarder.status().detail, /429.*next try in (5\d s|60 s|1 min)/);
    assert.equal(gates.requests, 1);
    await rig.stop();
  });
}

test('InfluxDB 2.7: what is older than the retention of the bucket is set aside at once, however much it is', async (t) => {
  const influx = await startInflux2();
  t.after(() => influx.kill());
  influx.limits.oldestNs = 500n * 1_000_000n;
  const { url, org, gates, buckets } = influx;
  const config = { url, bucket: 'fleet', org, token: 'good' };
  const rig = await forwardTo(t, { config } as Peer);
  await rig.append(numbers(0, 400));
  await done(rig);
  assert.deepEqual([rig.letters.length, gates.requests], [400, 1]);
  await rig.append(numbers(600, 700));
  await done(rig);
  await rig.stop();
  assert.equal(buckets.get('fleet')!.points.size, 100);
});

test('InfluxDB 3: what its tables cannot hold costs itself only', async (t) => {
  const influx = await startInflux3();
  t.after(() => influx.kill());
  const rig = await forwardTo(t, { config: { url: influx.url, bucket: 'fleet', token: 'good' } } as Peer);
  const at = { measurement: 'm', timeMs: 1 };
  const wrong: Point[] = [
    { ...at, tags: { bus: '1' }, fields: { bus: 1 } },
    { ...at, tags: { bus: '2' }, fields: { v: 'text' } },
  ];
  // A field named `time` is renamed by the gateway; a further tag is taken.
  const right: Point[] = [
    { ...at, tags: { bus: '3' }, fields: { time: 1, v: 1 } },
    { ...at, tags: { bus: '4', line: '7' }, fields: { v: 1 } },
  ];
  await rig.appendPoints([right[0]!, ...wrong, right[1]!]);
  await done(rig);
  await rig.stop();
  assert.deepEqual(rig.letters.map(({ detail }) => /column '(\w+)'/.exec(detail!)![1]).sort(), ['bus', 'v']);
  const stored = [...influx.databases.get('fleet')!.points].map(([identity, fields]) => [
    identity,
    [...fields.keys()],
  ]);
  assert.deepEqual(stored, [
    ['m,bus=3 1000000', ['time_', 'v']],
    ['m,bus=4,line=7 1000000', ['v']],
  ]);
});

test('requests that are too large become smaller, by 413 and by the 500 of InfluxDB 3 Core', async (t) => {
  const [two, three] = [await startInflux2(), await startInflux3()];
  t.after(() => Promise.all([two.kill(), three.kill()]));
  two.limits.maxBytes = 4000;
  three.limits.maxBytes = 4000;
  for (const [config, points] of [
    [{ url: two.url, bucket: 'fleet', org: two.org, token: 'good' }, () => two.buckets.get('fleet')],
    [{ url: three.url, bucket: 'fleet', token: 'good' }, () => three.databases.get('fleet')],
  ] as const) {
    const rig = await forwardTo(t, { config } as Peer);
    await rig.append(numbers(0, 1000));
    await done(rig);
    await rig.stop();
    assert.deepEqual(rig.letters, []);
    assert.equal(points()!.points.size, 1000);
  }
});

/** Settings that a server refuses in words of its own: kept, and the remedy names the key. */
const mistakes: Readonly<Record<string, { config: Partial<InfluxConfig>; on: 2 | 3; says: RegExp }>> = {
  'no organization': { config: {}, on: 2, says: /either orgID or org.*forward\.influx\.org/ },
  'an unknown organization': { config: { org: 'x' }, on: 2, says: /"x" not found.*forward\.influx\.org/ },
  'an unknown bucket': {
    config: { org: 'transport', bucket: 'x' },
    on: 2,
    says: /bucket "x" not found.*create the bucket/,
  },
  'a token for another bucket': {
    config: { org: 'transport', token: 'other' },
    on: 2,
    says: /403 insufficient permissions.*check the user, password or token/,
  },
  'a name that cannot be': {
    config: { bucket: 'fleet/week' },
    on: 3,
    says: /400 invalid character.*another name/,
  },
  'a token with spaces': {
    config: { token: 'good luck' },
    on: 3,
    says: /the token of forward\.influx has spaces/,
  },
};

for (const [name, { config, on, says }] of Object.entries(mistakes)) {
  test(`InfluxDB ${on}: ${name}: every point is kept, and the remedy names what to change`, async (t) => {
    const two = on === 2 ? await startInflux2() : undefined;
    two?.tokens.set('other', new Set(['trains']));
    const server = two ?? (await startInflux3());
    t.after(() => server.kill());
    const whole = { url: server.url, bucket: 'fleet', token: 'good', ...config };
    const rig = await forwardTo(t, { config: whole } as Peer);
    await rig.append(numbers(0, 30));
    await until(() => rig.forwarder.status().state === 'refused', 'the refusal');
    assert.match(rig.forwarder.status().detail, says);
    const found = await probeInflux(wholeConfig({ config: whole } as Peer), {
      signal: new AbortController().signal,
    });
    assert.match(`${found.at(-1)!.words} ${found.at(-1)!.remedy}`, says);
    await rig.stop();
    assert.deepEqual([rig.letters.length, rig.forwarder.status().pendingPoints], [0, 30]);
  });
}

test('InfluxDB 2 (a real one): a token that may write to the bucket and nothing else is enough', {
  skip: program === undefined && 'no INFLUXD2',
}, async (t) => {
  const influx = await startInfluxd2(program!, 'fleet');
  t.after(() => influx.stop());
  const token = await influx.narrowToken();
  const config = { url: influx.url, bucket: 'fleet', org: influx.org, token };
  const found = await probeInflux(wholeConfig({ config } as Peer), { signal: new AbortController().signal });
  assert.deepEqual(
    found.map(({ state }) => state),
    ['ok', 'ok', 'ok'],
  );
  const rig = await forwardTo(t, { config } as Peer);
  await rig.append(numbers(0, 30));
  await done(rig);
  await rig.stop();
  const missing = await probeInflux(wholeConfig({ config: { ...config, bucket: 'x' } } as Peer), {
    signal: new AbortController().signal,
  });
  assert.match(missing.at(-1)!.words, /bucket "x" not found/);
});

test('InfluxDB 2 by the endpoint of 1.x: a database needs a mapping', async (t) => {
  const influx = await startInflux2();
  t.after(() => influx.kill());
  const rig = await forwardTo(t, { config: { url: influx.url, token: 'good' } } as Peer);
  await rig.append(numbers(0, 30));
  await until(() => rig.forwarder.status().state === 'refused', 'the refusal');
  assert.match(rig.forwarder.status().detail, /no dbrp mapping found.*write `bucket` and `org`/);
  influx.mappings.set('fleet', 'fleet');
  await done(rig);
  await rig.stop();
  assert.equal(influx.buckets.get('fleet')!.points.size, 30);
});
