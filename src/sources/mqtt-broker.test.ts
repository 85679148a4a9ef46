import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { accepts, mosquittoPub, mosquittoSub } from '../../test/peers/mosquitto.ts';
import {
  connectPacket,
  connectWire,
  openWire,
  publishPacket,
  type Wire,
} from '../../test/peers/mqtt-wire.ts';
import { until } from '../../test/peers/until.ts';
import type { BrokerConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { startBroker } from './mqtt-broker.ts';
import {
  createContext,
  createRecorder,
  type Recorder,
  sourceContract,
  testLimits,
} from './source.contract.ts';
import type { Source, SourceContext } from './source.ts';

const loopback: BrokerConfig = { listen: [{ port: 0, host: '127.0.0.1' }], allowAnonymous: false };

sourceContract('broker', async () => {
  let wire: Wire | undefined;
  let port = 0;
  let messageId = 0;
  return {
    start: (context) => startBroker(loopback, context),
    async connect(source) {
      port = source.ports![0]!;
      wire?.destroy();
      wire = await connectWire(port);
    },
    send: (payloads) =>
      wire!.send(
        ...payloads.map((payload) => publishPacket('a/b', payload, { qos: 1, messageId: ++messageId })),
      ),
    acknowledged: () => wire!.all('puback').length,
    isFree: async () => !(await accepts(port)),
    async end() {
      wire?.destroy();
    },
  };
});

async function withBroker(
  recorder: Recorder,
  body: (port: number, source: Source, stop: () => void) => Promise<void>,
  overrides: Partial<SourceContext> = {},
  config: BrokerConfig = loopback,
): Promise<void> {
  const { context, stop } = createContext(recorder, overrides);
  const source = await startBroker(config, context);
  try {
    await body(source.ports![0]!, source, stop);
  } finally {
    stop();
    await source.closed;
  }
}

/** A full round trip on the connection: what the broker has not sent by its end it is holding back. */
async function ping(wire: Wire): Promise<void> {
  const before = wire.all('pingresp').length;
  wire.send({ cmd: 'pingreq' });
  await until(() => wire.all('pingresp').length > before, 'pingresp');
}

describe('what is answered when', () => {
  test('QoS 1: PUBACK only after the journal has it, in order; other clients are answered meanwhile', async () => {
    const recorder = createRecorder(true);
    await withBroker(recorder, async (port) => {
      const [one, other] = [await connectWire(port), await connectWire(port, { clientId: 'other' })];
      one.send(...[11, 12, 13].map((messageId) => publishPacket('t', 'x', { qos: 1, messageId })));
      await until(() => recorder.waiting === 3, 'three frames wait');
      await ping(other);
      assert.deepEqual(one.all('puback'), []);
      recorder.release();
      await until(() => one.all('puback').length === 3, 'three answers');
      assert.deepEqual(
        one.all('puback').map(({ messageId }) => messageId),
        [11, 12, 13],
      );
      assert.ok(recorder.frames.every(({ when }) => when === 'durable'));
    });
  });

  test('QoS 2: PUBREC only after the journal has it', async () => {
    const recorder = createRecorder(true);
    await withBroker(recorder, async (port) => {
      const [one, other] = [await connectWire(port), await connectWire(port, { clientId: 'other' })];
      one.send(publishPacket('t', 'x', { qos: 2, messageId: 5 }));
      await until(() => recorder.waiting === 1, 'a frame waits');
      await ping(other);
      assert.deepEqual(one.all('pubrec'), []);
      recorder.release();
      await one.first('pubrec');
      one.send({ cmd: 'pubrel', messageId: 5 });
      await one.first('pubcomp');
      assert.equal(recorder.frames.length, 1);
    });
  });

  test('QoS 0 waits too: it is what slows a flooding client down', async () => {
    const recorder = createRecorder(true);
    await withBroker(recorder, async (port) => {
      const wire = await connectWire(port);
      wire.send(publishPacket('t', 'x'));
      await until(() => recorder.waiting === 1, 'a frame waits');
      wire.send(publishPacket('t', 'y'), publishPacket('t', 'z'));
      await ping(await connectWire(port, { clientId: 'other' }));
      assert.equal(recorder.waiting, 1);
      assert.equal(recorder.frames[0]!.when, 'accepted');
      recorder.release();
      await until(() => recorder.frames.length === 3, 'the rest');
    });
  });

  test('large publishes wait in the socket, too: no more than a few are taken while none is answered', async () => {
    const recorder = createRecorder(true);
    await withBroker(recorder, async (port) => {
      const wire = await connectWire(port);
      const sent = 100;
      for (let messageId = 1; messageId <= sent; messageId++)
        wire.send(publishPacket('t', Buffer.alloc(100_000), { qos: 1, messageId }));
      await until(() => recorder.waiting > 0, 'a frame waits');
      for (let i = 0; i < 20; i++) await ping(await connectWire(port, { clientId: `other${i}` }));
      assert.ok(recorder.waiting <= 3, `${recorder.waiting} taken`);
      recorder.release();
      await until(() => wire.all('puback').length === sent, 'all are answered');
    });
  });

  test('a frame that could not be stored is not acknowledged: the client is disconnected and sends it again', async () => {
    const recorder = createRecorder(true);
    await withBroker(recorder, async (port, source) => {
      const wire = await connectWire(port);
      wire.send(publishPacket('t', 'x', { qos: 1, messageId: 1 }));
      await until(() => recorder.waiting === 1, 'a frame waits');
      recorder.release(new Error('no space left on device'));
      await until(() => wire.closed, 'the connection ends');
      assert.deepEqual(wire.all('puback'), []);
      assert.equal(source.status().counters.notStored, 1);
    });
  });
});

describe('a QoS 2 publish sent again', () => {
  const session = { clean: false, clientId: 'meter' };
  const publish = (dup: boolean, payload = 'x') => publishPacket('t', payload, { qos: 2, messageId: 7, dup });

  test('after a lost PUBREC is journaled and forwarded once', async () => {
    const recorder = createRecorder();
    await withBroker(recorder, async (port) => {
      const subscriber = await connectWire(port, { clientId: 'subscriber' });
      subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 0 }] });
      await subscriber.first('suback');
      const first = await connectWire(port, session);
      first.send(publish(false));
      await first.first('pubrec');
      first.destroy();
      const second = await connectWire(port, session);
      second.send(publish(true), publish(true));
      await until(() => second.all('pubrec').length === 2, 'two answers');
      second.send({ cmd: 'pubrel', messageId: 7 });
      await second.first('pubcomp');
      await ping(subscriber);
      assert.equal(recorder.frames.length, 1);
      assert.equal(subscriber.all('publish').length, 1);
    });
  });

  test('while its first copy still waits for the journal is journaled once, and answered after it', async () => {
    const recorder = createRecorder(true);
    await withBroker(recorder, async (port) => {
      const first = await connectWire(port, session);
      first.send(publish(false));
      await until(() => recorder.waiting === 1, 'a frame waits');
      first.destroy();
      const second = await connectWire(port, session);
      second.send(publish(true));
      await ping(await connectWire(port, { clientId: 'other' }));
      assert.deepEqual(second.all('pubrec'), []);
      recorder.release();
      await second.first('pubrec');
      assert.equal(recorder.frames.length, 1);
    });
  });

  test('without DUP, or after PUBREL, is a new one: no message is lost to a reused id', async () => {
    const recorder = createRecorder();
    await withBroker(recorder, async (port) => {
      const wire = await connectWire(port, session);
      wire.send(publish(false, 'one'));
      await until(() => wire.all('pubrec').length === 1, 'first answer');
      wire.send(publish(false, 'two'));
      await until(() => wire.all('pubrec').length === 2, 'second answer');
      wire.send({ cmd: 'pubrel', messageId: 7 });
      await wire.first('pubcomp');
      wire.send(publish(true, 'three'));
      await until(() => wire.all('pubrec').length === 3, 'third answer');
      assert.deepEqual(
        recorder.frames.map(({ payload }) => payload.toString()),
        ['one', 'two', 'three'],
      );
    });
  });

  test('whose PUBLISH never came is completed at its PUBREL, and takes nothing from the next of its id', async () => {
    const recorder = createRecorder();
    await withBroker(recorder, async (port) => {
      // A gateway started again: its predecessor journaled the message before it sent PUBREC.
      const wire = await connectWire(port, session);
      wire.send({ cmd: 'pubrel', messageId: 7 });
      await wire.first('pubcomp');
      assert.equal(recorder.frames.length, 0);
      wire.send(publish(true));
      await wire.first('pubrec');
      assert.equal(recorder.frames.length, 1);
    });
  });

  test('while the gateway stops gets no PUBREC; one taken before it does', async () => {
    const recorder = createRecorder(true);
    await withBroker(recorder, async (port, _source, stop) => {
      const [wire, other] = [
        await connectWire(port, session),
        await connectWire(port, { clientId: 'other' }),
      ];
      wire.send(publish(false));
      await until(() => recorder.waiting === 1, 'a frame waits');
      stop();
      const late = publishPacket('t', 'late', { qos: 2, messageId: 8 });
      other.send(late, { cmd: 'pubrel', messageId: 8 }, { cmd: 'pingreq' });
      await other.first('pingresp');
      recorder.release();
      await until(() => wire.closed && other.closed, 'the connections end');
      assert.equal(wire.all('pubrec').length, 1);
      assert.deepEqual([...other.all('pubrec'), ...other.all('pubcomp')], []);
      assert.equal(recorder.frames.length, 1);
    });
  });

  test('with a PUBREL that did not wait for PUBREC gets its PUBCOMP only after the journal has it', async () => {
    const recorder = createRecorder(true);
    await withBroker(recorder, async (port) => {
      const subscriber = await connectWire(port, { clientId: 'subscriber' });
      subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 0 }] });
      await subscriber.first('suback');
      const wire = await connectWire(port, session);
      wire.send(publish(false), { cmd: 'pubrel', messageId: 7 }, { cmd: 'pingreq' });
      await wire.first('pingresp');
      assert.deepEqual([...wire.all('pubrec'), ...wire.all('pubcomp')], []);
      recorder.release();
      await wire.first('pubcomp');
      await wire.first('pubrec');
      await ping(subscriber);
      assert.equal(subscriber.all('publish').length, 1);
    });
  });

  test('after the journal refused it is journaled anew', async () => {
    const recorder = createRecorder();
    recorder.refuse(1);
    await withBroker(recorder, async (port) => {
      const first = await connectWire(port, session);
      first.send(publish(false));
      await until(() => first.closed, 'the connection ends');
      const second = await connectWire(port, session);
      second.send(publish(true));
      await second.first('pubrec');
      assert.equal(recorder.frames.length, 1);
    });
  });
});

