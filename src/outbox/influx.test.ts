import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { freePort } from '../../test/peers/free-port.ts';
import { startInfluxd } from '../../test/peers/influxd.ts';
import type { InfluxConfig } from '../config/schema.ts';
import { createInfluxSink } from './influx.ts';
import type { Sink } from './sink.ts';

const never = new AbortController().signal;

async function listen(server: Server, t: TestContext): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers each request with the next of `answers`, the last one for ever. */
async function answering(
  t: TestContext,
  ...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]
): Promise<{ url: string; requests: { url: string; headers: IncomingMessage['headers']; body: Buffer }[] }> {
  const requests: { url: string; headers: IncomingMessage['headers']; body: Buffer }[] = [];
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
      const answer = answers[Math.min(requests.length, answers.length) - 1];
      answer?.(request, response);
    });
  });
  t.after(() => server.closeAllConnections());
  return { url: await listen(server, t), requests };
}

function replying(
  status: number,
  body = '',
  headers: Record<string, string> = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  return (_request, response) => {
    response.writeHead(status, headers).end(body);
  };
}

function sinkTo(t: TestContext, url: string, config: Partial<InfluxConfig> = {}): Sink {
  const sink = createInfluxSink({
    url,
    database: 'fleet',
    timeoutMs: 5000,
    backlogPointsPerSecond: 1000,
    ...config,
  });
  t.after(() => sink.close());
  return sink;
}

test('sends gzip line protocol', async (t) => {
  const server = await answering(t, replying(204));
  const sink = sinkTo(t, server.url, { username: 'ann', password: 'p:w', retentionPolicy: 'short' });
  assert.deepEqual(await sink.send(['m v=1 1', 'm s="two\nlines" 2'], never), { kind: 'accepted' });
  const [request] = server.requests;
  assert.equal(request?.url, '/write?db=fleet&rp=short');
  assert.equal(request?.headers['content-encoding'], 'gzip');
  assert.equal(request?.headers.authorization, `Basic ${Buffer.from('ann:p:w').toString('base64')}`);
  assert.equal(gunzipSync(request!.body).toString(), 'm v=1 1\nm s="two\nlines" 2');
});

test('every kind of answer keeps its status, words and Retry-After', async (t) => {
  const server = await answering(
    t,
    replying(503, '{"error":"busy"}', { 'Retry-After': '7' }),
    replying(500, '{"error":"timeout"}'),
    replying(429, 'slow down', { 'Retry-After': '2' }),
    replying(413),
    replying(400, '{"error":"partial write: points beyond retention policy dropped=1"}'),
    replying(302, '', { location: 'http://elsewhere' }),
    replying(204),
  );
  const sink = sinkTo(t, server.url);
  const outcomes = [];
  for (let i = 0; i < 7; i += 1) outcomes.push(await sink.send(['m v=1 1'], never));
  assert.deepEqual(outcomes.slice(0, 4), [
    { kind: 'unavailable', detail: '503 busy', retryAfterMs: 7000 },
    { kind: 'unavailable', detail: '500 timeout' },
    { kind: 'unavailable', detail: '429 slow down', retryAfterMs: 2000 },
    { kind: 'too-large', detail: '413' },
  ]);
  assert.deepEqual(
    outcomes.slice(4).map((outcome) => outcome.kind),
    ['rejected', 'refused', 'accepted'],
  );
});

test('an answer with headers far beyond the usual limit is still an answer', async (t) => {
  const words = `unable to parse '${'x'.repeat(200_000)}'`;
  const server = await answering(
    t,
    replying(400, JSON.stringify({ error: words }), { 'X-Influxdb-Error': words }),
  );
  const outcome = await sinkTo(t, server.url).send(['m v=1 1'], never);
  assert.equal(outcome.kind, 'rejected');
});

