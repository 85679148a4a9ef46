/**
 * What is sent twice is counted once, on to the points: redelivery at every stage of the handshakes of MQTT, over
 * reconnects and restarts of the gateway; the same reading over two sources and two subscriptions; a device that resends.
 *
 * `timed` readings carry their time, and copies are known by it. `untimed` ones have the time of their arrival: of these
 * only the handshake of QoS 2 can tell a copy from another reading.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DeviceLine, GatewayStatus, RuleLine } from '../src/core/status.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { type Influxd, startInfluxd } from './peers/influxd.ts';
import {
  connectWire,
  publishPacket,
  startWireServer,
  type Wire,
  type WireServer,
} from './peers/mqtt-wire.ts';
import { until } from './peers/until.ts';

const startMs = Date.UTC(2026, 0, 5);

let influxd: Influxd;
let gateway: GatewayProcess;
let plant: WireServer;
let port: number;

before(async () => {
  [influxd, port, plant] = await Promise.all([
    startInfluxd(),
    freePort(),
    startWireServer({ sessionPresent: () => true }),
  ]);
  gateway = await makeGateway({
    'headgate.yaml': `gateway: g
batch: 50ms
sources:
  mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } }
  plant: { mqtt: { url: "mqtt://127.0.0.1:${plant.port}", qos: 2 } }
forward: { influx: { url: "${influxd.url}", database: fleet } }
`,
    'devices/timed.yaml': `device: timed
topic: timed/{id}
codec: json
time: { path: at, format: unix_ms }
fields: { x: { path: x } }
lateness: 10s
idle_after: 1h
`,
    'devices/also.yaml': `device: also
topic: timed/#
codec: json
time: { path: at, format: unix_ms }
fields: { x: { path: x } }
lateness: 10s
idle_after: 1h
`,
    'devices/untimed.yaml': `device: untimed
topic: untimed/{id}
codec: json
fields: { x: { path: x } }
`,
    'rules/all.yaml': `rules:
  - name: minute
    from: timed
    by: [id]
    window: { tumbling: 1m }
    compute: { n: count(), sum: sum(x) }
  - name: revised
    from: timed
    by: [id]
    window: { tumbling: 1m, late: revise, keep: 2h }
    compute: { n: count(), sum: sum(x) }
  - { name: each, from: timed, by: [id] }
  - { name: arrivals, from: untimed, by: [id] }
  - name: others
    from: also
    window: { tumbling: 1m }
    compute: { n: count() }
`,
  });
  await gateway.start();
});
after(async () => {
  await gateway.remove();
  await Promise.all([influxd.stop(), plant.stop()]);
});

const deviceOf = ({ devices }: GatewayStatus, name: string): DeviceLine =>
  devices.find((device) => device.name === name)!;
const ruleOf = ({ rules }: GatewayStatus, name: string): RuleLine =>
  rules.find((rule) => rule.name === name)!;

/** The status once all frames are processed and all points sent. */
async function settled(): Promise<GatewayStatus> {
  let status = await gateway.status();
  let processedMs = Number.POSITIVE_INFINITY;
  await until(async () => {
    status = await gateway.status();
    if (status.journal.waiting > 0) return false;
    // A batch later its points are in the outbox.
    processedMs = Math.min(processedMs, status.processedMs);
    return status.processedMs > processedMs && status.forward.pendingPoints === 0;
  }, 'everything to be through');
  return status;
}

async function pointsOf(measurement: string, id: string): Promise<Record<string, unknown>[]> {
  const series = await influxd.query(`SELECT * FROM "${measurement}" WHERE id = '${id}'`, 'fleet');
  return series.flatMap(({ columns, values }) =>
    values.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]))),
  );
}

const session = (clientId: string) => ({ clientId, clean: false });
const timed = (id: string, atMs: number, x = 1) => ({
  topic: `timed/${id}`,
  payload: JSON.stringify({ at: atMs, x }),
});

interface Publish {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 1 | 2;
  readonly messageId: number;
}

function send(wire: Wire, { topic, payload, ...options }: Publish, dup = false): void {
  wire.send(publishPacket(topic, payload, { ...options, dup }));
}

async function restart(how: 'kill' | 'stop'): Promise<void> {
  if (how === 'kill') await gateway.kill();
  else await gateway.stop();
  await gateway.start();
}

