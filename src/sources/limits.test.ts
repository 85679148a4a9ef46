/** What one peer can take of the broker: each limit, and that the others go on. */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { Aedes } from 'aedes';
import mqtt from 'mqtt-packet';
import {
  connectPacket,
  connectWire,
  openWire,
  publishPacket,
  type Wire,
} from '../../test/peers/mqtt-wire.ts';
import { until } from '../../test/peers/until.ts';
import type { Limits } from '../config/schema.ts';
import { startBroker } from './mqtt-broker.ts';
import { keepRetained } from './retained.ts';
import type { Persistence, StoredPacket } from './sessions.ts';
import { createContext, createRecorder, testLimits } from './source.contract.ts';
import { watchStalled } from './stalled.ts';

async function brokerOf(t: TestContext, limits: Partial<Limits> = {}) {
  const recorder = createRecorder();
  const { context, stop } = createContext(recorder, { limits: { ...testLimits, ...limits } });
  const source = await startBroker(
    { listen: [{ port: 0, host: '127.0.0.1' }], allowAnonymous: false },
    context,
  );
  t.after(() => {
    stop();
    return source.closed;
  });
  return { port: source.ports![0]!, recorder, source, counters: () => source.status().counters };
}

async function ping(wire: Wire): Promise<void> {
  const before = wire.all('pingresp').length;
  wire.send({ cmd: 'pingreq' });
  await until(() => wire.all('pingresp').length > before, 'pingresp');
}

async function subscribe(wire: Wire, topics: readonly string[]): Promise<readonly unknown[]> {
  const before = wire.all('suback').length;
  const subscriptions = topics.map((topic) => ({ topic, qos: 1 as const }));
  wire.send({ cmd: 'subscribe', messageId: before + 1, subscriptions });
  await until(() => wire.all('suback').length > before, 'suback');
  return wire.all('suback').at(-1)!.granted as number[];
}