describe('what is refused', () => {
  async function closesOn(overrides: Partial<SourceContext>, send: (wire: Wire) => void, counter: string) {
    const recorder = createRecorder();
    await withBroker(
      recorder,
      async (port, source) => {
        const bystander = await connectWire(port, { clientId: 'bystander' });
        const wire = await connectWire(port);
        send(wire);
        await until(() => wire.closed, 'the connection ends');
        assert.equal(source.status().counters[counter], 1);
        await ping(bystander);
      },
      overrides,
    );
    assert.deepEqual(recorder.frames, []);
  }

  const sendTo = (topic: string) => (wire: Wire) =>
    wire.send(publishPacket(topic, 'x', { qos: 1, messageId: 1 }));

  test('$SYS/ topics and null characters', async () => {
    await closesOn({}, sendTo('$SYS/broker/uptime'), 'refused');
    await closesOn({}, sendTo('a\0b'), 'clientErrors');
  });

  test('a topic of more than 32 levels', async () => {
    await closesOn({}, sendTo('a/'.repeat(32)), 'clientErrors');
    const recorder = createRecorder();
    await withBroker(recorder, async (port) => {
      sendTo(`${'a/'.repeat(31)}a`)(await connectWire(port));
      await until(() => recorder.frames.length === 1, 'the frame');
    });
  });

  test('a packet over the limit ends the connection when it is announced, not when it is here', async () => {
    const limits = { ...testLimits, packetBytes: 1000 };
    await closesOn(
      { limits },
      (wire) => wire.socket.write(Buffer.from([0x30, 0xe9, 0x07])),
      'packetsTooLong',
    );
  });

  test('a packet at the limit is taken', async () => {
    const recorder = createRecorder();
    const limits = { ...testLimits, packetBytes: 1000 };
    await withBroker(
      recorder,
      async (port) => {
        const wire = await connectWire(port);
        wire.send(publishPacket('t', 'x'.repeat(997)));
        await until(() => recorder.frames.length === 1, 'the frame');
      },
      { limits },
    );
  });

  test('10 MB before CONNECT', async () => {
    await withBroker(createRecorder(), async (port, source) => {
      const wire = await openWire(port);
      wire.socket.write(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x05]));
      await until(() => wire.closed, 'the connection ends');
      assert.equal(source.status().counters.packetsTooLong, 1);
    });
  });

  test('bytes that are not MQTT', async () => {
    await withBroker(createRecorder(), async (port) => {
      const wire = await openWire(port);
      wire.socket.write('GET / HTTP/1.1\r\n\r\n');
      await until(() => wire.closed, 'the connection ends');
      await connectWire(port);
    });
  });

  test('one connection more than the limit', async () => {
    const limits = { ...testLimits, connections: 2 };
    await withBroker(
      createRecorder(),
      async (port, source) => {
        const first = await connectWire(port, { clientId: 'one' });
        await connectWire(port, { clientId: 'two' });
        const third = await openWire(port);
        await until(() => third.closed, 'the third ends');
        assert.equal(source.status().counters.connectionsRefused, 1);
        first.destroy();
        await until(() => source.status().counters.clients === 1, 'the first left');
        await connectWire(port, { clientId: 'four' });
      },
      { limits },
    );
  });

  test('a shared subscription, which it does not offer, instead of granting it for nothing', async () => {
    await withBroker(createRecorder(), async (port) => {
      const wire = await connectWire(port);
      wire.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$share/g/t', qos: 1 }] });
      assert.deepEqual((await wire.first('suback')).granted, [128]);
    });
  });
});

