/** Broker and client over TLS, with each other and with mosquitto's clients. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type Certificates, makeCertificates } from '../../test/peers/certificates.ts';
import { mosquittoPub } from '../../test/peers/mosquitto.ts';
import { connectPacket, publishPacket, type Wire, wireOf } from '../../test/peers/mqtt-wire.ts';
import { until } from '../../test/peers/until.ts';
import type { MqttConfig } from '../config/schema.ts';
import type { UserConfig } from '../config/users-schema.ts';
import { GatewayError } from '../core/errors.ts';
import { hashPassword } from '../core/password-hash.ts';
import { startBroker } from './mqtt-broker.ts';
import { startMqttClient } from './mqtt-client.ts';
import { createContext, createRecorder, testLimits } from './source.contract.ts';

let certificates: Certificates;
before(async () => {
  certificates = await makeCertificates();
});
after(() => certificates.remove());

async function tlsBroker(t: TestContext, withClientCa: boolean, users?: readonly UserConfig[]) {
  const { server, ca } = certificates;
  const tls = { ...server, ...(withClientCa ? { clientCa: ca } : {}) };
  const recorder = createRecorder();
  const { context, stop } = createContext(recorder, {
    limits: { ...testLimits, connections: 3, connectTimeoutMs: 1000 },
    ...(users && { users }),
  });
  const config = {
    listen: [{ port: 0, host: '127.0.0.1', tls }],
    allowAnonymous: false,
    ...(users && { users: 'u' }),
  };
  const source = await startBroker(config, context);
  t.after(() => {
    stop();
    return source.closed;
  });
  return { port: source.ports![0]!, recorder, source };
}

/** A connection that has said nothing yet; its files are those of `tls`. */
async function tlsWire(
  port: number,
  files: Partial<Record<'ca' | 'cert' | 'key', string>> = {},
): Promise<Wire> {
  const read = Object.fromEntries(Object.entries(files).map(([name, path]) => [name, readFileSync(path)]));
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...read });
  const wire = wireOf(socket);
  await once(socket, 'secureConnect');
  return wire;
}

async function tlsClient(t: TestContext, port: number, config: Partial<MqttConfig>) {
  const { context, stop } = createContext(createRecorder());
  const source = await startMqttClient({ url: `mqtts://localhost:${port}`, qos: 1, ...config }, context);
  t.after(() => {
    stop();
    return source.closed;
  });
  return source;
}

