/**
 * A gateway under mixed load, and all that surrounds it: QoS 0, 1 and 2 clients, a serial line, people, a database, a
 * receiver of alerts. The clients go on over its lives.
 *
 * Not here: how it dies, which is the episode's.
 */

import { join } from 'node:path';
import { freePort } from '../peers/free-port.ts';
import { type GatewayProcess, makeGateway } from '../peers/gateway.ts';
import type { Influxd } from '../peers/influxd.ts';
import { type SerialLine, startSerialLine } from '../peers/socat.ts';
import { until } from '../peers/until.ts';
import { createDevice, type Device, jsonOf, paddedJsonOf } from './devices.ts';
import type { Hook } from './hook.ts';
import { createPeople, type People } from './people.ts';
import { createProbe, type Probe } from './probe.ts';
import { type Publisher, startPublisher } from './publishers.ts';
import { files } from './setup.ts';

/** What all stations of a run share. */
export interface Peers {
  readonly influxd: Influxd;
  readonly hook: Hook;
}

export interface StationOptions {
  /** Its database, and its path at the receiver of alerts. */
  readonly name: string;
  readonly seed: number;
  readonly preloads: readonly string[];
  /** Of the gateway's process, at each start. */
  readonly env: () => Readonly<Record<string, string>>;
}

export interface Station {
  readonly gateway: GatewayProcess;
  readonly line: SerialLine;
  readonly port: number;
  readonly people: People;
  readonly probe: Probe;
  /** Meters a and b with QoS 1, c and d with QoS 2. */
  readonly meters: readonly Publisher[];
  /** Meter z: QoS 0, every fifth with QoS 1. */
  readonly unanswered: Publisher;
  readonly pads: Publisher;
  /** Between two long texts; may be changed at any time. */
  padsEveryMs: number;
  /** All clients at once. */
  readonly publishers: readonly Publisher[];
  close(): Promise<void>;
}

export interface Site {
  readonly gateway: GatewayProcess;
  readonly line: SerialLine;
  readonly port: number;
  close(): Promise<void>;
}

/** A gateway with a port, a serial line, a database and a receiver of its own; not started. */
export async function openSite(
  { influxd, hook }: Peers,
  { name, preloads, env }: Omit<StationOptions, 'seed'>,
): Promise<Site> {
  const [line, port] = await Promise.all([startSerialLine(), freePort()]);
  const places = {
    port,
    serialPath: line.path,
    influxUrl: influxd.url,
    database: name,
    hookUrl: hook.urlOf(name),
  };
  const gateway: GatewayProcess = await makeGateway(files(places), {
    preloads,
    env: () => ({ ...env(), TORTURE_DATA: join(gateway.folder, 'data') }),
  });
  return {
    gateway,
    line,
    port,
    async close() {
      await gateway.remove();
      await line.stop();
    },
  };
}

const usualPadsEveryMs = 100;

/** A site and its clients, which try to connect from now on. */
export async function openStation(peers: Peers, options: StationOptions): Promise<Station> {
  const { seed } = options;
  const site = await openSite(peers, options);
  const { gateway, line } = site;
  const port = (): number => site.port;
  const meter = (key: string, qosOf: (n: number) => 0 | 1 | 2): Publisher =>
    startPublisher({
      device: createDevice(key, seed),
      topic: `meter/${key}`,
      payloadOf: jsonOf,
      qosOf,
      port,
      window: 100,
      everyMs: () => 5,
    });
  const state = { padsEveryMs: usualPadsEveryMs };
  const meters = [meter('a', () => 1), meter('b', () => 1), meter('c', () => 2), meter('d', () => 2)];
  const unanswered = meter('z', (n) => (n % 5 === 4 ? 1 : 0));
  const pads = startPublisher({
    device: createDevice('pad', seed),
    topic: 'pad/pad',
    payloadOf: paddedJsonOf,
    qosOf: () => 1,
    port,
    window: 20,
    everyMs: () => state.padsEveryMs,
  });
  const publishers = [...meters, unanswered, pads];
  return Object.assign(state, {
    ...site,
    people: createPeople(gateway),
    probe: createProbe(createDevice('probe', seed), line, gateway, port),
    meters,
    unanswered,
    pads,
    publishers,
    async close() {
      await Promise.all(publishers.map((publisher) => publisher.abandon()));
      await site.close();
    },
  });
}

/** Waits until the database has the last reading of each device, and nothing waits any more to be sent or told. */
export async function untilDelivered(
  { influxd }: Peers,
  database: string,
  gateway: GatewayProcess,
  devices: readonly Pick<Device, 'key' | 'readings'>[],
): Promise<void> {
  const ask = (text: string) =>
    influxd.query(text, database).catch((error: Error) => {
      // It is made with the first write.
      if (error.message.includes('database not found')) return [];
      throw error;
    });
  for (const { key, readings } of devices) {
    const { timeMs } = readings.at(-1)!;
    const text = `SELECT x FROM /each|padded/ WHERE id = '${key}' AND time = ${timeMs}ms`;
    const isThere = async () => (await ask(text)).length > 0;
    await until(isThere, `the last reading of ${key} in the database`, 60_000);
  }
  const isQuiet = async (): Promise<boolean> => {
    const { forward, alertPoints, notifiers } = await gateway.status();
    return (
      forward.pendingPoints + alertPoints!.pendingPoints === 0 &&
      notifiers.every(({ pending }) => pending === 0)
    );
  };
  await until(isQuiet, 'everything to be delivered', 60_000);
}