describe('clients', () => {
  test('may ask for no keep-alive, or a very long one', async () => {
    await withBroker(createRecorder(), async (port) => {
      for (const keepalive of [0, 65535]) {
        const wire = await openWire(port);
        wire.send(connectPacket({ keepalive, clientId: `k${keepalive}` }));
        assert.equal((await wire.first('connack')).returnCode, 0);
      }
    });
  });

  test('their wills are journaled when they vanish, not when the gateway stops', async () => {
    const recorder = createRecorder();
    const will = { topic: 'gone', payload: Buffer.from('bye'), qos: 2 as const, retain: false };
    await withBroker(recorder, async (port) => {
      const vanishing = await connectWire(port, { clientId: 'a', will });
      await connectWire(port, { clientId: 'b', will });
      vanishing.destroy();
      await until(() => recorder.frames.length === 1, 'the will');
    });
    assert.equal(recorder.frames.length, 1);
    assert.equal(recorder.frames[0]!.topic, 'gone');
  });

  test('a will to a wildcard or $SYS/ topic is refused', async () => {
    const recorder = createRecorder();
    await withBroker(recorder, async (port, source) => {
      for (const topic of ['#', '$SYS/x']) {
        const will = { topic, payload: Buffer.from('x'), qos: 1 as const, retain: false };
        const wire = await connectWire(port, { clientId: `c${topic.length}`, will });
        wire.destroy();
      }
      await until(() => source.status().counters.loginsRefused === 2, 'two refusals');
      assert.deepEqual(recorder.frames, []);
    });
  });

  test('mosquitto_pub and mosquitto_sub, all three qualities of service', async (t) => {
    const recorder = createRecorder();
    await withBroker(recorder, async (port) => {
      const subscriber = await mosquittoSub(port, ['-t', 'bus/#', '-q', '2']);
      t.after(() => subscriber.stop());
      for (const qos of ['0', '1', '2']) {
        const lines = Array.from({ length: 200 }, (_, i) => `${qos} ${i}`);
        await mosquittoPub(port, ['-t', 'bus/7', '-q', qos], lines);
        await until(() => recorder.frames.length === (Number(qos) + 1) * 200, `200 frames of QoS ${qos}`);
        assert.deepEqual(
          recorder.frames.slice(-200).map(({ payload }) => payload.toString()),
          lines,
        );
      }
      await until(() => subscriber.lines.length === 600, '600 messages forwarded');
    });
  });
});

