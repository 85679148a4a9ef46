import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { freePort } from '../../test/peers/free-port.ts';
import type { WebhookConfig } from '../config/schema.ts';
import { silentLogger } from '../core/log.ts';
import type { Alert } from '../core/types.ts';
import { createNotifier, notifiers } from './index.ts';
import { topicOf } from './mqtt.ts';
import { notifierContract, sampleAlert } from './notifier.contract.ts';
import { type NotifierContext, Rejected, TryLater } from './notifier.ts';

const never = new AbortController().signal;
const context: NotifierContext = {
  gateway: 'depot-7',
  logger: silentLogger,
  publish: () => Promise.reject(new Error('no source')),
};

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server that answers 204, or once as told. */
async function receiver(t: TestContext, config: Partial<WebhookConfig> = {}) {
  const requests: { headers: IncomingMessage['headers']; body: Record<string, unknown> }[] = [];
  const replies: Reply[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const reply = replies.shift();
      if (reply !== undefined) return reply(request, response);
      requests.push({ headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const notifier = createNotifier({ webhook: { url, headers: {}, timeoutMs: 5000, ...config } }, context);
  return { notifier, requests, replies };
}

const status =
  (code: number, headers: Record<string, string> = {}): Reply =>
  (_request, response) =>
    void response.writeHead(code, headers).end('words');

notifierContract('webhook', ['fail', 'reject', 'stall'], async (t) => {
  const { notifier, requests, replies } = await receiver(t);
  return {
    notifier,
    get received() {
      return requests.map((request) => request.body.id as string);
    },
    once(trouble) {
      const answers = { fail: status(503), reject: status(410), stall: () => {} };
      replies.push(answers[trouble]);
    },
  };
});

notifierContract('mqtt', ['fail', 'stall'], async () => {
  const received: string[] = [];
  let next: (() => Promise<void>) | undefined;
  const publish: NotifierContext['publish'] = async (_source, _topic, payload) => {
    const once = next;
    next = undefined;
    await once?.();
    received.push(JSON.parse(payload).id);
  };
  const config = { mqtt: { source: 'plant', topic: 'alerts', qos: 1, retain: false } } as const;
  return {
    notifier: createNotifier(config, { ...context, publish }),
    received,
    once(trouble) {
      next = () => (trouble === 'stall' ? new Promise(() => {}) : Promise.reject(new Error('not connected')));
    },
  };
});

notifierContract('log', [], async () => {
  const received: string[] = [];
  const line = (details: object): void => void received.push((details as { alert: string }).alert);
  const logger = { debug: line, info: line, warn: line, error: line };
  return { notifier: createNotifier({ log: {} }, { ...context, logger }), received, once() {} };
});

test('webhook: the body and headers of an alert', async (t) => {
  const { notifier, requests } = await receiver(t, { headers: { Authorization: 'Bearer x' } });
  await notifier(sampleAlert, never);
  const [request] = requests;
  assert.equal(request?.headers['idempotency-key'], 'a1');
  assert.equal(request?.headers['content-type'], 'application/json');
  assert.equal(request?.headers.authorization, 'Bearer x');
  assert.deepEqual(request?.body, {
    id: 'a1',
    episode: 'e1',
    rule: 'bus-load',
    key: { route: '4735', vehicle: '0/1+2#3' },
    state: 'firing',
    severity: 'critical',
    fired_at: '2026-01-05T06:02:00.000Z',
    at: '2026-01-05T06:02:00.500Z',
    message: 'Bus 01211 is full',
    values: { share: 1.02, state: null, door: true },
    reminder: 0,
    gateway: 'depot-7',
  });
  await notifier({ ...sampleAlert, id: 'a2', reminder: 2 }, never);
  assert.equal(requests[1]?.body.reminder, 2);
});

test('webhook: which answers are final and which are not', async (t) => {
  const { notifier, replies } = await receiver(t, { timeoutMs: 100 });
  const failure = async (reply: Reply): Promise<Error> => {
    replies.push(reply);
    return await notifier(sampleAlert, never).then(
      () => assert.fail('delivered'),
      (error) => error as Error,
    );
  };
  for (const code of [400, 401, 404, 422]) assert.ok((await failure(status(code))) instanceof Rejected);
  for (const code of [302, 408, 429, 500, 503])
    assert.ok(!((await failure(status(code))) instanceof Rejected));
  const wish = await failure(status(429, { 'Retry-After': '7' }));
  assert.equal(wish instanceof TryLater && wish.afterMs, 7000);
  assert.match((await failure((request) => request.socket.resetAndDestroy())).message, /ECONNRESET|closed/);
  assert.match((await failure(() => {})).message, /no answer within 0.1 s/);
  const stalled: Reply = (_request, response) =>
    void response.writeHead(500, { 'Content-Length': 10 }).write('a');
  assert.match((await failure(stalled)).message, /answered 500/);
});

test('webhook: nobody listening', async () => {
  const url = `http://127.0.0.1:${await freePort()}/`;
  const notifier = createNotifier({ webhook: { url, headers: {}, timeoutMs: 1000 } }, context);
  await assert.rejects(notifier(sampleAlert, never), /ECONNREFUSED/);
});

test('mqtt: topic levels are filled in, and cannot become more than one level or a wildcard', () => {
  const topic = (template: string, alert: Partial<Alert> = {}): string =>
    topicOf(template, { ...sampleAlert, ...alert });
  assert.equal(topic('alerts/{severity}/{rule}'), 'alerts/critical/bus-load');
  assert.equal(topic('{state}/{id}/{route}/{vehicle}'), 'firing/a1/4735/0_1_2_3');
  assert.equal(topic('a/{unknown}/b'), 'a/_/b');
  assert.equal(topic('{rule}', { rule: '$SYS' }), '_SYS');
  assert.equal(topic('{x}', { key: { x: 'a\0b\n\ud800' } }), 'a_b_\ufffd');
  assert.equal(topic('{severity}', { key: { severity: 'mine' } }), 'critical');
});

test('mqtt: published as configured', async () => {
  const calls: unknown[][] = [];
  const publish: NotifierContext['publish'] = async (source, topic, payload, options) => {
    calls.push([source, topic, JSON.parse(payload).gateway, options]);
  };
  const config = { source: 'plant', topic: 'alerts/{rule}', qos: 2, retain: true } as const;
  await notifiers.mqtt(config, { ...context, publish })(sampleAlert, never);
  assert.deepEqual(calls, [['plant', 'alerts/bus-load', 'depot-7', { qos: 2, retain: true }]]);
  const long = notifiers.mqtt({ ...config, topic: 'x'.repeat(70_000) }, { ...context, publish });
  await assert.rejects(long(sampleAlert, never), Rejected);
});

test('log: the level follows the severity', async () => {
  const lines: [string, string, object][] = [];
  const at =
    (level: string) =>
    (details: object, message: string): void =>
      void lines.push([level, message, details]);
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const notifier = createNotifier({ log: {} }, { ...context, logger });
  await notifier(sampleAlert, never);
  await notifier({ ...sampleAlert, severity: 'warning' }, never);
  await notifier({ ...sampleAlert, state: 'ok' }, never);
  assert.deepEqual(
    lines.map(([level]) => level),
    ['error', 'warn', 'info'],
  );
  const [, message, details] = lines[0]!;
  assert.equal(message, 'Bus 01211 is full');
  assert.equal((details as { rule: string }).rule, 'bus-load');
});
