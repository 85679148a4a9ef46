/** What MQTT 3.1.1 asks of a broker when a packet breaks a rule, byte by byte. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import mqtt, { type Packet } from 'mqtt-packet';
import {
  connectPacket,
  connectWire,
  openWire,
  publishPacket,
  type Wire,
} from '../../test/peers/mqtt-wire.ts';
import { until } from '../../test/peers/until.ts';
import { startBroker } from './mqtt-broker.ts';
import { createContext, createRecorder } from './source.contract.ts';
import type { Source } from './source.ts';

const recorder = createRecorder();
const { context, stop } = createContext(recorder);
let source: Source;
let port: number;
let bystander: Wire;
before(async () => {
  source = await startBroker({ listen: [{ port: 0, host: '127.0.0.1' }], allowAnonymous: false }, context);
  port = source.ports![0]!;
  bystander = await connectWire(port, { clientId: 'bystander' });
});
after(async () => {
  stop();
  await source.closed;
});

let ids = 0;
const bytes = (packet: Packet): Buffer => Buffer.from(mqtt.generate(packet));
const connectBytes = (clientId = `c${++ids}`): Buffer => bytes(connectPacket({ clientId }));

/** A frame of a type, its flags and what follows its length. */
function frame(type: number, flags: number, ...body: (string | number | Buffer)[]): Buffer {
  const rest = Buffer.concat(
    body.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part as string))),
  );
  assert.ok(rest.length < 128);
  return Buffer.concat([Buffer.from([(type << 4) | flags, rest.length]), rest]);
}
const text = (value: string | Buffer): Buffer => {
  const content = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([content.length >> 8, content.length & 255]), content]);
};

/** Sends bytes on a connection of its own; gives what came before it was ended. */
async function ends(...sent: Buffer[]): Promise<Packet[]> {
  const wire = await openWire(port);
  wire.socket.write(Buffer.concat(sent));
  await until(() => wire.closed, `the end of ${Buffer.concat(sent).toString('hex')}`);
  return wire.received.filter(({ cmd }) => cmd !== 'connack' || isRefusal(wire));
}
const isRefusal = (wire: Wire): boolean => wire.all('connack').some(({ returnCode }) => returnCode !== 0);

/** That a connected client is ended by these bytes, and that nothing comes of them. */
async function breaksRule(...sent: Buffer[]): Promise<void> {
  const frames = recorder.frames.length;
  assert.deepEqual(await ends(connectBytes(), ...sent), []);
  assert.equal(recorder.frames.length, frames);
}

const connectWith = (name: string, level: number, flags: number, ...rest: (string | number | Buffer)[]) =>
  frame(1, 0, text(name), level, flags, 0, 60, ...rest);