describe('the quality of service of what is delivered', () => {
  async function delivered(
    filter: string,
    asked: 0 | 1 | 2,
    sent: 0 | 1 | 2,
    retain: boolean,
  ): Promise<number> {
    let qos = Number.NaN;
    await withBroker(createRecorder(), async (port) => {
      const [subscriber, publisher] = [await connectWire(port), await connectWire(port, { clientId: 'p' })];
      const subscribe = async (): Promise<void> => {
        subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos: asked }] });
        await subscriber.first('suback');
      };
      if (!retain) await subscribe();
      publisher.send(publishPacket('a/b', 'x', sent > 0 ? { qos: sent, messageId: 1, retain } : { retain }));
      if (sent === 2) publisher.send({ cmd: 'pubrel', messageId: 1 });
      if (retain) await ping(publisher);
      if (retain && sent > 0) await publisher.first(sent === 1 ? 'puback' : 'pubcomp');
      if (retain) await ping(publisher);
      if (retain) await subscribe();
      qos = (await subscriber.first('publish')).qos;
    });
    return qos;
  }

  for (const filter of ['a/b', '+/b', 'a/#']) {
    test(`of ${filter}: the lower of what was asked for and what was sent`, async () => {
      for (const asked of [0, 1, 2] as const) {
        for (const sent of [0, 1, 2] as const) {
          for (const retain of [false, true]) {
            const expected = Math.min(asked, sent);
            assert.equal(
              await delivered(filter, asked, sent, retain),
              expected,
              `${asked} ${sent} ${retain}`,
            );
          }
        }
      }
    });
  }
});

