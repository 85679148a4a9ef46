/**
 * A site whose dashboards can be looked at: a real gateway with the shipped devices and rules, a simulated depot that publishes
 * its last hours to it over MQTT, and a real InfluxDB that gets what it makes.
 *
 * Deterministic but for the moment it ends at: whatever time it is, the depot's buses begin in the morning's rush hour.
 * Not here: what the dashboards ask (ask.ts).
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Depot, Message } from '../../src/cli/demo/bus.ts';
import { linesBetween, messagesBetween, senders } from '../../src/cli/demo/depot.ts';
import { openPublisher, type Publisher } from '../../src/cli/demo/publisher.ts';
import { freePort } from '../peers/free-port.ts';
import { type GatewayProcess, makeGateway } from '../peers/gateway.ts';
import type { SerialLine } from '../peers/socat.ts';
import { until } from '../peers/until.ts';

export const database = 'fleet';

export interface SiteOptions {
  readonly gateway: string;
  readonly influxUrl: string;
  /** The past that is published. */
  readonly backMs: number;
  /** A bus says its place so often; the shipped simulation says it every second. */
  readonly positionsEveryMs: number;
  /** `5m` as shipped; a test does not wait that long for a bus to be silent. */
  readonly silentAfter: string;
  readonly seed?: number;
  /** Hour of the depot's day at which the past begins; the rush hour without. */
  readonly beginsAtHour?: number;
  /** Other devices than the depot's twelve buses and its press, and who sends for them. */
  readonly devices?: Devices;
  /** Further lines of rules/fleet.csv. */
  readonly fleet?: readonly string[];
  readonly health?: string;
  readonly preloads?: readonly string[];
  /** A line for the level probe, and who writes to it; without it none is plugged in. */
  readonly probe?: Pick<SerialLine, 'path' | 'write'>;
}

export interface Devices {
  readonly senders: readonly string[];
  readonly messagesBetween: (depot: Depot, fromMs: number, untilMs: number) => Message[];
}

export interface Site {
  readonly gateway: GatewayProcess;
  /** Publishes what has become due since the last call, and waits for nothing: a gateway may be away. */
  goOn(): void;
  /** Publishes what has become due since the last call, and waits until the gateway has it. */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '../..');
/** Simulated hour of the day at which the past begins: the buses fill. */
const rushHour = 6.75;
/** So much is handed to the connections at once. */
const pieceMs = 10 * 60_000;

export async function startSite(options: SiteOptions): Promise<Site> {
  const { devices = { senders, messagesBetween }, preloads = [], beginsAtHour = rushHour } = options;
  const port = await freePort();
  const files = { 'headgate.yaml': configuration(options, port), ...shipped(options) };
  const gateway = await makeGateway(files, { preloads });
  await gateway.start();
  const publisher = await openPublisher(port, devices.senders);
  const startMs = Date.now() - options.backMs;
  const depot: Depot = { seed: options.seed ?? 7, startMs, midnightMs: startMs - beginsAtHour * 3_600_000 };
  let doneMs = startMs;
  let sent = 0;
  const due = (untilMs: number): Message[] => {
    const messages = devices.messagesBetween(depot, doneMs, untilMs).filter(isWanted(options));
    doneMs = untilMs;
    sent += messages.length;
    return messages;
  };
  return {
    gateway,
    goOn() {
      const [fromMs, nowMs] = [doneMs, Date.now()];
      publisher.publish(due(nowMs));
      options.probe?.write(linesBetween(depot, fromMs, nowMs).join(''));
    },
    async catchUp() {
      const nowMs = Date.now();
      while (doneMs < nowMs) {
        publisher.publish(due(Math.min(nowMs, doneMs + pieceMs)));
        await answered(publisher);
      }
      await until(
        async () => (await gateway.status()).fates.frames >= sent,
        'every message to be processed',
        120_000,
      );
    },
    async stop() {
      await publisher.close();
      await gateway.remove();
    },
  };
}

async function answered(publisher: Publisher): Promise<void> {
  await until(() => publisher.pending === 0, 'the broker to acknowledge', 120_000);
}

/** Of the positions one in so long; all else. */
function isWanted({ positionsEveryMs }: SiteOptions): (message: Message) => boolean {
  const seen = new Map<string, number>();
  return ({ topic, sender, atMs }) => {
    if (!topic.includes('/vp/')) return true;
    const slot = Math.floor(atMs / positionsEveryMs);
    if (seen.get(sender) === slot) return false;
    seen.set(sender, slot);
    return true;
  };
}

function configuration({ gateway, influxUrl, health, probe }: SiteOptions, port: number): string {
  const path = probe?.path ?? './not-plugged-in';
  return [
    `gateway: ${gateway}`,
    'data: data',
    'sources:',
    `  mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } }`,
    `  probe: { serial: { path: ${path}, baud: 9600, framing: line } }`,
    'forward:',
    `  influx: { url: "${influxUrl}", database: ${database} }`,
    ...(health === undefined ? [] : [`health: { every: ${health} }`]),
    '',
  ].join('\n');
}

/** The shipped devices and rules, as they are but for what is silence. */
function shipped({ silentAfter, fleet = [] }: SiteOptions): Record<string, string> {
  const files: Record<string, string> = {};
  for (const folder of ['devices', 'rules']) {
    for (const name of readdirSync(join(root, folder))) {
      if (!name.includes('.test.'))
        files[`${folder}/${name}`] = readFileSync(join(root, folder, name), 'utf8');
    }
  }
  const position = 'devices/bus-position.yaml';
  files[position] = files[position]!.replace('silent_after: 5m', `silent_after: ${silentAfter}`);
  files['rules/fleet.csv'] += fleet.map((line) => `${line}\n`).join('');
  return files;
}