describe('CONNECT', () => {
  test('of another version: CONNACK 1 [MQTT-3.1.2-2]', async () => {
    for (const [name, level] of [
      ['MQTT', 5],
      ['MQTT', 3],
      ['MQTT', 6],
      ['MQTT', 0],
      ['MQIsdp', 4],
    ] as const) {
      const answer = await ends(connectWith(name, level, 2, text('x'), 0));
      assert.deepEqual(
        answer.map((packet) => 'returnCode' in packet && packet.returnCode),
        [1],
      );
    }
  });

  test('with a client of MQTT 5 itself: CONNACK 1', async () => {
    const answer = await ends(bytes({ ...connectPacket(), protocolVersion: 5, properties: {} }));
    assert.equal(answer.length, 1);
  });

  test('MQTT 3.1 is let in', async () => {
    const wire = await connectWire(port, { protocolId: 'MQIsdp', protocolVersion: 3, clientId: 'old' });
    assert.equal((await wire.first('connack')).returnCode, 0);
    wire.destroy();
  });

  test('of another protocol, or with flags against the rules: ended without an answer', async () => {
    for (const packet of [
      connectWith('HTTP', 4, 2, text('x')),
      // Reserved flag; will QoS 3; will flags without a will; password without user.
      connectWith('MQTT', 4, 3, text('x')),
      connectWith('MQTT', 4, 0x1e, text('x'), text('t'), text('p')),
      connectWith('MQTT', 4, 0x0a, text('x')),
      connectWith('MQTT', 4, 0x22, text('x')),
      connectWith('MQTT', 4, 0x42, text('x'), text('secret')),
      // A will, a user, a client id that is announced and not there; bytes too many.
      connectWith('MQTT', 4, 0x06, text('x'), text('t')),
      connectWith('MQTT', 4, 0x82, text('x')),
      connectWith('MQTT', 4, 2, 0, 9, 'x'),
      connectWith('MQTT', 4, 2, text('x'), 'more'),
      frame(1, 0),
      frame(1, 0, text('MQTT')),
      frame(1, 1, text('MQTT'), 4, 2, 0, 60, text('x')),
      // What is no text.
      connectWith('MQTT', 4, 2, text('a\0b')),
      connectWith('MQTT', 4, 2, text(Buffer.from([0x61, 0xff]))),
      connectWith('MQTT', 4, 2, text(Buffer.from([0xed, 0xa0, 0x80]))),
    ]) {
      assert.deepEqual(await ends(packet), [], packet.toString('hex'));
    }
  });

  test('a character that looks like a broken one is no broken one', async () => {
    const wire = await connectWire(port, { clientId: 'a\uFFFDb' });
    assert.equal((await wire.first('connack')).returnCode, 0);
    wire.destroy();
  });

  test('without a client id: one is given to a clean session; CONNACK 2 otherwise [MQTT-3.1.3-8]', async () => {
    const two = [await connectWire(port, { clientId: '' }), await connectWire(port, { clientId: '' })];
    for (const wire of two) assert.equal((await wire.first('connack')).returnCode, 0);
    assert.ok(two.every(({ closed }) => !closed));
    for (const wire of two) wire.destroy();
    const codeOf = async (packet: Buffer): Promise<unknown> =>
      (await ends(packet)).map((one) => 'returnCode' in one && one.returnCode);
    assert.deepEqual(await codeOf(connectWith('MQTT', 4, 0, text(''))), [2]);
    assert.deepEqual(await codeOf(connectWith('MQIsdp', 3, 2, text(''))), [2]);
    assert.deepEqual(await codeOf(connectBytes('x'.repeat(300))), [2]);
    assert.deepEqual(
      await codeOf(
        bytes({ ...connectPacket(), protocolId: 'MQIsdp', protocolVersion: 3, clientId: 'x'.repeat(24) }),
      ),
      [2],
    );
  });

  test('twice ends the connection [MQTT-3.1.0-2]; anything before it too [MQTT-3.1.0-1]', async () => {
    await breaksRule(connectBytes());
    for (const first of [
      bytes(publishPacket('t', 'x', { qos: 1, messageId: 1 })),
      bytes({ cmd: 'pingreq' }),
      bytes({ cmd: 'disconnect' }),
      bytes({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 0 }] }),
    ]) {
      assert.deepEqual(await ends(first), []);
    }
    assert.deepEqual(recorder.frames, []);
  });

  test('a session that was kept is said to be there, one that was not is not', async () => {
    const present = async (clean: boolean): Promise<unknown> => {
      const wire = await connectWire(port, { clientId: 'kept', clean });
      const { sessionPresent } = await wire.first('connack');
      wire.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'k', qos: 1 }] });
      await wire.first('suback');
      wire.destroy();
      const clients = source.status().counters.clients!;
      await until(() => source.status().counters.clients! < clients, 'it has left');
      return sessionPresent;
    };
    assert.deepEqual(
      [await present(false), await present(false), await present(true), await present(false)],
      [false, true, false, false],
    );
  });
});