test('QoS 1, sent again with and without DUP, before and after its PUBACK, over a reconnect and restarts', async () => {
  const publish = (messageId: number): Publish => ({
    ...timed('q1', startMs + 1000 * messageId),
    ...{ qos: 1, messageId },
  });
  const first = await connectWire(port, session('q1'));
  // The second copy does not wait for the PUBACK of the first.
  send(first, publish(1));
  send(first, publish(1), true);
  send(first, publish(1));
  await until(() => first.all('puback').length === 3, 'three answers');
  // Its PUBACK is lost with the connection.
  send(first, publish(2));
  await until(() => first.all('puback').length === 4, 'the answer');
  first.destroy();
  const second = await connectWire(port, session('q1'));
  send(second, publish(2), true);
  send(second, publish(3));
  await until(() => second.all('puback').length === 2, 'two answers');
  for (const how of ['kill', 'stop'] as const) {
    await restart(how);
    const wire = await connectWire(port, session('q1'));
    send(wire, publish(2), true);
    send(wire, publish(3), true);
    send(wire, publish(3));
    await until(() => wire.all('puback').length === 3, 'three answers');
    wire.destroy();
  }
  await settled();
  assert.equal((await pointsOf('each', 'q1')).length, 3);
  const last = await connectWire(port, session('q1'));
  send(last, { ...timed('q1', startMs + 3_600_000), qos: 1, messageId: 9 });
  await last.first('puback');
  const status = await settled();
  assert.equal(deviceOf(status, 'timed').readings, 4);
  assert.equal(deviceOf(status, 'timed').duplicates, 2 + 1 + 2 * 3);
  assert.deepEqual(
    (await pointsOf('minute', 'q1')).map(({ n, sum }) => [n, sum]),
    [[3, 3]],
  );
});

for (const how of ['kill', 'stop'] as const) {
  test(`QoS 2 at every stage of its handshake over a restart by ${how}: counted once, also without a time`, async () => {
    const clientId = `meter-${how}`;
    const publish = (messageId: number, x = messageId): Publish => ({
      ...{ topic: `untimed/${how}`, payload: JSON.stringify({ x }) },
      ...{ qos: 2, messageId },
    });
    const wire = await connectWire(port, session(clientId));
    // 1: its PUBREC is lost. 2: its PUBREL is not sent yet. 3: its PUBCOMP is lost. 4: its end is known on both sides.
    for (const messageId of [1, 2, 3, 4]) send(wire, publish(messageId));
    await until(() => wire.all('pubrec').length === 4, 'four PUBRECs');
    for (const messageId of [3, 4]) wire.send({ cmd: 'pubrel', messageId });
    await until(() => wire.all('pubcomp').length === 2, 'two PUBCOMPs');
    // 5: nobody knows how far it came.
    send(wire, publish(5));
    await restart(how);

    const resumed = await connectWire(port, session(clientId));
    send(resumed, publish(1), true);
    resumed.send({ cmd: 'pubrel', messageId: 2 }, { cmd: 'pubrel', messageId: 3 });
    // 4 is the id of another message now, whose first copy was lost.
    send(resumed, publish(4, 40), true);
    send(resumed, publish(5), true);
    await until(() => resumed.all('pubrec').length === 3, 'three PUBRECs');
    for (const messageId of [1, 4, 5]) resumed.send({ cmd: 'pubrel', messageId });
    await until(() => resumed.all('pubcomp').length === 5, 'five PUBCOMPs');
    // Ended: all five ids may be used again, also when the first copy is lost.
    for (const messageId of [1, 2, 3, 4, 5]) send(resumed, publish(messageId, 100 + messageId), true);
    await until(() => resumed.all('pubrec').length === 8, 'eight PUBRECs');
    resumed.destroy();
    // And again before their ends.
    await restart(how);
    const third = await connectWire(port, session(clientId));
    for (const messageId of [1, 2, 3, 4, 5]) send(third, publish(messageId, 100 + messageId), true);
    await until(() => third.all('pubrec').length === 5, 'five PUBRECs');
    third.destroy();

    await settled();
    const xs = (await pointsOf('arrivals', how)).map(({ x }) => Number(x)).sort((a, b) => a - b);
    // Of the fifth it is open whether its first copy was stored: it came once.
    assert.deepEqual(xs, [1, 2, 3, 4, 5, 40, 101, 102, 103, 104, 105]);
  });
}

