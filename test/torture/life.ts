/** What the lives of a station have in common: what is done in them, what their end excuses, and the last one. */

import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../peers/until.ts';
import { publishBulk, publishPads } from './bulk.ts';
import type { Need } from './points.ts';
import { type Peers, type Station, untilDelivered } from './station.ts';

/** What is done beside the usual load. */
export const provoke: Record<Need, (station: Station, signal: AbortSignal) => Promise<void>> = {
  load: async () => {},
  start: async () => {},
  bulk: publishBulk,
  pads: publishPads,
  async reload(station, signal) {
    await station.people.edit();
    await publishBulk(station, signal);
  },
  settings: ({ people }, signal) => people.tell(signal),
};

/** What fails, or never ends, because the gateway died under it is no failure. */
export async function ignoreIfDead<T>(
  { gateway }: Station,
  work: Promise<T>,
  over: AbortSignal,
): Promise<T | undefined> {
  const dead = gateway.ended().then(() => undefined);
  try {
    return await Promise.race([work, dead]);
  } catch (error) {
    const isDead =
      over.aborted || (await Promise.race([dead.then(() => true), wait(1000, false, { ref: false })]));
    if (!isDead) throw error;
    return undefined;
  }
}

/** The last life: everything is sent, acknowledged and delivered. */
export async function finish(peers: Peers, name: string, station: Station): Promise<void> {
  const { gateway, publishers, probe } = station;
  await gateway.start();
  await Promise.all(publishers.map((publisher) => publisher.finish()));
  const isOpen = async () =>
    (await gateway.status()).sources.some((one) => one.name === 'probe' && one.state === 'open');
  await until(isOpen, 'the serial line');
  probe.finish();
  await untilDelivered(
    peers,
    name,
    gateway,
    [...publishers, probe].map(({ device }) => device),
  );
}

/** What a log gave up for its budget, a database that was too slow, and what it set aside. */
export function lossesLogged({ gateway }: Station): string[] {
  const words = /oldest records are dropped|is damaged|cannot be read|set aside|cannot store/;
  const logged = gateway.logLines.filter((line) => line.startsWith('{'));
  return logged.filter((line) => words.test(line)).map((line) => `logged: ${line}`);
}

/** What breaks off comes with what the gateway said last. */
export async function withLastWords(station: Station, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const log = station.gateway.logLines.slice(-30).join('\n');
    throw new Error(`broke off; the gateway’s last words:\n${log}`, { cause: error });
  }
}
