/** What the connection test says of real servers and of places where there is none. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { freePort } from '../../test/peers/free-port.ts';
import { startInfluxd } from '../../test/peers/influxd.ts';
import type { InfluxConfig } from '../config/schema.ts';
import { type Finding, probeInflux } from './probe.ts';

const never = new AbortController().signal;

function probe(url: string, config: Partial<InfluxConfig> = {}, now?: () => number) {
  const whole = { url, database: 'fleet', timeoutMs: 5000, backlogPointsPerSecond: 1000, ...config };
  return probeInflux(whole, { signal: never, ...(now === undefined ? {} : { now }) });
}

const inShort = (findings: readonly Finding[]): string[] =>
  findings.map(({ about, state }) => `${about} ${state}`);
const wordsAbout = (findings: readonly Finding[], wanted: Finding['about']): string => {
  const found = findings.find(({ about }) => about === wanted)!;
  return `${found.words} => ${found.remedy ?? 'fine'}`;
};

async function listen(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a real InfluxDB 1.x: who may write where, and nothing is left behind', async (t) => {
  const influx = await startInfluxd({ admin: { username: 'root', password: 'pw' } });
  t.after(() => influx.stop());
  await influx.query('CREATE DATABASE fleet');
  for (const [name, right] of Object.entries({ writer: 'WRITE', reader: 'READ' })) {
    await influx.query(`CREATE USER ${name} WITH PASSWORD 'secret-word'`);
    await influx.query(`GRANT ${right} ON fleet TO ${name}`);
  }
  const as = (username: string, more: Partial<InfluxConfig> = {}) =>
    probe(influx.url, { username, password: username === 'root' ? 'pw' : 'secret-word', ...more });

  const writer = await as('writer');
  assert.deepEqual(inShort(writer), ['server ok', 'clock ok', 'points ok']);
  assert.match(wordsAbout(writer, 'server'), /^InfluxDB 1\.6\.\S+ \(OSS\) answers => fine$/);
  assert.equal(wordsAbout(writer, 'points'), 'database fleet takes points => fine');

  const reader = await as('reader');
  assert.deepEqual(inShort(reader), ['server ok', 'clock ok', 'points fail']);
  assert.match(
    wordsAbout(reader, 'points'),
    /403 "reader" user is not authorized to write.* => check the user/,
  );

  const stranger = await as('writer', { password: 'secret-other' });
  assert.match(wordsAbout(stranger, 'points'), /401 authorization failed => check the user/);
  assert.match(wordsAbout(await probe(influx.url), 'points'), /401 unable to parse authentication/);
  assert.match(
    wordsAbout(await as('writer', { database: 'trains' }), 'points'),
    /no database trains, and the gateway may not make it: 403.* => .*CREATE DATABASE "trains", then GRANT WRITE ON "trains" TO "writer"/,
  );
  assert.match(
    wordsAbout(await as('root', { database: 'trains' }), 'points'),
    /database trains is not there yet; the gateway makes it with the first points => fine/,
  );
  assert.match(
    wordsAbout(await as('root', { retentionPolicy: 'nope' }), 'points'),
    /retention policy not found: nope => create the retention policy/,
  );
  const { username: _, ...asBucket } = { username: 'root', bucket: 'fleet', org: 'o', token: 'root:pw' };
  assert.match(
    wordsAbout(await probe(influx.url, asBucket), 'points'),
    /404.* => InfluxDB 1\.x has databases: write `database` in place of `bucket`/,
  );
  const missing = await probe(influx.url, { tokenFile: '/nowhere/token' });
  assert.deepEqual(inShort(missing), ['settings fail']);
  assert.match(
    wordsAbout(missing, 'settings'),
    /cannot read the secret in \/nowhere\/token.* => create the file/,
  );

  assert.doesNotMatch(JSON.stringify([writer, reader, stranger]), /secret-/);
  const names = (await influx.query('SHOW DATABASES'))[0]!.values.flat();
  assert.deepEqual(names, ['fleet']);
  assert.deepEqual(await influx.query('SHOW MEASUREMENTS', 'fleet'), []);
});

test('clocks that differ', async (t) => {
  const influx = await startInfluxd();
  t.after(() => influx.stop());
  await influx.query('CREATE DATABASE fleet');
  const ahead = await probe(influx.url, {}, () => Date.now() + 3 * 3_600_000);
  assert.deepEqual(inShort(ahead), ['server ok', 'clock warn', 'points ok']);
  assert.match(wordsAbout(ahead, 'clock'), /is 3 h ahead of the server's => set the clock/);
  // The server answered at a moment in between.
  const moments = [Date.now() - 60_000, Date.now() + 60_000];
  const slow = await probe(influx.url, {}, () => moments.shift() ?? Date.now());
  assert.deepEqual(inShort(slow), ['server ok', 'clock ok', 'points ok']);
  const behind = await probe(influx.url, {}, () => Date.now() - 600_000);
  assert.match(wordsAbout(behind, 'clock'), /is 10 min behind the server's/);
});

test('nobody there, a name that nobody knows, another protocol, silence', async (t) => {
  const refused = await probe(`http://127.0.0.1:${await freePort()}`);
  assert.deepEqual(inShort(refused), ['server fail']);
  assert.match(wordsAbout(refused, 'server'), /ECONNREFUSED.* => start the server, or correct host and port/);

  const unknown = await probe('http://no-such-host.invalid:8086');
  assert.match(wordsAbout(unknown, 'server'), /no-such-host\.invalid.* => check the host name/);

  const ssh = createTcpServer((socket) => socket.on('error', () => {}).end('SSH-2.0-x\r\n'));
  assert.match(wordsAbout(await probe(await listen(t, ssh)), 'server'), /Parse Error.* => check the port/);

  const sockets = new Set<{ destroy(): void }>();
  const silent = createTcpServer((socket) => void sockets.add(socket.on('error', () => {})));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const silence = await probe(await listen(t, silent), { timeoutMs: 200 });
  assert.match(wordsAbout(silence, 'server'), /no answer within 0\.2 s => .*no firewall/);

  const influx = await startInfluxd();
  t.after(() => influx.stop());
  const tls = await probe(influx.url.replace('http:', 'https:'));
  assert.match(wordsAbout(tls, 'server'), / => check the port, and whether the URL begins with http/);
});

test('a server that is no InfluxDB is said to be none, and fails by what it makes of a write', async (t) => {
  const page = '<html><title>Grafana</title></html>';
  const answers: RequestListener = (_request, response) => void response.writeHead(200).end(page);
  const findings = await probe(await listen(t, createHttpServer(answers)));
  assert.deepEqual(inShort(findings), ['server warn', 'clock ok', 'points fail']);
  assert.match(wordsAbout(findings, 'server'), /does not say that it is an InfluxDB \(200 Grafana\)/);
  assert.match(wordsAbout(findings, 'points'), /200 Grafana.* => .*a proxy or a login page/);
});
