/**
 * Kill -9 at random moments under load: every point in InfluxDB is the oracle's, every alert arrives, under one id.
 *
 * Two clients publish with QoS 1 and two with QoS 2, as MQTT asks of a client that keeps its session: what was not
 * acknowledged is sent again. A serial line cannot do that; its probe writes while the gateway runs.
 * No device is idle between two of its readings, or its windows would close: `idle_after` is longer than a round takes.
 * The moments and the data come from `seed`; which frame a kill meets is the machine's choice.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Packet } from 'mqtt-packet';
import { type OracleReading, windowsOf } from './oracle.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { freePort, startInfluxd } from './peers/influxd.ts';
import { connectWire, publishPacket, type Wire } from './peers/mqtt-wire.ts';
import { startSerialLine } from './peers/socat.ts';
import { until } from './peers/until.ts';
import { differences, type ExpectedPoint, storedPoints } from './real-input.ts';

const rounds = 6;
const seed = 20_240_115;
const latenessMs = 2000;
const alarmAbove = 90;
const startMs = Date.UTC(2024, 0, 15);

/** Numerical Recipes' generator: [0, 1). */
function createRandom(from: number): () => number {
  let state = from;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const files = (port: number, serialPath: string, influxUrl: string, hookUrl: string) => ({
  'headgate.yaml': `gateway: g
batch: 50ms
sources:
  mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } }
  probe: { serial: { path: "${serialPath}", baud: 9600, framing: line } }
forward: { influx: { url: "${influxUrl}", database: fleet } }
notify: { ops: { webhook: { url: "${hookUrl}" } } }
`,
  'devices/meter.yaml': `device: meter
source: mqtt
topic: meter/{id}
codec: json
time: { path: at, format: unix_ms }
fields: { x: { path: x } }
lateness: 2s
idle_after: 8s
`,
  'devices/probe.yaml': `device: probe
source: probe
codec: { csv: { columns: [at, x] } }
time: { path: at, format: unix_ms }
tags: { id: { value: probe } }
fields: { x: { path: x } }
lateness: 2s
idle_after: 8s
`,
  'rules/all.yaml': `rules:
  - name: tumbling
    from: [meter, probe]
    by: [id]
    window: { tumbling: 10s }
    compute: { count: count(), sum: sum(x), max: max(x) }
    alert: [{ when: max > ${alarmAbove}, message: "{id}: {max}", notify: [ops] }]
  - name: sliding
    from: [meter, probe]
    by: [id]
    window: { sliding: 7s, every: 3s }
    compute: { count: count(), sum: sum(x) }
  - { name: each, from: [meter, probe], by: [id] }
`,
});

/** A device's readings: a tenth of them late, some too late. No two of one time. */
function createDevice(key: string, random: () => number) {
  const readings: OracleReading[] = [];
  const times = new Set<number>();
  let timeMs = startMs;
  return {
    readings,
    next(): OracleReading {
      timeMs += 50 + Math.floor(random() * 150);
      let atMs = random() < 0.1 ? timeMs - Math.floor(random() * 2 * latenessMs) : timeMs;
      while (times.has(atMs)) atMs += 1;
      times.add(atMs);
      const reading = { key, timeMs: atMs, value: Math.floor(random() * (alarmAbove + 3)) };
      readings.push(reading);
      return reading;
    },
  };
}

interface Unacknowledged {
  readonly payload: string;
  released: boolean;
}

/** Publishes until told to stop, then until everything is acknowledged; connects again whenever it must. */
async function publish(
  port: number,
  key: string,
  qos: 1 | 2,
  next: () => OracleReading,
  stop: AbortSignal,
): Promise<void> {
  const pending = new Map<number, Unacknowledged>();
  let messageId = 0;
  const packetOf = (id: number, { payload, released }: Unacknowledged, dup: boolean): Packet =>
    released
      ? { cmd: 'pubrel', messageId: id }
      : publishPacket(`meter/${key}`, payload, { qos, messageId: id, dup });

  function take(wire: Wire): void {
    for (const packet of wire.received.splice(0)) {
      if (packet.cmd === 'puback' || packet.cmd === 'pubcomp') pending.delete(packet.messageId!);
      if (packet.cmd !== 'pubrec') continue;
      pending.get(packet.messageId!)!.released = true;
      wire.send({ cmd: 'pubrel', messageId: packet.messageId! });
    }
  }

  function give(wire: Wire): void {
    for (let i = 0; i < 10 && pending.size < 100 && !stop.aborted; i++) {
      messageId = (messageId % 60_000) + 1;
      const { timeMs, value } = next();
      const message = { payload: JSON.stringify({ at: timeMs, x: value }), released: false };
      pending.set(messageId, message);
      wire.send(packetOf(messageId, message, false));
    }
  }

  while (!stop.aborted || pending.size > 0) {
    const wire = await connectWire(port, { clientId: key, clean: false }).catch(() => undefined);
    for (const [id, message] of pending) wire?.send(packetOf(id, message, true));
    while (wire !== undefined && !wire.closed && (!stop.aborted || pending.size > 0)) {
      take(wire);
      give(wire);
      await wait(2);
    }
    wire?.destroy();
    await wait(10);
  }
}

/** Alerts as "key state time", with the ids they came under. Answers some with 503. */
async function startHook() {
  const received = new Map<string, Set<string>>();
  let requests = 0;
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    requests += 1;
    if (requests % 40 === 0) {
      response.writeHead(503, { 'Retry-After': '0' }).end();
      return;
    }
    const { key, state, at, id } = JSON.parse(body) as Record<string, string> & { key: { id: string } };
    const name = `${key.id} ${state} ${at}`;
    received.set(name, (received.get(name) ?? new Set()).add(id!));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { received, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

function sumsOf(readings: readonly OracleReading[], lengthMs: number, everyMs: number): ExpectedPoint[] {
  return windowsOf(readings, lengthMs, everyMs, latenessMs).windows.map(({ key, endMs, values }) => ({
    key,
    timeMs: endMs,
    fields: { count: values.length, sum: values.reduce<number>((sum, x) => sum + x!, 0) },
  }));
}

/** Fires and clears with the largest value of each window in turn. */
function alertsOf(readings: readonly OracleReading[]): string[] {
  const { windows } = windowsOf(readings, 10_000, 10_000, latenessMs);
  let firing = false;
  return windows
    .toSorted((a, b) => a.endMs - b.endMs)
    .flatMap(({ key, endMs, values }) => {
      const holds = values.some((x) => x! > alarmAbove);
      if (holds === firing) return [];
      firing = holds;
      return [`${key} ${holds ? 'firing' : 'ok'} ${new Date(endMs).toISOString()}`];
    });
}

async function probeHas(gateway: GatewayProcess, frames: number): Promise<boolean> {
  const { sources } = await gateway.status();
  return sources.find(({ name }) => name === 'probe')!.counters.received! >= frames;
}

test('kill -9 at random moments under load: the same points and alerts as undisturbed', async () => {
  const random = createRandom(seed);
  const [influxd, line, port, hook] = await Promise.all([
    startInfluxd(),
    startSerialLine(),
    freePort(),
    startHook(),
  ]);
  const gateway = await makeGateway(files(port, line.path, influxd.url, hook.url));
  after(async () => {
    await gateway.remove();
    hook.server.close();
    await Promise.all([influxd.stop(), line.stop()]);
  });
  await gateway.start();

  const stop = new AbortController();
  const meters = ['a', 'b', 'c', 'd'].map((key) => createDevice(key, createRandom(key.charCodeAt(0))));
  const probe = createDevice('probe', createRandom(7));
  const publishers = meters.map((meter, i) =>
    publish(port, 'abcd'[i]!, i < 2 ? 1 : 2, meter.next, stop.signal),
  );
  for (let round = 0; round < rounds; round++) {
    const fresh = Array.from({ length: 20 }, probe.next);
    await until(async () => (await gateway.status()).sources[1]!.state === 'open', 'the serial line');
    line.write(fresh.map(({ timeMs, value }) => `${timeMs},${value}\n`).join(''));
    await until(() => probeHas(gateway, fresh.length), 'the probe’s lines');
    // A serial line waits for no answer: its frames are durable with the next batch.
    await wait(100 + random() * 1000);
    await gateway.kill();
    await gateway.start();
  }
  stop.abort();
  await Promise.all(publishers);
  const isQuiet = async (): Promise<boolean> => {
    const { rules, forward, notifiers } = await gateway.status();
    const nothingPending = notifiers.every(({ pending }) => pending === 0) && forward.pendingPoints === 0;
    return nothingPending && rules.every(({ openWindows }) => openWindows === 0);
  };
  await until(isQuiet, 'everything to be delivered', 30_000);

  const devices = [...meters, probe];
  const all = devices.flatMap(({ readings }) => readings);
  const expected: Record<string, ExpectedPoint[]> = {
    tumbling: sumsOf(all, 10_000, 10_000),
    sliding: sumsOf(all, 7000, 3000),
    each: all.map(({ key, timeMs, value }) => ({ key, timeMs, fields: { x: value } })),
  };
  for (const [measurement, points] of Object.entries(expected)) {
    const found = differences(await storedPoints(influxd, measurement, 'id'), points);
    assert.deepEqual(found.slice(0, 10), [], `${found.length} of ${points.length} points of ${measurement}`);
  }
  const alerts = devices.flatMap(({ readings }) => alertsOf(readings));
  assert.ok(alerts.length > 10, `${alerts.length} alerts prove nothing`);
  assert.deepEqual([...hook.received.keys()].sort(), alerts.sort());
  for (const [name, ids] of hook.received) assert.equal(ids.size, 1, name);
});