describe('TLS', () => {
  test('mosquitto_pub publishes over it', async (t) => {
    const { port, recorder } = await tlsBroker(t, false);
    await mosquittoPub(port, ['--cafile', certificates.ca, '-t', 'a', '-q', '1'], ['secret']);
    await until(() => recorder.frames.length === 1, 'the frame');
  });

  test('a client certificate is asked for where `client_ca` is given', async (t) => {
    const { port, recorder, source } = await tlsBroker(t, true);
    const { ca, client, stranger } = certificates;
    for (const own of [{}, stranger]) {
      const refused = await tlsClient(t, port, { ca, ...own });
      await until(() => refused.status().counters.failures! >= 1, 'the refusal');
      assert.match(refused.status().detail, /alert|closed|reset/i);
    }
    assert.equal(source.status().counters.clients, 0);
    const mine = ['--cafile', ca, '--cert', client.cert, '--key', client.key];
    await mosquittoPub(port, [...mine, '-t', 'a', '-q', '1'], ['right']);
    await until(() => recorder.frames.length === 1, 'the frame');
    assert.equal(recorder.frames[0]!.payload.toString(), 'right');
    assert.match(source.status().detail, /^127\.0\.0\.1:\d+ \(TLS\), /);
  });

  test('connections count before their handshake', async (t) => {
    const { port, source } = await tlsBroker(t, false);
    const sockets = Array.from({ length: 5 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    await until(() => source.status().counters.connectionsRefused === 2, 'two refusals');
    for (const socket of sockets) socket.destroy();
  });

  test('a handshake that is begun and not finished ends after the time for it', async (t) => {
    const { port, source } = await tlsBroker(t, false);
    const [silent, half] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    for (const socket of [silent, half]) socket.on('error', () => {}).resume();
    // The head of a TLS record of 512 bytes.
    half.write(Buffer.from([0x16, 3, 1, 2, 0, 1]));
    const secure = await tlsWire(port);
    await Promise.all([silent, half, secure.socket].map((socket) => socket.closed || once(socket, 'close')));
    assert.equal(source.status().counters.clients, 0);
    const wire = await tlsWire(port);
    wire.send(connectPacket());
    await wire.first('connack');
    wire.destroy();
  });

  test('a subscriber that stops reading holds up no publisher', async (t) => {
    for (const [qos, counter] of [
      [0, 'slowDropped'],
      [1, 'slowDisconnected'],
    ] as const) {
      const { port, source } = await tlsBroker(t, false);
      const [frozen, publisher] = [await tlsWire(port), await tlsWire(port)];
      frozen.send(connectPacket({ clientId: 'frozen' }));
      frozen.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos }] });
      await frozen.first('suback');
      frozen.socket.pause();
      publisher.send(connectPacket({ clientId: 'publisher' }));
      const payload = Buffer.alloc(20_000, 'x');
      for (let messageId = 1; !source.status().counters[counter]; messageId++) {
        publisher.send(publishPacket('t', payload, { qos: 1, messageId }));
        await until(() => publisher.all('puback').length === messageId, 'the publisher is answered');
      }
      for (const wire of [frozen, publisher]) wire.destroy();
    }
  });

  test('a certificate stands for a user: its common name, on a listener that asks for it', async (t) => {
    const password = await hashPassword(Buffer.from('secret'));
    const users: UserConfig[] = [
      { name: 'press-3', certificate: 'client', publish: ['press/{user}'], subscribe: [] },
      { name: 'desk', password, publish: ['desk'], subscribe: [] },
      { name: 'other', certificate: 'somebody', publish: ['#'], subscribe: [] },
    ];
    const { port, recorder, source } = await tlsBroker(t, true, users);
    const codeOf = async (login: { username?: string; password?: Buffer }): Promise<number> => {
      const wire = await tlsWire(port, { ca: certificates.ca, ...certificates.client });
      wire.send(connectPacket(login));
      const { returnCode } = await wire.first('connack');
      if (returnCode === 0) {
        wire.send(publishPacket('press/press-3', 'x'), publishPacket('desk', 'x', { qos: 1, messageId: 1 }));
        await wire.first('puback');
      }
      wire.destroy();
      await until(() => source.status().counters.clients === 0, 'it has left');
      return returnCode!;
    };
    assert.equal(await codeOf({}), 0);
    assert.equal(await codeOf({ username: 'press-3' }), 0);
    assert.equal(await codeOf({ username: 'desk', password: Buffer.from('secret') }), 0);
    assert.deepEqual(
      recorder.frames.map(({ topic }) => topic),
      ['press/press-3', 'press/press-3', 'desk'],
    );
    assert.equal(await codeOf({ username: 'other' }), 4);
    assert.equal(await codeOf({ username: 'press-3', password: Buffer.from('guess') }), 4);
    assert.equal(await codeOf({ username: 'desk' }), 4);
    source.replaceUsers!(users.slice(1));
    assert.equal(await codeOf({}), 5);
  });

  test('the client connects with its certificate', async (t) => {
    const { port, source: broker } = await tlsBroker(t, true);
    const client = await tlsClient(t, port, { ca: certificates.ca, ...certificates.client });
    await until(() => client.status().state === 'connected', 'it is connected');
    assert.equal(broker.status().counters.clients, 1);
  });

  test('the client does not trust a server of an unknown authority, and says so', async (t) => {
    const { port } = await tlsBroker(t, false);
    const client = await tlsClient(t, port, {});
    await until(() => /certificate/.test(client.status().detail), 'the reason');
    assert.equal(client.status().state, 'connecting');
  });

  test('files that are missing or do not belong together', async () => {
    const { context } = createContext(createRecorder());
    const { server, client } = certificates;
    const start = (tls: { cert: string; key: string }) =>
      startBroker({ listen: [{ port: 0, host: '127.0.0.1', tls }], allowAnonymous: false }, context);
    await assert.rejects(start({ cert: '/no/such.pem', key: server.key }), /cannot read \/no\/such\.pem/);
    await assert.rejects(start({ cert: server.cert, key: client.key }), (error) => {
      assert.ok(error instanceof GatewayError);
      assert.match(error.message, /no usable pair/);
      return true;
    });
  });
});
