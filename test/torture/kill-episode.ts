/** One data folder through several lives, each ended by SIGKILL; then everything is held against what must be. */

import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { judge, type Verdict } from './judge.ts';
import { finish, ignoreIfDead, lossesLogged, provoke, withLastWords } from './life.ts';
import type { Episode, Round } from './plan.ts';
import { reachedWord } from './points.ts';
import { openStation, type Peers, type Station } from './station.ts';

export interface KillEpisode extends Verdict {
  /** Names of the points at which it was killed. */
  readonly reached: readonly string[];
}

export interface KillOptions {
  /** Of the databases. */
  readonly name: string;
  readonly seed: number;
  /** Loaded into the gateway beside what kills it: a fault of its own, to see that it is found. */
  readonly preloads?: readonly string[];
  readonly print: (line: string) => void;
}

/** How long a point may take to be reached, on a machine that is busy with other tests. */
const longestMs = 120_000;
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
    await withLastWords(station, async () => {
      for (const round of episode) {
        const { point, times } = round;
        env = point === undefined ? {} : { TORTURE_POINT: point.name, TORTURE_TIMES: `${times}` };
        print(point?.name ?? `a random moment: ${round.need}, ${round.delayMs} ms`);
        findings.push(...(await live(station, round)));
      }
      env = {};
      print('the last life');
      await finish(peers, name, station);
    });
    print('the comparison');
    const verdict = await judge(peers, name, station);
    const reached = reachedPoints(station);
    findings.push(...lossesLogged(station));
    const missed = episode.flatMap(({ point }) =>
      point === undefined || reached.includes(point.name) ? [] : point.name,
    );
    findings.push(...missed.map((point) => `never reached: ${point}`));
    return { ...verdict, findings: [...findings, ...verdict.findings], reached };
  } finally {
    await station.close();
  }
}

function reachedPoints({ gateway }: Station): string[] {
  const places = gateway.logLines.filter((line) => line.startsWith(reachedWord));
  return places.map((line) => line.slice(reachedWord.length));
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
  const { point } = round;
  if (round.need === 'start' && point !== undefined) {
    await gateway.kill();
    return [`not reached by the recovery: ${point.name}`];
  }
  const over = new AbortController();
  const alive = <T>(work: Promise<T>) => ignoreIfDead(station, work, over.signal);
  const forgotten = alive(station.people.forgotten());
  const work = [station.probe.write(over.signal), provoke[round.need](station, over.signal)];
  const working = Promise.all(work.map(alive));
  // Only a failure ends this.
  const failure = working.then(() => new Promise<never>(() => {}));
  const afterMs = point === undefined ? round.delayMs : longestMs;
  const end = await Promise.race([
    failure,
    gateway.ended(),
    killed ?? wait(afterMs, undefined, { ref: false }),
  ]);
  over.abort();
  await gateway.kill();
  await working;
  const isMeant = end === undefined || (end === 'SIGKILL' && (point !== undefined || killed !== undefined));
  return [
    ...((await forgotten) ?? []).map((one) => `answered and forgotten: ${one}`),
    ...(isMeant ? [] : [`ended by itself: ${end}`]),
  ];
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