describe('before a client has said who it is', () => {
  test('a CONNECT of more than 16 KB ends the connection when it is announced', async (t) => {
    const { port, counters } = await brokerOf(t);
    const will = { topic: 'w', payload: Buffer.alloc(17_000), qos: 0 as const, retain: false };
    const wire = await openWire(port);
    wire.socket.write(mqtt.generate(connectPacket({ will })).subarray(0, 8));
    await until(() => wire.closed, 'the end');
    assert.equal(counters().packetsTooLong, 1);
    const small = { ...will, payload: Buffer.alloc(15_000) };
    (await connectWire(port, { will: small })).destroy();
  });

  test('one that says nothing, or half of it, is ended after the time for it', async (t) => {
    const { port, counters } = await brokerOf(t, { connectTimeoutMs: 200 });
    const [silent, half, trickling] = [await openWire(port), await openWire(port), await openWire(port)];
    const connect = mqtt.generate(connectPacket());
    half.socket.write(connect.subarray(0, 10));
    for (let i = 0; !trickling.closed; i = Math.min(i + 1, connect.length - 2)) {
      trickling.socket.write(connect.subarray(i, i + 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await until(() => silent.closed && half.closed, 'the ends');
    assert.equal(counters().clients, 0);
  });

  test('connections of one address are bounded, beside those of all', async (t) => {
    const { port, counters } = await brokerOf(t, { connectionsPerAddress: 2 });
    const held = [await openWire(port), await openWire(port)];
    const third = await openWire(port);
    await until(() => third.closed, 'the third is refused');
    assert.equal(counters().connectionsRefusedOfAddress, 1);
    held[0]!.destroy();
    await until(async () => {
      const wire = await openWire(port);
      wire.send(connectPacket());
      const answer = await wire.first('connack').catch(() => undefined);
      wire.destroy();
      return answer?.returnCode === 0;
    }, 'room again');
  });
});

test('a packet that is begun and not finished ends its connection, however its bytes trickle in', async (t) => {
  const broker = await Aedes.createBroker({});
  let now = 0;
  let stalls = 0;
  const watch = watchStalled({ onStalled: () => (stalls += 1), everyMs: 5, graceMs: 1000, nowMs: () => now });
  const clients: object[] = [];
  const server = createServer((socket) => {
    const client = broker.handle(socket);
    clients.push(client);
    watch.add(client);
    socket.once('close', () => watch.remove(client));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    watch.stop();
    broker.close();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const idle = await connectWire(port, { clientId: 'idle' });
  const busy = await connectWire(port, { clientId: 'busy' });
  const slow = await connectWire(port, { clientId: 'slow' });
  const big = mqtt.generate(publishPacket('t', Buffer.alloc(5000)));
  slow.socket.write(big.subarray(0, 100));
  const looks = () => new Promise((resolve) => setTimeout(resolve, 30));
  await looks();
  // A grace of 1 s, and 5 s for its 5,000 bytes.
  for (let i = 0; i < 5; i++) {
    now += 1000;
    slow.socket.write(big.subarray(100 + i, 101 + i));
    await ping(busy);
    await looks();
    assert.ok(!slow.closed);
  }
  now += 1100;
  await until(() => slow.closed, 'the end');
  assert.equal(stalls, 1);
  await ping(idle);
  await ping(busy);
});

describe('subscriptions', () => {
  test('a storm of wildcards: a hundred are granted, the others refused; others go on', async (t) => {
    const { port, counters, recorder } = await brokerOf(t);
    const storm = await connectWire(port, { clientId: 'storm', clean: false });
    const filters = Array.from({ length: 5000 }, (_, i) =>
      i % 2 ? `${'+/'.repeat(i % 31)}${i}/#` : `s/${'+/'.repeat(i % 20)}#`,
    );
    const granted = await subscribe(storm, [...new Set(['#', ...filters])]);
    assert.equal(granted.filter((code) => code === 1).length, 100);
    assert.ok(granted.slice(100).every((code) => code === 128));
    assert.equal(counters().subscriptionsTooMany, granted.length - 100);
    const other = await connectWire(port, { clientId: 'other' });
    assert.deepEqual(await subscribe(other, ['s/#']), [1]);
    other.send(publishPacket('s/1/2', 'x', { qos: 1, messageId: 1 }));
    await other.first('publish');
    await storm.first('publish');
    await ping(storm);
    assert.equal(storm.all('publish').length, 1, 'once, however many match');
    assert.equal(recorder.frames.length, 1);
    storm.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['#'] });
    await storm.first('unsuback');
    assert.deepEqual(await subscribe(storm, ['again', 'more']), [1, 128]);
  });

  test('a filter twice in one packet counts once', async (t) => {
    const { port } = await brokerOf(t, { subscriptions: 1 });
    const wire = await connectWire(port);
    assert.deepEqual(await subscribe(wire, ['a', 'a']), [1]);
    assert.deepEqual(await subscribe(wire, ['a']), [1]);
    assert.deepEqual(await subscribe(wire, ['b']), [128]);
  });

  test('sessions are bounded: the one whose client is away longest goes, with its queue', async (t) => {
    const { port, counters } = await brokerOf(t, { sessions: 2 });
    async function session(clientId: string): Promise<boolean> {
      const wire = await connectWire(port, { clientId, clean: false });
      const { sessionPresent } = await wire.first('connack');
      if (!sessionPresent) assert.deepEqual(await subscribe(wire, ['t']), [1]);
      wire.destroy();
      await until(() => counters().clients === 0, 'it has left');
      return sessionPresent;
    }
    await session('a');
    await session('b');
    const publisher = await openWire(port);
    publisher.send(connectPacket({ clientId: 'p' }), publishPacket('t', 'x', { qos: 1, messageId: 1 }));
    await publisher.first('puback');
    publisher.destroy();
    await until(() => counters().clients === 0, 'the publisher has left');
    assert.equal(await session('a'), true);
    await session('c');
    await until(() => counters().sessionsForgotten === 1, 'one is forgotten');
    const b = await connectWire(port, { clientId: 'b', clean: false });
    assert.equal((await b.first('connack')).sessionPresent, false);
    await ping(b);
    assert.deepEqual(b.all('publish'), []);
  });
});

test('a search of all retained messages lets others have their turn', async () => {
  const broker = await Aedes.createBroker({});
  broker.close();
  const { persistence } = broker as unknown as { persistence: Persistence };
  keepRetained(persistence, { retainedRefused: 0 });
  for (let i = 0; i < 5000; i++) {
    const packet: StoredPacket = { topic: `a/${i}`, payload: Buffer.from('x') };
    await persistence.storeRetained(packet);
  }
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  count();
  const filters = Array.from({ length: 20 }, (_, i) => `+/none/${i}/#`);
  const found: StoredPacket[] = [];
  for await (const packet of persistence.createRetainedStreamCombi([...filters, 'a/7', '+/4999']))
    found.push(packet);
  isOver = true;
  assert.deepEqual(
    found.map(({ topic }) => topic),
    ['a/7', 'a/4999'],
  );
  assert.ok(turns >= 200, `${turns} turns of the loop`);
});

test('a client that floods does not starve the others', async (t) => {
  const { port, recorder } = await brokerOf(t);
  const flood = await connectWire(port, { clientId: 'flood' });
  const other = await connectWire(port, { clientId: 'other' });
  const chunk = Buffer.concat(
    Array.from({ length: 500 }, () => mqtt.generate(publishPacket('f', 'x'.repeat(50)))),
  );
  let isOver = false;
  const flooding = (async () => {
    while (!isOver) {
      if (!flood.socket.write(chunk)) await new Promise((resolve) => flood.socket.once('drain', resolve));
      else await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await until(() => recorder.frames.length > 1000, 'the flood');
  for (let i = 1; i <= 20; i++) {
    other.send(publishPacket('o', String(i), { qos: 1, messageId: i }));
    await until(() => other.all('puback').length === i, 'the other is answered');
  }
  isOver = true;
  flood.destroy();
  await flooding;
});
