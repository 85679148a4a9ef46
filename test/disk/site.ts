/**
 * A small deterministic gateway in this process, for what happens to its disk: its files, what is published to it, and a
 * receiver that notes every point and alert it is sent.
 *
 * Invariant: times are the readings' own and no key is ever idle, so points and alerts follow from what was published
 * alone, whatever happened in between.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadSetup, type Setup } from '../../src/cli/setup.ts';
import type { Logger } from '../../src/core/log.ts';
import type { GatewayStatus } from '../../src/core/status.ts';
import { type Gateway, startGateway } from '../../src/gateway.ts';
import { connectWire, publishPacket } from '../peers/mqtt-wire.ts';
import { until } from '../peers/until.ts';

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const device = `device: meter
source: mqtt
topic: meter/{id}
codec: json
time: { path: at, format: unix_ms }
fields: { x: { path: x } }
lateness: 2s
idle_after: 1000h
`;

const rules = `rules:
  - name: tumbling
    from: meter
    by: [id]
    window: { tumbling: 10s }
    compute: { count: count(), sum: sum(x), max: max(x) }
    alert: [{ when: max > 80, message: "{id}: {max}", notify: [ops] }]
  - name: sliding
    from: meter
    by: [id]
    window: { sliding: 7s, every: 3s }
    compute: { count: count(), mean: avg(x) }
  - name: each
    from: meter
    by: [id]
    let: { odd: "zscore(x, 10m)" }
`;

/** Where points go: an InfluxDB, or files of the gateway's own. */
export type Outlet = 'influx' | 'files';

function gatewayFile(outlet: Outlet, receiverUrl: string): string {
  const influx = `forward: { influx: { url: "${receiverUrl}", database: db, backlog_points_per_second: 1000000 } }`;
  return `gateway: g
batch: 20ms
sources: { mqtt: { broker: { listen: [{ port: 0 }] } } }
${outlet === 'influx' ? influx : ''}
notify: { ops: { webhook: { url: "${receiverUrl}/alerts" } } }
`;
}

export interface Published {
  readonly topic: string;
  readonly payload: string;
}

const keys = ['a', 'b', 'c'];
const startMs = Date.UTC(2024, 0, 15);

/** Readings of all keys, some a little late; `pad` bytes of what no rule reads make blocks and segments large. */
export function createWorkload(seed: number, perKey: number, pad: number): Published[] {
  const random = randomFrom(seed);
  const all: Published[] = [];
  const taken = new Set<string>();
  for (let i = 0; i < perKey; i++) {
    for (const key of keys) {
      const late = random() < 0.15 ? Math.floor(random() * 1900) : 0;
      let at = startMs + i * 700 - late;
      while (taken.has(`${key} ${at}`)) at += 1;
      taken.add(`${key} ${at}`);
      const x = Math.floor(random() * 90);
      const padding = Buffer.from(Array.from({ length: pad }, () => Math.floor(random() * 256)));
      const reading = { at, x, pad: padding.toString('base64') };
      all.push({ topic: `meter/${key}`, payload: JSON.stringify(reading) });
    }
  }
  return all;
}

/** Readings far behind all others: they close every window of those. */
export function closing(): Published[] {
  const at = startMs + 3_600_000;
  return keys.map((key) => ({ topic: `meter/${key}`, payload: JSON.stringify({ at, x: 1 }) }));
}

