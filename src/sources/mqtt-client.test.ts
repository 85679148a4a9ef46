import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { IConnectPacket } from 'mqtt-packet';
import { mosquittoPub, mosquittoSub, startMosquitto } from '../../test/peers/mosquitto.ts';
import { publishPacket, startWireServer, type Wire, type WireServer } from '../../test/peers/mqtt-wire.ts';
import { until } from '../../test/peers/until.ts';
import type { MqttConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { startMqttClient } from './mqtt-client.ts';
import { createContext, createRecorder, sourceContract, testLimits } from './source.contract.ts';
import type { Source, SourceContext } from './source.ts';

const connected = (source: Source) => until(() => source.status().state === 'connected', 'it is connected');

sourceContract('mqtt', async () => {
  const server = await startWireServer();
  let messageId = 0;
  const current = () => server.connections.at(-1)!;
  return {
    start: (context) => startMqttClient({ url: `mqtt://127.0.0.1:${server.port}`, qos: 1 }, context),
    /** The newest connection has subscribed, and answers: the client has not just given it up. */
    async connect() {
      const isReady = (wire: Wire | undefined) => wire && !wire.closed && wire.all('subscribe').length > 0;
      let answers = false;
      while (!answers) {
        await until(() => isReady(server.connections.at(-1)), 'it has subscribed');
        const wire = current();
        const answered = wire.all('pubcomp').length;
        wire.send({ cmd: 'pubrel', messageId: 65_000 });
        await until(() => wire.closed || wire.all('pubcomp').length > answered, 'it answers');
        answers = !wire.closed;
      }
    },
    send: (payloads) =>
      current().send(
        ...payloads.map((payload) => publishPacket('a/b', payload, { qos: 1, messageId: ++messageId })),
      ),
    acknowledged: () => server.connections.reduce((sum, wire) => sum + wire.all('puback').length, 0),
    isFree: async () => server.connections.every(({ closed }) => closed),
    end: () => server.stop(),
  };
});

async function setUp(
  t: TestContext,
  options: Parameters<typeof startWireServer>[0] = {},
  overrides: Partial<SourceContext> = {},
  config: Partial<MqttConfig> = {},
) {
  const server = await startWireServer(options);
  const recorder = createRecorder();
  const { context, stop } = createContext(recorder, overrides);
  const url = `mqtt://127.0.0.1:${server.port}`;
  const source = await startMqttClient({ url, qos: 1, ...config }, context);
  t.after(async () => {
    stop();
    recorder.release();
    await source.closed;
    await server.stop();
  });
  return { server, recorder, source, stop };
}

/** The n-th connection, once it has subscribed. */
async function subscribed(server: WireServer, nth = 1): Promise<Wire> {
  await until(() => (server.connections[nth - 1]?.all('subscribe').length ?? 0) > 0, `subscription ${nth}`);
  return server.connections[nth - 1]!;
}

/** What the client sends in answer to the server's PUBREL of an unknown id shows that all before it was read. */
async function roundTrip(wire: Wire): Promise<void> {
  const before = wire.all('pubcomp').length;
  wire.send({ cmd: 'pubrel', messageId: 60_000 + before });
  await until(() => wire.all('pubcomp').length > before, 'pubcomp');
}

describe('what is answered when', () => {
  test('QoS 1: PUBACK after the journal has it, in order; the next packets are read meanwhile', async (t) => {
    const { server, recorder } = await setUp(t);
    const wire = await subscribed(server);
    recorder.hold();
    wire.send(...[3, 1, 2].map((messageId) => publishPacket('t', 'x', { qos: 1, messageId })));
    await roundTrip(wire);
    assert.equal(recorder.waiting, 3);
    assert.deepEqual(wire.all('puback'), []);
    recorder.release();
    await until(() => wire.all('puback').length === 3, 'three answers');
    assert.deepEqual(
      wire.all('puback').map(({ messageId }) => messageId),
      [3, 1, 2],
    );
  });

  test('QoS 2: PUBREC, with which the server forgets it, after the journal has it; PUBCOMP after PUBREL', async (t) => {
    const { server, recorder } = await setUp(t);
    const wire = await subscribed(server);
    recorder.hold();
    wire.send(publishPacket('t', 'x', { qos: 2, messageId: 9 }));
    await roundTrip(wire);
    assert.deepEqual(wire.all('pubrec'), []);
    recorder.release();
    await wire.first('pubrec');
    wire.send({ cmd: 'pubrel', messageId: 9 });
    await until(() => wire.all('pubcomp').some(({ messageId }) => messageId === 9), 'pubcomp');
    assert.deepEqual(
      recorder.frames.map(({ topic, payload, when }) => [topic, payload.toString(), when]),
      [['t', 'x', 'durable']],
    );
  });

  test('what the journal answers after the connection is gone is not sent on the next one', async (t) => {
    const { server, recorder } = await setUp(t, { sessionPresent: () => true });
    const first = await subscribed(server);
    recorder.hold();
    first.send(publishPacket('t', 'x', { qos: 1, messageId: 5 }));
    await until(() => recorder.waiting === 1, 'a frame waits');
    first.destroy();
    const second = await subscribed(server, 2);
    recorder.release();
    await roundTrip(second);
    assert.deepEqual(second.all('puback'), []);
    second.send(publishPacket('t', 'x', { qos: 1, messageId: 5, dup: true }));
    await second.first('puback');
    assert.equal(recorder.frames.length, 2);
  });

  test('a frame that could not be stored ends the connection, so that the server sends it again', async (t) => {
    const { server, recorder, source } = await setUp(t);
    const first = await subscribed(server);
    recorder.refuse(1);
    first.send(publishPacket('t', 'x', { qos: 1, messageId: 5 }));
    await subscribed(server, 2);
    assert.deepEqual(first.all('puback'), []);
    assert.equal(source.status().counters.notStored, 1);
  });

  test('reads no further than the journal follows', async (t) => {
    const { server, recorder } = await setUp(t);
    const wire = await subscribed(server);
    recorder.hold();
    const ids = Array.from({ length: 5000 }, (_, i) => i + 1);
    wire.send(...ids.map((messageId) => publishPacket('t', 'x', { qos: 1, messageId })));
    await until(() => recorder.waiting === 2000, 'the bound is reached');
    wire.send(...ids.map(() => publishPacket('t', 'y')));
    recorder.release();
    await until(() => recorder.frames.length === 10_000, 'the rest');
    await until(() => wire.all('puback').length === 5000, 'all answers');
  });
});

describe('a QoS 2 message sent again', () => {
  test('after a lost PUBREC is journaled once', async (t) => {
    const { server, recorder } = await setUp(t, { sessionPresent: () => true });
    const first = await subscribed(server);
    first.send(publishPacket('t', 'x', { qos: 2, messageId: 5 }));
    await first.first('pubrec');
    first.destroy();
    const second = await subscribed(server, 2);
    second.send(publishPacket('t', 'x', { qos: 2, messageId: 5, dup: true }));
    await second.first('pubrec');
    second.send({ cmd: 'pubrel', messageId: 5 });
    await second.first('pubcomp');
    assert.equal(recorder.frames.length, 1);
  });

  test('while its first copy waits for the journal is journaled once and answered on the new connection', async (t) => {
    const { server, recorder } = await setUp(t, { sessionPresent: () => true });
    const first = await subscribed(server);
    recorder.hold();
    first.send(publishPacket('t', 'x', { qos: 2, messageId: 5 }));
    await until(() => recorder.waiting === 1, 'a frame waits');
    first.destroy();
    const second = await subscribed(server, 2);
    second.send(publishPacket('t', 'x', { qos: 2, messageId: 5, dup: true }));
    await roundTrip(second);
    assert.deepEqual(second.all('pubrec'), []);
    recorder.release();
    await second.first('pubrec');
    assert.equal(recorder.frames.length, 1);
  });

  test('in a session that the server has lost is a new one', async (t) => {
    const { server, recorder } = await setUp(t, { sessionPresent: () => false });
    const first = await subscribed(server);
    first.send(publishPacket('t', 'x', { qos: 2, messageId: 5 }));
    await first.first('pubrec');
    first.destroy();
    const second = await subscribed(server, 2);
    second.send(publishPacket('t', 'y', { qos: 2, messageId: 5, dup: true }));
    await second.first('pubrec');
    assert.equal(recorder.frames.length, 2);
  });
});

describe('the connection', () => {
  test('asks for a persistent session under a fixed name, and subscribes at every connection', async (t) => {
    const { server } = await setUp(
      t,
      { sessionPresent: () => true },
      { subscriptions: ['a/#', '$share/g/b'] },
      { clientId: 'depot-7', qos: 2 },
    );
    (await subscribed(server)).destroy();
    const second = await subscribed(server, 2);
    await until(() => second.all('subscribe').length === 2, 'two subscriptions');
    const { clean, clientId, protocolVersion } = second.all('connect')[0] as IConnectPacket;
    assert.deepEqual(
      { clean, clientId, protocolVersion },
      { clean: false, clientId: 'depot-7', protocolVersion: 4 },
    );
    assert.deepEqual(
      second
        .all('subscribe')
        .flatMap(({ subscriptions }) => subscriptions.map(({ topic, qos }) => [topic, qos])),
      [
        ['a/#', 2],
        ['$share/g/b', 2],
      ],
    );
  });

  test('is tried again after a refusal, with one line in the log for the loss and one for the return', async (t) => {
    const lines: string[] = [];
    const write = (_: object, text: string) => void lines.push(text);
    const logger: Logger = { debug: write, info: write, warn: write, error: write };
    let refusals = 2;
    const { server, source } = await setUp(t, { returnCode: () => (refusals-- > 0 ? 5 : 0) }, { logger });
    await until(() => source.status().detail.includes('Not authorized'), 'the reason is told');
    assert.match(source.status().detail, /check `username` and `password_file`\), next try in \d+ s$/);
    await subscribed(server, 3);
    assert.deepEqual(lines, ['no connection, trying on until it is back', 'connected']);
    assert.equal(source.status().detail, `connected to 127.0.0.1:${server.port}`);
    assert.equal(source.status().counters.failures, 2);
  });

  test('is given up for a server that speaks nonsense, and tried again', async (t) => {
    const { server } = await setUp(t);
    const first = await subscribed(server);
    first.socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
    await subscribed(server, 2);
    assert.ok(first.closed);
  });

  test('reads the password file at every try', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-secret-'));
    t.after(() => rm(folder, { recursive: true }));
    const passwordFile = join(folder, 'password');
    const { server, source } = await setUp(t, {}, {}, { username: 'gw', passwordFile });
    await until(() => source.status().detail.includes('cannot read'), 'the missing file is told');
    await writeFile(passwordFile, 'old\n');
    (await subscribed(server)).destroy();
    await writeFile(passwordFile, 'new\n');
    const second = await subscribed(server, 2);
    const passwords = [server.connections[0]!, second].map((wire) =>
      String(wire.all('connect')[0]!.password),
    );
    assert.ok(
      passwords[0] === 'old' && (passwords[1] === 'new' || passwords[1] === 'old'),
      String(passwords),
    );
    second.destroy();
    assert.equal(String((await subscribed(server, 3)).all('connect')[0]!.password), 'new');
  });

  test('a URL that cannot be meant is refused at the start, without telling its password', async () => {
    const { context } = createContext(createRecorder());
    for (const url of ['broker.example', 'http://broker.example', 'mqtt://', 'coap://gw:secret@broker']) {
      await assert.rejects(startMqttClient({ url, qos: 1 }, context), (error) => {
        assert.ok(error instanceof GatewayError && error.remedy);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
    }
    const config = { url: 'mqtt://broker.example', qos: 1, ca: '/ca.pem' } as const;
    await assert.rejects(startMqttClient(config, context), /does not use TLS/);
  });

  test('a reload changes the subscriptions by their difference', async (t) => {
    const { server, source } = await setUp(t, {}, { subscriptions: ['keep', 'gone'] });
    const wire = await subscribed(server);
    source.subscribe!(['keep', 'new']);
    await until(() => wire.all('subscribe').length === 3, 'a third subscription');
    assert.deepEqual(wire.all('unsubscribe')[0]!.unsubscriptions, ['gone']);
    assert.deepEqual(
      wire.all('subscribe')[2]!.subscriptions.map(({ topic }) => topic),
      ['new'],
    );
    wire.destroy();
    const second = await subscribed(server, 2);
    await until(() => second.all('subscribe').length === 2, 'two subscriptions');
  });

  test('a message over the limit is dropped, counted, and acknowledged: it must not come for ever', async (t) => {
    const limits = { ...testLimits, packetBytes: 100 };
    const { server, source, recorder } = await setUp(t, {}, { limits });
    const wire = await subscribed(server);
    wire.send(publishPacket('t', 'x'.repeat(101), { qos: 1, messageId: 1 }));
    await wire.first('puback');
    assert.equal(source.status().counters.tooLong, 1);
    assert.deepEqual(recorder.frames, []);
  });
});

describe('publishing', () => {
  const options = { qos: 1, retain: false } as const;

  test('resolves with the server’s answer', async (t) => {
    const { server, source } = await setUp(t);
    const wire = await subscribed(server);
    let isDone = false;
    const published = source.publish!('alerts', 'hot', options).then(() => {
      isDone = true;
    });
    const { messageId, payload } = await wire.first('publish');
    assert.equal(String(payload), 'hot');
    await roundTrip(wire);
    assert.equal(isDone, false);
    wire.send({ cmd: 'puback', messageId: messageId! });
    await published;
  });

  test('is rejected without a connection, and when it is lost before the answer; nothing is sent later', async (t) => {
    const { server, source } = await setUp(t);
    const wire = await subscribed(server);
    const published = source.publish!('alerts', 'hot', options);
    await wire.first('publish');
    wire.destroy();
    await assert.rejects(published, /lost before the answer/);
    await assert.rejects(source.publish!('alerts', 'hot', options), /not connected/);
    const second = await subscribed(server, 2);
    await roundTrip(second);
    assert.deepEqual(second.all('publish'), []);
  });
});

describe('mosquitto', () => {
  test('all qualities of service, an outage of the server, and what it kept meanwhile', async (t) => {
    const mosquitto = await startMosquitto(
      'allow_anonymous true\npersistence true\nautosave_interval 1\nautosave_on_changes true',
    );
    t.after(() => mosquitto.stop());
    const recorder = createRecorder();
    const { context, stop } = createContext(recorder, { subscriptions: ['bus/#'] });
    const config: MqttConfig = { url: mosquitto.url, clientId: 'gw', qos: 2 };
    const source = await startMqttClient(config, context);
    t.after(() => {
      stop();
      return source.closed;
    });
    const lines = Array.from({ length: 300 }, (_, i) => `m${i}`);
    const payloads = () => recorder.frames.map(({ payload }) => payload.toString());
    await connected(source);
    for (const qos of ['0', '1', '2']) {
      const before = recorder.frames.length;
      await mosquittoPub(mosquitto.port, ['-t', 'bus/7', '-q', qos], lines);
      await until(() => recorder.frames.length === before + 300, `300 messages of QoS ${qos}`);
      assert.deepEqual(payloads().slice(before), lines);
    }
    await mosquitto.kill();
    await until(() => source.status().state === 'connecting', 'the loss is noticed');
    await mosquitto.start();
    await connected(source);
    const before = recorder.frames.length;
    await mosquittoPub(mosquitto.port, ['-t', 'bus/7', '-q', '2'], lines);
    await until(() => recorder.frames.length >= before + 300, '300 more messages');
  });

  test('keeps the messages of a gateway that is away', async (t) => {
    const mosquitto = await startMosquitto();
    t.after(() => mosquitto.stop());
    const recorder = createRecorder();
    const config: MqttConfig = { url: mosquitto.url, clientId: 'gw', qos: 1 };
    async function run(body: (source: Source) => Promise<void>): Promise<void> {
      const { context, stop } = createContext(recorder);
      const source = await startMqttClient(config, context);
      await connected(source);
      await body(source);
      stop();
      await source.closed;
    }
    await run(async () => {
      await mosquittoPub(mosquitto.port, ['-t', 't', '-q', '1'], ['first']);
      await until(() => recorder.frames.length === 1, 'the first message');
    });
    await mosquittoPub(mosquitto.port, ['-t', 't', '-q', '1'], ['while away']);
    await run(() => until(() => recorder.frames.length === 2, 'what came meanwhile'));
  });

  test('tells a refused subscription, and what is published arrives', async (t) => {
    const acl = await mkdtemp(join(tmpdir(), 'headgate-acl-'));
    t.after(() => rm(acl, { recursive: true }));
    await writeFile(join(acl, 'acl'), 'topic readwrite open/#\n');
    const mosquitto = await startMosquitto(`allow_anonymous true\nacl_file ${join(acl, 'acl')}`);
    t.after(() => mosquitto.stop());
    const { context, stop } = createContext(createRecorder(), { subscriptions: ['open/x', 'bad/#/filter'] });
    const source = await startMqttClient({ url: mosquitto.url, qos: 1 }, context);
    t.after(() => {
      stop();
      return source.closed;
    });
    await until(() => source.status().detail.includes('refused to subscribe bad/#/filter'), 'the refusal');
    const subscriber = await mosquittoSub(mosquitto.port, ['-t', 'open/#', '-q', '1']);
    t.after(() => subscriber.stop());
    for (const qos of [0, 1, 2] as const)
      await source.publish!('open/alert', `q${qos}`, { qos, retain: false });
    await until(() => subscriber.lines.length === 3, 'three messages');
    assert.deepEqual(subscriber.lines, ['open/alert q0', 'open/alert q1', 'open/alert q2']);
  });
});
