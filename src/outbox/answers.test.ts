/** What becomes of each point for each thing a server can do, over real sockets. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { makeCertificates } from '../../test/peers/certificates.ts';
import { freePort } from '../../test/peers/free-port.ts';
import { until } from '../../test/peers/until.ts';
import { silentLogger } from '../core/log.ts';
import type { SetAside } from '../core/types.ts';
import { createSimulatedDisk } from '../log/simulated-disk.ts';
import { type Forwarder, startForward } from './forward.ts';
import { createInfluxSink } from './influx.ts';
import { openOutbox } from './outbox.ts';

/** Gives the answer to the lines of one write; undefined once it has dealt with the socket itself. */
type Behaviour = (
  lines: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
) => Answer | undefined;
type Answer = readonly [status: number, body?: string, headers?: Readonly<Record<string, string>>];

interface Peer {
  readonly url: string;
  behaviour: Behaviour;
  /** Values of the points it took. */
  readonly taken: Set<number>;
  requests: number;
}

const numberIn = (line: string): number => Number(/v=(\d+)/.exec(line)![1]);

async function listen(t: TestContext, server: Server, scheme: string, host = '127.0.0.1'): Promise<string> {
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => server.close());
  return `${scheme}://${host === '127.0.0.1' ? host : 'localhost'}:${(server.address() as AddressInfo).port}`;
}

function peerHandler(): {
  peer: Omit<Peer, 'url'>;
  handle: (request: IncomingMessage, response: ServerResponse) => void;
} {
  const peer: Omit<Peer, 'url'> = { behaviour: () => [204], taken: new Set(), requests: 0 };
  return {
    peer,
    handle(request, response) {
      const chunks: Buffer[] = [];
      request.on('error', () => {});
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        peer.requests += 1;
        const isWrite = request.url!.startsWith('/write');
        const lines = isWrite ? gunzipSync(Buffer.concat(chunks)).toString().split('\n') : [];
        const answer = peer.behaviour(lines, request, response);
        if (answer === undefined) return;
        const [status, body = '', headers = {}] = answer;
        if (status === 204) for (const line of lines) peer.taken.add(numberIn(line));
        response.writeHead(status, headers).end(body);
      });
    },
  };
}

async function startPeer(t: TestContext): Promise<Peer> {
  const { peer, handle } = peerHandler();
  const server = createServer(handle);
  t.after(() => server.closeAllConnections());
  return Object.assign(peer, { url: await listen(t, server, 'http') });
}

interface Rig {
  readonly forwarder: Forwarder;
  readonly letters: SetAside[];
  append(batch: number, values: readonly number[]): Promise<void>;
}

async function forwardTo(t: TestContext, url: string, retryMs = 5): Promise<Rig> {
  const letters: SetAside[] = [];
  const setAside = (entries: readonly SetAside[]): void => void letters.push(...entries);
  const disk = createSimulatedDisk();
  const outbox = await openOutbox('/outbox', { budgetBytes: 1 << 24, logger: silentLogger, disk, setAside });
  const stop = new AbortController();
  const forwarder = await startForward({
    lane: outbox.points,
    sink: createInfluxSink({ url, database: 'fleet', timeoutMs: 300, backlogPointsPerSecond: 1e6 }),
    target: url,
    disk,
    cursorPath: outbox.cursorPath('points'),
    backlogPointsPerSecond: 1e6,
    setAside,
    logger: silentLogger,
    signal: stop.signal,
    waits: { firstRetryMs: retryMs, maxRetryMs: retryMs, refusedMs: retryMs, flushMs: 50 },
  });
  t.after(async () => {
    stop.abort();
    await forwarder.closed;
    await outbox.close();
  });
  return {
    forwarder,
    letters,
    append: (batch, values) =>
      outbox.append(
        batch,
        values.map((v) => ({ measurement: `m${v % 3}`, tags: {}, fields: { v }, timeMs: v })),
        [],
      ),
  };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const sorted = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);
const done = ({ forwarder }: Rig): Promise<void> =>
  until(() => forwarder.status().pendingPoints === 0, 'everything dealt with');

const influx = (error: string): string => JSON.stringify({ error });
const page = '<html><head><title>Hotel WiFi</title></head><body>Please log in</body></html>';

