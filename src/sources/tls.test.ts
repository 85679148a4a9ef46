/** Broker and client over TLS, with each other and with mosquitto's clients. */

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { type Certificates, makeCertificates } from '../../test/peers/certificates.ts';
import { mosquittoPub } from '../../test/peers/mosquitto.ts';
import { until } from '../../test/peers/until.ts';
import type { MqttConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { startBroker } from './mqtt-broker.ts';
import { startMqttClient } from './mqtt-client.ts';
import { createContext, createRecorder, testLimits } from './source.contract.ts';

let certificates: Certificates;
before(async () => {
  certificates = await makeCertificates();
});
after(() => certificates.remove());

async function tlsBroker(t: TestContext, withClientCa: boolean) {
  const { server, ca } = certificates;
  const tls = { ...server, ...(withClientCa ? { clientCa: ca } : {}) };
  const recorder = createRecorder();
  const { context, stop } = createContext(recorder, { limits: { ...testLimits, connections: 3 } });
  const config = { listen: [{ port: 0, host: '127.0.0.1', tls }], allowAnonymous: false };
  const source = await startBroker(config, context);
  t.after(() => {
    stop();
    return source.closed;
  });
  return { port: source.ports![0]!, recorder, source };
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
