/**
 * More than the gateway can process, from publishers that are processes of their own: who waits, what is kept, what is dropped.
 *
 * Its engine is slow for real: hundreds of rules judge every reading.
 */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { busTopics } from '../bench/load/messages.ts';
import { type Job, startLoad } from '../bench/load/start.ts';
import type { GatewayStatus } from '../src/core/status.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayOptions, type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { connectWire, publishPacket } from './peers/mqtt-wire.ts';
import { until } from './peers/until.ts';

const topics = busTopics(100);
const floods = 3;
const batchMs = 200;

const device = `device: bus
topic: fleet/bus/{vehicle}/telemetry
codec: json
fields: { temp: {}, speed: {}, passengers: {} }
idle_after: 1s
`;
const counting = `  - { name: counted, from: bus, by: [vehicle], window: { tumbling: 1s }, compute: { readings: count() } }\n`;
const heavy = (rules: number): string =>
  Array.from(
    { length: rules },
    (_, i) => `  - name: heavy${i}
    from: bus
    alert: [{ when: "ewma(temp, 1m) + ewma(speed, 1m) > ${1000 + i}" }]
    forward: false
`,
  ).join('');

interface Started {
  readonly gateway: GatewayProcess;
  readonly port: number;
}

async function start(
  t: TestContext,
  {
    broker = '',
    limits = '',
    rules = counting + heavy(300),
  }: Partial<Record<'broker' | 'limits' | 'rules', string>>,
  options: GatewayOptions = {},
): Promise<Started> {
  const port = await freePort();
  const gateway = await makeGateway(
    {
      'headgate.yaml': `gateway: g
batch: ${batchMs}ms
sources: { mqtt: { broker: { listen: [{ port: ${port} }]${broker} } } }
${limits}`,
      'devices/bus.yaml': device,
      'rules/all.yaml': `rules:\n${rules}`,
    },
    options,
  );
  t.after(() => gateway.remove());
  await gateway.start();
  return { gateway, port };
}

/** Publishers that send as fast as they can, each a process; `over` when all is sent, and at QoS 1 answered. */
async function flood(
  t: TestContext,
  port: number,
  job: Pick<Job, 'messages' | 'qos'>,
): Promise<{ readonly over: Promise<unknown> }> {
  const loads = await Promise.all(
    Array.from({ length: floods }, () => startLoad({ ...job, topics, inFlight: 20_000 })),
  );
  t.after(() => {
    for (const load of loads) load.stop();
  });
  return { over: Promise.all(loads.map((load) => load.run(port))) };
}

/** A device that says something now and then and waits for the answer, as devices do. */
async function startWellBehaved(t: TestContext, port: number) {
  const wire = await connectWire(port, { clientId: 'well-behaved', keepalive: 2 });
  let sent = 0;
  const timer = setInterval(() => {
    if (sent > wire.all('puback').length) return;
    const payload = JSON.stringify({ temp: 20, speed: 1, passengers: 2 });
    wire.send(publishPacket('fleet/bus/good/telemetry', payload, { qos: 1, messageId: ++sent }));
  }, 20);
  t.after(() => {
    clearInterval(timer);
    wire.destroy();
  });
  return {
    get answered() {
      return wire.all('puback').length;
    },
    get isClosed() {
      return wire.closed;
    },
    /** Gives how many publishes were sent, once all are answered. */
    async stop() {
      clearInterval(timer);
      await until(() => wire.all('puback').length === sent, 'all its publishes are answered', 60_000);
      return sent;
    },
  };
}

/** What was seen of the gateway while something lasted. */
async function watch(gateway: GatewayProcess, lasting: Promise<unknown>): Promise<readonly GatewayStatus[]> {
  const seen: GatewayStatus[] = [];
  let isOver = false;
  void lasting.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    seen.push(await gateway.status());
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await lasting;
  return seen;
}

/** Readings in the points of the rule that counts them, by vehicle. */
function countedReadings({ folder }: GatewayProcess): Map<string, number> {
  const points = join(folder, 'data', 'points');
  const counted = new Map<string, number>();
  for (const file of readdirSync(points)) {
    for (const line of readFileSync(join(points, file), 'utf8').split('\n')) {
      const found = /^counted,.*vehicle=(\w+) readings=(\d+)/.exec(line);
      if (found) counted.set(found[1]!, (counted.get(found[1]!) ?? 0) + Number(found[2]));
    }
  }
  return counted;
}

const sum = (counts: Iterable<number>): number => [...counts].reduce((all, count) => all + count, 0);
const received = ({ sources }: GatewayStatus): number => sources[0]!.counters.received!;
const saying = ({ logLines }: GatewayProcess, text: string): string[] =>
  logLines.filter((line) => line.includes(text));

