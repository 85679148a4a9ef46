/** The metrics of a gateway process over HTTP, read as Prometheus reads them; and whether it moves, for who starts it anew. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { headgateIn } from './peers/command.ts';
import { freePort } from './peers/free-port.ts';
import { type GatewayProcess, makeGateway } from './peers/gateway.ts';
import { mosquittoPub } from './peers/mosquitto.ts';
import { until } from './peers/until.ts';

const device = `device: tank
source: mqtt
topic: tanks/{tank}
codec: json
fields: { level: {} }
`;

interface Site {
  readonly gateway: GatewayProcess;
  readonly port: number;
  readonly url: string;
}

async function start(t: TestContext): Promise<Site> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const gateway = await makeGateway({
    'headgate.yaml': `gateway: "depot-7"
batch: 50ms
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
metrics: { listen: [{ port: ${metricsPort} }] }
notify: { ops: { webhook: { url: "http://127.0.0.1:9/hook", headers: { Authorization: "Bearer s3cret" } } } }
`,
    'devices/tank.yaml': device,
    'rules/tank.yaml': 'rules: [{ name: tanks, from: tank }]\n',
  });
  t.after(() => gateway.remove());
  return { gateway, port, url: `http://127.0.0.1:${metricsPort}` };
}

interface Family {
  readonly type: string;
  readonly samples: Map<string, number>;
}

/**
 * Prometheus' text format 0.0.4, strictly: HELP and TYPE once before the samples of a family, samples of one family together,
 * no series twice, values that are numbers, a line break at the end.
 */
function parseExposition(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'));
  const families = new Map<string, Family>();
  const helped = new Set<string>();
  let current: { readonly name: string; readonly family: Family } | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const [, word, name, rest] = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line) ?? [];
    if (word === 'HELP') {
      assert.ok(!helped.has(name!), `second HELP: ${line}`);
      helped.add(name!);
      continue;
    }
    if (word === 'TYPE') {
      assert.ok(helped.has(name!) && !families.has(name!), `TYPE out of place: ${line}`);
      assert.match(rest!, /^(counter|gauge)$/);
      assert.equal(name!.endsWith('_total'), rest === 'counter', `${name} is a ${rest}`);
      current = { name: name!, family: { type: rest!, samples: new Map() } };
      families.set(name!, current.family);
      continue;
    }
    const [, series, labels = '', value] =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[0-9.e+-]+)$/.exec(
        line,
      ) ?? [];
    assert.ok(series !== undefined, `not a sample: ${line}`);
    assert.equal(series, current?.name, `sample of another family: ${line}`);
    assert.ok(!current!.family.samples.has(labels), `series twice: ${line}`);
    assert.ok(Number.isFinite(Number(value)), line);
    current!.family.samples.set(labels, Number(value));
  }
  return families;
}

test('the figures of a gateway, in the text format of Prometheus', async (t) => {
  const { gateway, port, url } = await start(t);
  await gateway.start();
  await mosquittoPub(port, ['-t', 'tanks/a', '-q', '1'], ['{"level":1}', '{"level":2}']);
  const figure = async (name: string, labels = ''): Promise<number | undefined> => {
    const response = await fetch(`${url}/metrics`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    assert.doesNotMatch(text, /s3cret/);
    return parseExposition(text).get(name)?.samples.get(labels);
  };
  await until(
    async () => (await figure('headgate_readings_total', '{device="tank"}')) === 2,
    'the readings to be counted',
  );
  assert.ok((await figure('process_resident_memory_bytes'))! > 1e7);
  assert.ok((await figure('process_cpu_seconds_total'))! > 0);
  const startS = (await figure('process_start_time_seconds'))!;
  assert.ok(Math.abs(Date.now() / 1000 - startS) < 600);
  assert.equal(await figure('headgate_restarts_total'), 0);
  assert.ok((await figure('headgate_disk_free_bytes'))! > 0);
  assert.ok((await figure('headgate_memory_available_bytes'))! > 0);

  const head = await fetch(`${url}/metrics?name=x`, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
  // The same figures as on the command line, but for those that every process has.
  const { stdout } = await headgateIn(['status', '--format', 'prometheus'], { cwd: gateway.folder });
  const names = (text: string): string[] => [...parseExposition(text).keys()];
  const served = names(await (await fetch(`${url}/metrics`)).text());
  assert.deepEqual(
    served.filter((name) => !name.startsWith('process_')),
    names(stdout),
  );
});

test('nothing else is served, and nothing else is taken', async (t) => {
  const { gateway, url } = await start(t);
  await gateway.start();
  for (const [path, method, status] of [
    ['/healthz', 'GET', 200],
    ['/healthz', 'HEAD', 200],
    ['/', 'GET', 404],
    ['/metrics/../../etc/passwd', 'GET', 404],
    ['/metrics', 'DELETE', 405],
    ['/healthz', 'PUT', 405],
  ] as const) {
    const response = await fetch(`${url}${path}`, { method });
    assert.equal(response.status, status, `${method} ${path}`);
  }
  assert.equal(await (await fetch(`${url}/healthz`)).text(), 'ok\n');
  const posted = await fetch(`${url}/metrics`, { method: 'POST', body: 'x'.repeat(1_000_000) }).catch(
    () => undefined,
  );
  assert.ok(posted === undefined || posted.status === 405);

  // More connections than there is room for: further ones are closed, and those that ask are answered.
  const { port, hostname } = new URL(url);
  const idle = Array.from({ length: 60 }, () => connect({ port: Number(port), host: hostname }));
  t.after(() => {
    for (const socket of idle) socket.destroy();
  });
  for (const socket of idle) socket.resume().on('error', () => {});
  await until(() => idle.filter((socket) => socket.closed).length >= 28, 'connections too many to be closed');
  assert.equal((await gateway.status()).fates.frames, 0);
  // Who says nothing has to go, so that a scraper gets in again.
  await until(() => idle.every((socket) => socket.closed), 'silent connections to be closed', 30_000);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test('a port that is taken ends the start with what to do', async (t) => {
  const { gateway, url } = await start(t);
  const taker = createServer().listen(Number(new URL(url).port), '127.0.0.1');
  await once(taker, 'listening');
  t.after(() => taker.close());
  const { code, stderr } = await headgateIn(['run'], { cwd: gateway.folder });
  assert.equal(code, 3);
  assert.match(
    stderr,
    /metrics: cannot listen on 127\.0\.0\.1:\d+: the port is in use\n {2}remedy: another program/,
  );
});