/** Nothing is lost to these, however long they last: the state people see, and a part of what they are told. */
const lasting: Readonly<Record<string, { behaviour: Behaviour; state: 'down' | 'refused'; says: RegExp }>> = {
  '401': {
    behaviour: () => [401, influx('authorization failed')],
    state: 'refused',
    says: /401 authorization failed \(check the user/,
  },
  '403': {
    behaviour: () => [403, influx('not allowed')],
    state: 'refused',
    says: /403 not allowed \(check the user/,
  },
  '404 of a database': {
    behaviour: (_lines, { url }) =>
      url!.startsWith('/query') ? [403, influx('no')] : [404, influx('database not found: "fleet"')],
    state: 'refused',
    says: /database not found.*creating it was refused with 403/,
  },
  '404 of another server': {
    behaviour: () => [404, 'nothing here'],
    state: 'refused',
    says: /this address does not take writes/,
  },
  'a retention policy that is not there': {
    behaviour: () => [500, influx('retention policy not found: short')],
    state: 'refused',
    says: /create the retention policy/,
  },
  'a redirect': {
    behaviour: () => [302, '', { location: 'http://login.example/' }],
    state: 'refused',
    says: /redirects to http:\/\/login\.example/,
  },
  'a login page': {
    behaviour: () => [200, page],
    state: 'refused',
    says: /200 Hotel WiFi.*a proxy or a login page/,
  },
  '429': { behaviour: () => [429, influx('slow down')], state: 'down', says: /429 slow down/ },
  '500': { behaviour: () => [500, influx('timeout')], state: 'down', says: /500 timeout/ },
  '503': { behaviour: () => [503, influx('starting')], state: 'down', says: /503 starting/ },
  'headers that never come': { behaviour: () => undefined, state: 'down', says: /no answer within 0\.3 s/ },
  'a body that stalls': {
    behaviour: (_lines, _request, response) =>
      void response.writeHead(200, { 'content-length': '10' }).write('abc'),
    state: 'down',
    says: /no answer within 0\.3 s/,
  },
  'a connection reset under way': {
    behaviour: (_lines, { socket }) => void socket.resetAndDestroy(),
    state: 'down',
    says: /ECONNRESET|hang up/,
  },
};

for (const [name, { behaviour, state, says }] of Object.entries(lasting)) {
  test(`${name}: every point is kept and arrives when it is over`, async (t) => {
    const peer = await startPeer(t);
    peer.behaviour = behaviour;
    const rig = await forwardTo(t, peer.url);
    await rig.append(1, numbers(30));
    await until(() => rig.forwarder.status().state === state, `the state ${state}`);
    assert.match(rig.forwarder.status().detail, says);
    await until(() => peer.requests >= 3, 'further tries');
    assert.deepEqual([rig.forwarder.status().pendingPoints, peer.taken.size], [30, 0]);
    peer.behaviour = () => [204];
    await done(rig);
    assert.deepEqual(sorted(peer.taken), numbers(30));
    assert.deepEqual(rig.letters, []);
    assert.equal(rig.forwarder.status().state, 'connected');
  });
}

test('Retry-After is kept, as seconds and as a date', async (t) => {
  for (const header of ['60', new Date(Date.now() + 60_000).toUTCString()]) {
    const peer = await startPeer(t);
    peer.behaviour = () => [429, '', { 'retry-after': header }];
    const rig = await forwardTo(t, peer.url);
    await rig.append(1, numbers(3));
    await until(() => rig.forwarder.status().state === 'down', 'the answer');
    assert.match(rig.forwarder.status().detail, /next try in (5\d s|60 s|1 min)/, header);
    assert.equal(peer.requests, 1);
  }
});

test('nobody there, and a name that nobody knows: kept', async (t) => {
  const urls = [`http://127.0.0.1:${await freePort()}`, 'http://no-such-host.invalid:8086'];
  const says = [/ECONNREFUSED/, /ENOTFOUND|EAI_AGAIN/];
  for (const [i, url] of urls.entries()) {
    const rig = await forwardTo(t, url);
    await rig.append(1, numbers(3));
    await until(() => rig.forwarder.status().state === 'down', 'the failure');
    assert.match(rig.forwarder.status().detail, says[i]!);
    assert.equal(rig.forwarder.status().pendingPoints, 3);
  }
});

test('TLS: sent to a server that is trusted; to none with a certificate that is expired, of an unknown authority or another name', async (t) => {
  const certificates = await makeCertificates();
  t.after(() => certificates.remove());
  const before = getCACertificates();
  setDefaultCACertificates([...before, readFileSync(certificates.ca, 'utf8')]);
  t.after(() => setDefaultCACertificates(before));
  const says = {
    server: /^connected$/,
    expired: /CERT_HAS_EXPIRED.*timedatectl/,
    stranger: /SELF_SIGNED.*NODE_EXTRA_CA_CERTS/,
    elsewhere: /ALTNAME.*a name that the certificate is for/,
  };
  for (const name of ['server', 'expired', 'stranger', 'elsewhere'] as const) {
    const { peer, handle } = peerHandler();
    const { cert, key } = certificates[name];
    const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, handle);
    t.after(() => server.closeAllConnections());
    const rig = await forwardTo(t, await listen(t, server, 'https'));
    await rig.append(1, numbers(3));
    await until(() => rig.forwarder.status().state === (name === 'server' ? 'connected' : 'refused'), name);
    assert.match(rig.forwarder.status().detail, says[name]);
    assert.equal(peer.taken.size, name === 'server' ? 3 : 0);
    assert.equal(rig.forwarder.status().pendingPoints, name === 'server' ? 0 : 3);
  }
});

/** How servers judge: InfluxDB 1.x takes the good lines and counts the bad; others take none of the request. */
function judging(
  peer: Peer,
  isPoison: (value: number) => boolean,
  answer: (bad: number) => Answer,
  takesGood: boolean,
): Behaviour {
  return (lines) => {
    const bad = lines.filter((line) => isPoison(numberIn(line)));
    if (bad.length === 0) return [204];
    if (takesGood) for (const line of lines) if (!isPoison(numberIn(line))) peer.taken.add(numberIn(line));
    return answer(bad.length);
  };
}

const judgements: Readonly<Record<string, { answer: (bad: number) => Answer; takesGood: boolean }>> = {
  '400 partial write': {
    answer: (bad) => [400, influx(`partial write: field type conflict: input field "v" dropped=${bad}`)],
    takesGood: true,
  },
  '400 parse error': {
    answer: () => [400, influx("unable to parse 'm v=': missing field value")],
    takesGood: true,
  },
  '400 parse error that takes nothing': {
    answer: () => [400, influx("unable to parse 'm v=': missing field value")],
    takesGood: false,
  },
  '422': {
    answer: () => [422, JSON.stringify({ code: 'unprocessable entity', message: 'no' })],
    takesGood: false,
  },
  '400 in words nobody knows': { answer: () => [400, 'hm'], takesGood: false },
};

for (const [name, { answer, takesGood }] of Object.entries(judgements)) {
  test(`${name}: a poison point costs itself only, wherever it is`, async (t) => {
    const peer = await startPeer(t);
    for (const place of [0, 1, 499, 998, 999]) {
      const isPoison = (value: number): boolean => value === place;
      peer.taken.clear();
      peer.requests = 0;
      peer.behaviour = judging(peer, isPoison, answer, takesGood);
      const rig = await forwardTo(t, peer.url);
      await rig.append(1, numbers(1000));
      await done(rig);
      assert.deepEqual(
        rig.letters.map(({ line, reason }) => [numberIn(line!), reason]),
        [[place, 'refused-by-server']],
      );
      assert.deepEqual(
        sorted(peer.taken),
        numbers(1000).filter((value) => value !== place),
      );
      // Not twice: requests are cut between measurements, not in the middle.
      assert.ok(peer.requests <= 3 * Math.ceil(Math.log2(1000)), `${peer.requests} requests`);
    }
  });

  test(`${name}: ten poison points among 5000`, async (t) => {
    const peer = await startPeer(t);
    const isPoison = (value: number): boolean => value % 500 === 137;
    peer.behaviour = judging(peer, isPoison, answer, takesGood);
    const rig = await forwardTo(t, peer.url);
    await rig.append(1, numbers(5000));
    await done(rig);
    assert.deepEqual(sorted(rig.letters.map(({ line }) => numberIn(line!))), numbers(5000).filter(isPoison));
    assert.deepEqual(
      sorted(peer.taken),
      numbers(5000).filter((value) => !isPoison(value)),
    );
    assert.ok(peer.requests <= 10 * 3 * Math.ceil(Math.log2(5000)), `${peer.requests} requests`);
    assert.deepEqual([rig.forwarder.status().sent, rig.forwarder.status().setAside], [4990, 10]);
  });
}

test('413: requests become smaller until they fit, and a line that never fits costs itself only', async (t) => {
  const peer = await startPeer(t);
  peer.behaviour = (lines) =>
    lines.length > 100 || lines.some((line) => numberIn(line) === 7) ? [413] : [204];
  const rig = await forwardTo(t, peer.url);
  await rig.append(1, numbers(1000));
  await done(rig);
  assert.deepEqual(
    rig.letters.map(({ line }) => numberIn(line!)),
    [7],
  );
  assert.equal(peer.taken.size, 999);
});

test('a server that goes away while a poison point is searched for: found afterwards, nothing else lost', async (t) => {
  const peer = await startPeer(t);
  const judge = judging(
    peer,
    (value) => value === 321,
    () => [422, 'no'],
    false,
  );
  peer.behaviour = (lines, request, response) =>
    peer.requests % 3 === 0 ? [503] : judge(lines, request, response);
  const rig = await forwardTo(t, peer.url);
  await rig.append(1, numbers(1000));
  await done(rig);
  assert.deepEqual(
    rig.letters.map(({ line }) => numberIn(line!)),
    [321],
  );
  assert.equal(peer.taken.size, 999);
});