test('QoS 2 from a server that the gateway is a client of: the same', async () => {
  const publish = (messageId: number, x: number): Publish => ({
    ...{ topic: 'untimed/plant', payload: JSON.stringify({ x }), qos: 2, messageId },
  });
  const newest = async (after: number): Promise<Wire> => {
    await until(() => plant.connections.length > after, 'the gateway to connect');
    const wire = plant.connections.at(-1)!;
    await wire.first('subscribe');
    return wire;
  };
  const first = await newest(0);
  for (const messageId of [1, 2, 3]) send(first, publish(messageId, messageId));
  await until(() => first.all('pubrec').length === 3, 'three PUBRECs');
  first.send({ cmd: 'pubrel', messageId: 3 });
  await first.first('pubcomp');
  const before = plant.connections.length;
  await restart('kill');
  const second = await newest(before);
  send(second, publish(1, 1), true);
  second.send({ cmd: 'pubrel', messageId: 2 });
  send(second, publish(3, 30), true);
  await until(() => second.all('pubrec').length === 2, 'two PUBRECs');
  for (const messageId of [1, 3]) second.send({ cmd: 'pubrel', messageId });
  await until(() => second.all('pubcomp').length === 3, 'three PUBCOMPs');
  await settled();
  assert.deepEqual(
    (await pointsOf('arrivals', 'plant')).map(({ x }) => x),
    [1, 2, 3, 30],
  );
});

test('one reading over two sources, and twice from a server whose subscriptions overlap: once', async () => {
  const reading = timed('both', startMs);
  const wire = await connectWire(port, session('both'));
  send(wire, { ...reading, qos: 1, messageId: 1 });
  const server = plant.connections.at(-1)!;
  // One for each subscription that fits (MQTT 3.1.1, 3.3.5).
  send(server, { ...reading, qos: 1, messageId: 11 });
  send(server, { ...reading, qos: 1, messageId: 12 });
  send(wire, { ...timed('both', startMs + 3_600_000), qos: 1, messageId: 2 });
  await until(() => wire.all('puback').length === 2 && server.all('puback').length === 2, 'four answers');
  await settled();
  assert.deepEqual(
    (await pointsOf('minute', 'both')).map(({ n }) => n),
    [1],
  );
});

test('two readings of one device and one time: the first counts, the other is a duplicate', async () => {
  const wire = await connectWire(port, session('same'));
  send(wire, { ...timed('same', startMs, 1), qos: 1, messageId: 1 });
  send(wire, { ...timed('same', startMs, 2), qos: 1, messageId: 2 });
  send(wire, { ...timed('same', startMs + 3_600_000, 3), qos: 1, messageId: 3 });
  await until(() => wire.all('puback').length === 3, 'three answers');
  await settled();
  assert.deepEqual(
    (await pointsOf('minute', 'same')).map(({ n, sum }) => [n, sum]),
    [[1, 1]],
  );
  assert.equal((await pointsOf('each', 'same')).length, 2);
});

test('a device that resends its last hour, twice, before and after a restart: once, also where results are revised', async () => {
  const wire = await connectWire(port, session('hour'));
  const seconds = Array.from({ length: 720 }, (_, i) => i * 5);
  let messageId = 0;
  const give = async (to: Wire, from: readonly number[]): Promise<void> => {
    const answers = to.all('puback').length;
    for (const s of from)
      send(to, { ...timed('hour', startMs + 1000 * s, s), qos: 1, messageId: ++messageId });
    await until(() => to.all('puback').length === answers + from.length, 'all answers');
  };
  const beforeAll = (await settled()).devices.find(({ name }) => name === 'timed')!;
  await give(wire, seconds);
  await give(wire, seconds);
  await restart('kill');
  const again = await connectWire(port, session('hour'));
  await give(again, seconds.toReversed());
  await give(again, [3_600_000]);
  const status = await settled();
  const { readings, duplicates } = deviceOf(status, 'timed');
  assert.equal(readings - beforeAll.readings, 721);
  assert.equal(duplicates - beforeAll.duplicates, 2 * 720);
  for (const measurement of ['minute', 'revised']) {
    const points = await pointsOf(measurement, 'hour');
    assert.equal(points.length, 60, measurement);
    for (const { n } of points) assert.equal(n, 12);
  }
  assert.equal(ruleOf(status, 'revised').revised, 0);
});