test('no server, no HTTP, a cut connection and a stalled answer are unavailable', async (t) => {
  const nobody = await sinkTo(t, `http://127.0.0.1:${await freePort()}`).send(['m v=1 1'], never);
  assert.match(nobody.kind === 'unavailable' ? nobody.detail : '', /ECONNREFUSED/);

  const talking = async (talk: (socket: Socket) => void): Promise<string> => {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('data', () => talk(socket));
    });
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    const url = await listen(server, t);
    const outcome = await sinkTo(t, url, { timeoutMs: 200 }).send(['m v=1 1'], never);
    assert.equal(outcome.kind, 'unavailable');
    return outcome.kind === 'unavailable' ? outcome.detail : '';
  };
  assert.match(await talking((socket) => socket.end('SSH-2.0-x\r\n')), /Parse Error/);
  assert.match(await talking((socket) => socket.resetAndDestroy()), /ECONNRESET|hang up/);
  assert.match(await talking(() => {}), /no answer within 0.2 s|timed out/);
  const half = 'HTTP/1.1 204 No Content\r\nX: y\r\n';
  assert.match(await talking((socket) => socket.write(half)), /no answer within 0.2 s|timed out/);
  const stalled = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc';
  assert.match(await talking((socket) => socket.write(stalled)), /no answer within 0.2 s/);
  assert.match(await talking((socket) => socket.end(stalled)), /cut|aborted/);
});

test('aborting ends a request at once', async (t) => {
  const server = await answering(t, () => stop.abort());
  const stop = new AbortController();
  const outcome = await sinkTo(t, server.url).send(['m v=1 1'], stop.signal);
  assert.deepEqual(outcome, { kind: 'unavailable', detail: 'stopped' });
  assert.equal((await sinkTo(t, server.url).send(['m v=1 1'], stop.signal)).kind, 'unavailable');
  assert.equal(server.requests.length, 1);
});

test('secrets come from files and are read again after 401', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-'));
  t.after(() => rm(folder, { recursive: true }));
  const tokenFile = join(folder, 'token');
  const server = await answering(t, replying(401, '{"code":"unauthorized"}'), replying(204));
  const sink = sinkTo(t, server.url, { tokenFile });

  const missing = await sink.send(['m v=1 1'], never);
  assert.match(missing.kind === 'refused' ? missing.detail : '', /cannot read the secret/);
  await writeFile(tokenFile, 'old\n');
  assert.equal((await sink.send(['m v=1 1'], never)).kind, 'refused');
  await writeFile(tokenFile, 'new\n');
  assert.equal((await sink.send(['m v=1 1'], never)).kind, 'accepted');
  assert.deepEqual(
    server.requests.map((request) => request.headers.authorization),
    ['Token old', 'Token new'],
  );
});

test('a missing database is created by the real server', async (t) => {
  const influx = await startInfluxd();
  t.after(() => influx.stop());
  const sink = sinkTo(t, influx.url, { database: 'a "fleet" of buses' });
  assert.deepEqual(await sink.send(['m v=1 1000000', 'm v=2 2000000'], never), { kind: 'accepted' });
  const [series] = await influx.query('SELECT v FROM m', 'a "fleet" of buses');
  assert.deepEqual(series?.values, [
    [1, 1],
    [2, 2],
  ]);
  const partial = await sink.send(['m v="x" 3', 'm v=4 4'], never);
  assert.deepEqual([partial.kind, (partial as { certain?: boolean }).certain], ['rejected', true]);
  const unknownPolicy = sinkTo(t, influx.url, { database: 'other', retentionPolicy: 'nope' });
  assert.equal((await unknownPolicy.send(['m v=1 1'], never)).kind, 'refused');
});

test('without the right to create it the answer says so', async (t) => {
  const influx = await startInfluxd({ admin: { username: 'root', password: 'pw' } });
  t.after(() => influx.stop());
  await influx.query("CREATE USER low WITH PASSWORD 'secret-word'");
  const low = sinkTo(t, influx.url, { username: 'low', password: 'secret-word' });
  const outcome = await low.send(['m v=1 1'], never);
  assert.match(
    outcome.kind === 'refused' ? outcome.detail : '',
    /database not found.*refused with 403 error authorizing/,
  );
  const wrong = sinkTo(t, influx.url, { username: 'low', password: 'secret-wrong' });
  const denied = await wrong.send(['m v=1 1'], never);
  assert.match(denied.kind === 'refused' ? denied.detail : '', /^401/);
  assert.doesNotMatch(JSON.stringify([outcome, denied]), /secret-/);
});