export interface Receiver {
  readonly url: string;
  /** Taken or refused (503); refused from the start. */
  isUp: boolean;
  /** Results as line protocol, in order of arrival. */
  readonly lines: string[];
  readonly alerts: { readonly id: string; readonly message: string }[];
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const receiver = { isUp: false, lines: [] as string[], alerts: [] as Receiver['alerts'] };
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (receiver.isUp && request.url!.startsWith('/alerts')) receiver.alerts.push(JSON.parse(body));
      else if (receiver.isUp) receiver.lines.push(...body.split('\n').filter(isResult));
      response.writeHead(receiver.isUp ? 204 : 503).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

/** What the gateway tells of itself is another in each run. */
function isResult(line: string): boolean {
  return line !== '' && !/^headgate[_,]/.test(line);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const body = Buffer.concat(await request.toArray());
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
}

export interface SaidLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Site {
  readonly setup: (data: string) => Setup;
}

/** Writes the configuration into a folder and compiles it. */
export async function makeSite(folder: string, outlet: Outlet, receiverUrl: string): Promise<Site> {
  const files = {
    'headgate.yaml': gatewayFile(outlet, receiverUrl),
    'devices/meter.yaml': device,
    'rules/all.yaml': rules,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const setup = await loadSetup(join(folder, 'headgate.yaml'));
  // Small logs, so that a short run has several segments. Smaller than a file may say.
  const limits = { ...setup.config.limits, journalBytes: 1 << 20, outboxBytes: 1 << 20 };
  return { setup: (data) => ({ ...setup, config: { ...setup.config, data, limits } }) };
}

export interface Running {
  readonly said: readonly SaidLine[];
  readonly gateway: Gateway;
  /** Sends again what was not acknowledged, as MQTT asks of a client, until the signal aborts; gives what was not. */
  insist(messages: readonly Published[], signal: AbortSignal): Promise<readonly Published[]>;
  /** Rejects when the gateway dies. */
  readonly died: Promise<never>;
  /** Resolves when all of it is acknowledged; rejects when that does not happen. */
  publish(messages: readonly Published[], timeoutMs?: number): Promise<void>;
  /** Resolves when all that arrived is processed and handed over. */
  settled(timeoutMs?: number): Promise<GatewayStatus>;
  stop(): Promise<void>;
}

/** What was said before the gateway came up, when it does not. */
export class DidNotStart extends Error {}

export async function run(site: Site, data: string): Promise<Running> {
  const said: SaidLine[] = [];
  const say =
    (level: SaidLine['level']): Logger['info'] =>
    (details, message) => {
      // Alerts that the notifier `log` tells are not about the gateway.
      if (!('alert' in details)) said.push({ level, message, details: details as SaidLine['details'] });
    };
  const logger: Logger = { debug() {}, info: say('info'), warn: say('warn'), error: say('error') };
  const gateway = await startGateway(site.setup(data), { logger, version: 'test' });
  let died: unknown;
  gateway.failed.catch((error) => {
    died = error;
  });
  let clients = 0;
  return {
    said,
    gateway,
    died: gateway.failed,
    async insist(messages, signal) {
      let left = messages;
      while (left.length > 0 && !signal.aborted) {
        left = await sendOnce(gateway.ports('mqtt')[0]!, left.slice(0, 5), signal).then(
          (unanswered) => [...unanswered, ...left.slice(5)],
          () => left,
        );
        if (signal.aborted) break;
      }
      return left;
    },
    async publish(messages, timeoutMs = 10_000) {
      clients += 1;
      const wire = await connectWire(gateway.ports('mqtt')[0]!, { clientId: `client${clients}` });
      const packets = messages.map(({ topic, payload }, i) =>
        publishPacket(topic, payload, { qos: 1, messageId: i + 1 }),
      );
      // In pieces, so that they are several commits.
      for (let i = 0; i < packets.length; i += 10) {
        wire.send(...packets.slice(i, i + 10));
        await until(
          () => wire.all('puback').length >= Math.min(i + 10, packets.length) || wire.closed,
          'acknowledgements',
          timeoutMs,
        );
        assert.ok(!wire.closed, 'the gateway hung up');
      }
      wire.destroy();
    },
    async settled(timeoutMs = 10_000) {
      const arrivedMs = gateway.now();
      await until(
        () => {
          if (died !== undefined) throw died;
          const { processedMs, forward, notifiers } = gateway.status();
          return processedMs > arrivedMs && forward.pendingPoints === 0 && notifiers.every(isDone);
        },
        'everything to be processed and handed over',
        timeoutMs,
      );
      return gateway.status();
    },
    stop: () => gateway.stop(),
  };
}

/** Gives those that were not acknowledged before the connection was closed. */
async function sendOnce(
  port: number,
  messages: readonly Published[],
  signal: AbortSignal,
): Promise<readonly Published[]> {
  const wire = await connectWire(port, { clientId: 'insistent' });
  try {
    wire.send(
      ...messages.map(({ topic, payload }, i) => publishPacket(topic, payload, { qos: 1, messageId: i + 1 })),
    );
    await until(
      () => wire.all('puback').length === messages.length || wire.closed || signal.aborted,
      'an answer',
      20_000,
    );
    const answered = new Set(wire.all('puback').map(({ messageId }) => messageId));
    return messages.filter((_, i) => !answered.has(i + 1));
  } finally {
    wire.destroy();
  }
}

function isDone({ pending }: { readonly pending: number }): boolean {
  return pending === 0;
}

/** Fields by measurement, tags and time: the last line of each has the word. */
export function pointsOf(lines: readonly string[]): Map<string, string> {
  const points = new Map<string, string>();
  for (const line of lines) {
    const [, head, fields, time] = /^(\S+) (.+) (\d+)$/.exec(line) ?? [];
    points.set(`${head} ${time}`, fields ?? line);
  }
  return points;
}

export interface Difference {
  readonly missing: readonly string[];
  readonly different: readonly string[];
  readonly extra: readonly string[];
}

export function compare(expected: Map<string, string>, found: Map<string, string>): Difference | undefined {
  const missing = [...expected.keys()].filter((key) => !found.has(key));
  const different = [...expected].filter(([key, value]) => (found.get(key) ?? value) !== value);
  const extra = [...found.keys()].filter((key) => !expected.has(key));
  if (missing.length + different.length + extra.length === 0) return undefined;
  return {
    missing,
    different: different.map(([key, value]) => `${key}: ${found.get(key)}, not ${value}`),
    extra,
  };
}
