/** One data folder through several lives, each ended by SIGKILL; then everything is held against what must be. */

import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../peers/until.ts';
import { publishBulk, publishPads } from './bulk.ts';
import { judge, type Verdict } from './judge.ts';
import type { Episode, Round } from './plan.ts';
import { type Need, reachedWord } from './points.ts';
import { openStation, type Peers, type Station, untilDelivered } from './station.ts';

export interface KillEpisode extends Verdict {
  /** Names of the points at which it was killed. */
  readonly reached: readonly string[];
  readonly kills: number;
}

export interface KillOptions {
  /** Of the databases. */
  readonly name: string;
  readonly seed: number;
  /** Loaded into the gateway beside what kills it: a fault of its own, to see that it is found. */
  readonly preloads?: readonly string[];
  readonly print: (line: string) => void;
}

/** How long a point may take to be reached. */
const longestMs = 20_000;
const dieAt = join(import.meta.dirname, 'die-at.ts');

export async function runKillEpisode(
  peers: Peers,
  episode: Episode,
  { name, seed, preloads = [], print }: KillOptions,
): Promise<KillEpisode> {
  let env: Record<string, string> = {};
  const station = await openStation(peers, { name, seed, preloads: [dieAt, ...preloads], env: () => env });
  const findings: string[] = [];
  try {
    for (const round of episode) {
      const { point, times } = round;
      env = point === undefined ? {} : { TORTURE_POINT: point.name, TORTURE_TIMES: `${times}` };
      print(point?.name ?? `a random moment: ${round.need}, ${round.delayMs} ms`);
      findings.push(...(await live(station, round)));
    }
    env = {};
    print('the last life');
    await finish(peers, name, station);
    print('the comparison');
    const verdict = await judge(peers, name, station);
    const reached = reachedPoints(station);
    findings.push(...dropped(station));
    const missed = episode.flatMap(({ point }) =>
      point === undefined || reached.includes(point.name) ? [] : point.name,
    );
    findings.push(...missed.map((point) => `never reached: ${point}`));
    return { ...verdict, findings: [...findings, ...verdict.findings], reached, kills: episode.length };
  } catch (error) {
    const log = station.gateway.logLines.slice(-30).join('\n');
    throw new Error(`broke off; the gateway’s last words:\n${log}`, { cause: error });
  } finally {
    await station.close();
  }
}

function reachedPoints({ gateway }: Station): string[] {
  const places = gateway.logLines.filter((line) => line.startsWith(reachedWord));
  return places.map((line) => line.slice(reachedWord.length));
}

/** What a log gave up for its budget, a database that was too slow, and what it set aside. */
function dropped({ gateway }: Station): string[] {
  const words = /oldest records are dropped|is damaged|cannot be read|set aside|cannot store/;
  const logged = gateway.logLines.filter((line) => line.startsWith('{'));
  return logged.filter((line) => words.test(line)).map((line) => `logged: ${line}`);
}

/** From start to SIGKILL; gives what was wrong with what it knew at its start. */
async function live(station: Station, round: Round): Promise<readonly string[]> {
  const { gateway } = station;
  const isDeadAtStart = round.need === 'start' && round.point === undefined;
  const killed = isDeadAtStart ? wait(round.delayMs).then(() => gateway.kill()) : undefined;
  if (!(await start(station, round))) {
    await killed;
    return [];
  }
  const over = new AbortController();
  const forgotten = ignoreIfDead(station, station.people.forgotten(), over.signal);
  const work = [station.probe.write(over.signal), provoke[round.need](station, over.signal)];
  const working = Promise.all(work.map((one) => ignoreIfDead(station, one, over.signal)));
  // Only a failure ends this.
  const failure = working.then(() => new Promise<never>(() => {}));
  if (killed !== undefined) await killed;
  else
    await Promise.race([
      failure,
      gateway.ended(),
      wait(round.point === undefined ? round.delayMs : longestMs, undefined, { ref: false }),
    ]);
  over.abort();
  await gateway.kill();
  await working;
  return ((await forgotten) ?? []).map((one) => `answered and forgotten: ${one}`);
}

/** Whether it came to run; it may be killed on the way. */
async function start({ gateway }: Station, { point, need }: Round): Promise<boolean> {
  try {
    await gateway.start();
    return true;
  } catch (error) {
    const mayBeKilled = point !== undefined || need === 'start';
    if (mayBeKilled && (await gateway.ended()) === 'SIGKILL') return false;
    throw error;
  }
}

/** What is done beside the usual load. */
const provoke: Record<Need, (station: Station, signal: AbortSignal) => Promise<void>> = {
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
async function ignoreIfDead<T>(
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