describe('other packets', () => {
  test('PUBLISH: no topic, a wildcard, no identifier, QoS 3, what is no text, shorter than its parts', async () => {
    await breaksRule(frame(3, 0, text(''), 'x'));
    await breaksRule(frame(3, 0, text('a/+'), 'x'));
    await breaksRule(frame(3, 0, text('#'), 'x'));
    await breaksRule(frame(3, 2, text('a'), 0, 0, 'x'));
    await breaksRule(frame(3, 4, text('a'), 0, 0, 'x'));
    await breaksRule(frame(3, 6, text('a'), 0, 1, 'x'));
    await breaksRule(frame(3, 0, text('a\0'), 'x'));
    await breaksRule(frame(3, 0, text(Buffer.from([0xc3])), 'x'));
    await breaksRule(frame(3, 0, 0, 9, 'a'));
    await breaksRule(frame(3, 0, 0));
    // The identifier would be taken from the next packet.
    await breaksRule(frame(3, 2, text('a')), bytes({ cmd: 'pingreq' }));
    await breaksRule(frame(3, 0, text('x'.repeat(100)).fill('/', 2)));
  });

  test('an empty payload is one', async () => {
    const wire = await connectWire(port, { clientId: 'empty' });
    wire.send(publishPacket('empty', ''));
    await until(() => recorder.frames.some(({ topic }) => topic === 'empty'), 'the frame');
    wire.destroy();
    recorder.frames.length = 0;
  });

  test('SUBSCRIBE and UNSUBSCRIBE: no filter, no identifier, a wrong one, flags, options', async () => {
    const one = [text('a'), 0] as const;
    await breaksRule(frame(8, 2, 0, 1));
    await breaksRule(frame(8, 2, 0, 0, ...one));
    await breaksRule(frame(8, 0, 0, 1, ...one));
    await breaksRule(frame(8, 2, 0, 1, text('a'), 3));
    await breaksRule(frame(8, 2, 0, 1, text('a'), 4));
    await breaksRule(frame(8, 2, 0, 1, text('a')));
    await breaksRule(frame(8, 2, 0, 1, text(''), 0));
    for (const filter of ['a#', '+a', 'a+', 'a/#/b', 'a/b+', '#/a', 'a\0', 'a/'.repeat(32)])
      await breaksRule(frame(8, 2, 0, 1, text(filter), 0));
    await breaksRule(frame(10, 2, 0, 1));
    await breaksRule(frame(10, 2, 0, 0, text('a')));
    await breaksRule(frame(10, 0, 0, 1, text('a')));
    await breaksRule(frame(10, 2, 0, 1, text('a'), 0));
    await breaksRule(frame(10, 2));
  });

  test('acknowledgements without an identifier, with more than it, with wrong flags', async () => {
    for (const type of [4, 5, 6, 7]) {
      const flags = type === 6 ? 2 : 0;
      await breaksRule(frame(type, flags));
      await breaksRule(frame(type, flags, 0));
      await breaksRule(frame(type, flags, 0, 0));
      await breaksRule(frame(type, flags, 0, 1, 0));
      await breaksRule(frame(type, flags ^ 2, 0, 1));
    }
  });

  test('PINGREQ and DISCONNECT with bytes or flags, and packets that only a server sends', async () => {
    for (const packet of [frame(12, 0, 'x'), frame(12, 1), frame(14, 0, 'x'), frame(14, 1)])
      await breaksRule(packet);
    await breaksRule(frame(2, 0, 0, 0));
    await breaksRule(frame(9, 0, 0, 1, 0));
    await breaksRule(frame(11, 0, 0, 1));
    await breaksRule(frame(13, 0));
    await breaksRule(frame(15, 0));
    await breaksRule(frame(0, 0));
  });

  test('a length of five bytes', () => breaksRule(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0x01])));

  test('byte by byte they are the same', async () => {
    const wire = await openWire(port);
    for (const byte of Buffer.concat([
      connectBytes(),
      bytes(publishPacket('slow/ö', 'x', { qos: 1, messageId: 7 })),
      bytes({ cmd: 'pingreq' }),
    ])) {
      wire.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await wire.first('pingresp');
    await wire.first('puback');
    assert.equal(wire.received.length, 3);
    assert.equal(recorder.frames.at(-1)!.topic, 'slow/ö');
    wire.destroy();
  });

  test('nobody else noticed', async () => {
    bystander.send({ cmd: 'pingreq' });
    await bystander.first('pingresp');
    assert.ok(!bystander.closed);
  });
});