describe('what the gateway publishes itself', () => {
  test('reaches subscribers, also retained, and is not journaled', async (t) => {
    const recorder = createRecorder();
    await withBroker(recorder, async (port, source) => {
      const before = await mosquittoSub(port, ['-t', 'alerts/#', '-q', '1']);
      t.after(() => before.stop());
      await source.publish!('alerts/critical', 'too warm', { qos: 1, retain: true });
      await until(() => before.lines.length === 1, 'the alert');
      const after = await mosquittoSub(port, ['-t', 'alerts/#', '-q', '1']);
      t.after(() => after.stop());
      await until(() => after.lines.length === 1, 'the retained alert');
      assert.deepEqual(
        [before.lines, after.lines],
        [['alerts/critical too warm'], ['alerts/critical too warm']],
      );
      assert.deepEqual(recorder.frames, []);
    });
  });

  test('is rejected where the topic cannot be published to, and after the stop', async () => {
    await withBroker(createRecorder(), async (_port, source, stop) => {
      const options = { qos: 1, retain: false } as const;
      await assert.rejects(source.publish!('alerts/#', 'x', options), GatewayError);
      stop();
      await assert.rejects(source.publish!('alerts', 'x', options), /stopping/);
    });
  });
});

describe('a subscriber that stops reading', () => {
  async function flood(qos: 0 | 1, counter: string): Promise<void> {
    const recorder = createRecorder();
    await withBroker(recorder, async (port, source) => {
      const frozen = await connectWire(port, { clientId: 'frozen', clean: false });
      frozen.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos }] });
      await frozen.first('suback');
      frozen.socket.pause();
      const publisher = await connectWire(port, { clientId: 'publisher' });
      const payload = Buffer.alloc(20_000, 'x');
      for (let messageId = 1; !source.status().counters[counter]; messageId++) {
        publisher.send(publishPacket('t', payload, { qos: 1, messageId }));
        await until(() => publisher.all('puback').length === messageId, 'the publisher is answered');
      }
    });
  }

  test('misses messages at QoS 0, and holds up no publisher', () => flood(0, 'slowDropped'));
  test('is disconnected at QoS 1, and holds up no publisher', () => flood(1, 'slowDisconnected'));
});