async function recovers(gateway: GatewayProcess): Promise<void> {
  await until(
    async () => {
      const { overload } = await gateway.status();
      return overload.state === 'keeping up' && overload.behindMs < 2 * batchMs;
    },
    'it keeps up again',
    30_000,
  );
}

test('QoS 1: publishers wait, nothing acknowledged is lost, nobody is starved, and it recovers', async (t) => {
  const { gateway, port } = await start(t, { rules: counting + heavy(1000) });
  const good = await startWellBehaved(t, port);
  const messages = 12_000;
  const flooding = await flood(t, port, { messages, qos: 1 });
  const seen = await watch(gateway, flooding.over);

  const held = seen.filter(({ overload }) => overload.state === 'held back');
  assert.ok(held.length > 0, 'it was held back');
  assert.ok(received(held[0]!) < floods * messages, 'publishers wait before all is swallowed');
  const most = (of: (status: GatewayStatus) => number): number => Math.max(...seen.map(of));
  // Of each connection what was read at once; of the payloads less than a quarter of what was sent.
  assert.ok(most(({ overload }) => overload.heldAnswers) < 5000);
  assert.ok(most(({ overload }) => overload.waitingBytes) < 16 << 20);
  assert.equal(held.at(-1)!.sources[0]!.counters.shed, 0);

  await recovers(gateway);
  assert.equal(good.isClosed, false);
  assert.ok(good.answered > held.length / 5, `${good.answered} answers in ${held.length} looks`);
  const sent = await good.stop();
  const all = floods * messages;
  await until(
    () => sum(countedReadings(gateway).values()) === all + sent,
    'every reading is in a point',
    20_000,
  );
  assert.equal(countedReadings(gateway).get('good'), sent);
  assert.equal(saying(gateway, 'client disconnected').length, 0);
  const times = (await gateway.status()).overload.times;
  assert.ok(saying(gateway, 'senders are held back').length >= 1);
  assert.equal(saying(gateway, 'processing keeps up again').length, times);
});

test('QoS 0 with overload: shed: publishers do not wait, what is dropped is counted; QoS 1 loses nothing', async (t) => {
  const { gateway, port } = await start(t, { broker: ', overload: shed' });
  const good = await startWellBehaved(t, port);
  const messages = 60_000;
  const flooding = await flood(t, port, { messages, qos: 0 });
  const seen = await watch(gateway, flooding.over);
  const sent = await good.stop();
  await until(async () => received(await gateway.status()) >= floods * messages + sent, 'all is read');
  await recovers(gateway);

  assert.ok(seen.some(({ overload }) => overload.state === 'shedding'));
  const { sources, journal } = await gateway.status();
  const { shed, queued, notStored } = sources[0]!.counters;
  assert.ok(shed! > 0);
  assert.equal(queued! + notStored!, 0);
  assert.equal(received(await gateway.status()), journal.frames + shed!);
  await until(
    () => sum(countedReadings(gateway).values()) === floods * messages + sent - shed!,
    'every reading that was not dropped is in a point',
    20_000,
  );
  assert.equal(countedReadings(gateway).get('good'), sent);
});

test('a disk too full for results: publishers wait before the journal is full, and are not sent away', async (t) => {
  const flag = join('/tmp', `headgate-full-${process.pid}`);
  t.after(() => rmSync(flag, { force: true }));
  const { gateway, port } = await start(
    t,
    { limits: 'limits: { journal: 16MB }\n', rules: `${counting}  - { name: each, from: bus }\n` },
    { preloads: [join(import.meta.dirname, 'peers/full-disk.ts')], env: () => ({ FULL_DISK_FLAG: flag }) },
  );
  const wire = await connectWire(port, { keepalive: 2 });
  t.after(() => wire.destroy());
  const publish = (messageId: number): void => {
    const note = randomBytes(48 << 10).toString('base64');
    wire.send(publishPacket('fleet/bus/1/telemetry', `{"temp":1,"note":"${note}"}`, { qos: 1, messageId }));
  };
  writeFileSync(flag, '');
  const all = 400;
  for (let messageId = 1; messageId <= all; messageId++) publish(messageId);
  await until(
    async () => /is the disk full/.test((await gateway.status()).overload.remedy ?? ''),
    'publishers wait for room',
    30_000,
  );
  const before = wire.all('puback').length;
  assert.ok(before < all, `${before} answers`);
  // Longer than the keep-alive: the client is not taken for dead.
  await new Promise((resolve) => setTimeout(resolve, 3500));
  assert.equal(wire.closed, false);
  assert.ok(wire.all('puback').length < all);
  rmSync(flag);
  await until(() => wire.all('puback').length === all, 'all are answered', 90_000);
  await until(() => countedReadings(gateway).get('1') === all, 'every reading is in a point', 60_000);
  assert.equal((await gateway.status()).sources[0]!.counters.notStored, 0);
});