describe('listening', () => {
  const start = (config: BrokerConfig) => startBroker(config, createContext(createRecorder()).context);

  test('a port in use is named, with a remedy', async () => {
    await withBroker(createRecorder(), async (port) => {
      await assert.rejects(start({ ...loopback, listen: [{ port, host: '127.0.0.1' }] }), (error) => {
        assert.ok(error instanceof GatewayError);
        assert.equal(
          error.message,
          `source under-test: cannot listen on 127.0.0.1:${port}: the port is in use`,
        );
        assert.match(error.remedy!, /choose another port/);
        return true;
      });
    });
  });

  test('when one listener fails the others are closed again', async () => {
    await withBroker(createRecorder(), async (used) => {
      const probe = await connectable();
      const listen = [
        { port: probe, host: '127.0.0.1' },
        { port: used, host: '127.0.0.1' },
      ];
      await assert.rejects(start({ ...loopback, listen }), GatewayError);
      assert.equal(await accepts(probe), false);
    });
  });

  test('other hosts than this one need users or `allow_anonymous`; users that were not read open nothing', async () => {
    const listen = [{ port: 0, host: '0.0.0.0' }];
    await assert.rejects(start({ listen, allowAnonymous: false }), /would let everyone/);
    await assert.rejects(start({ ...loopback, users: 'users.yaml' }), /were not read/);
    await withBroker(
      createRecorder(),
      async (port) => void (await connectWire(port)),
      {},
      { listen, allowAnonymous: true },
    );
  });

  test('an address that is not of this machine', async () => {
    const listen = [{ port: 0, host: '192.0.2.1' }];
    await assert.rejects(start({ listen, allowAnonymous: true }), /cannot listen on 192.0.2.1:0/);
  });

  test('ends connections that never said CONNECT', async () => {
    const { context, stop } = createContext(createRecorder());
    const source = await startBroker(loopback, context);
    const silent = connect(source.ports![0]!, '127.0.0.1');
    await once(silent, 'connect');
    stop();
    await source.closed;
    await once(silent, 'close');
  });

  test('tells ports and clients', async () => {
    const listen = [
      { port: 0, host: '127.0.0.1' },
      { port: 0, host: '::1' },
    ];
    await withBroker(
      createRecorder(),
      async (port, source) => {
        await connectWire(port);
        const [v4, v6] = source.ports!;
        assert.equal(source.status().detail, `127.0.0.1:${v4}, [::1]:${v6}, 1 client`);
      },
      {},
      { ...loopback, listen },
    );
  });

  async function connectable(): Promise<number> {
    let port = 0;
    await withBroker(createRecorder(), async (free) => {
      port = free;
    });
    return port;
  }
});
