/**
 * One data folder through several power cuts; then everything is held against what must be.
 *
 * Whatever the gateway acknowledged until its death counts: once the disk stands still nothing more can become durable, so
 * an answer that comes later is for something that was on the disk before.
 */

import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../peers/until.ts';
import { runEpisodes, type TortureRun } from './episodes.ts';
import { judge, type Verdict } from './judge.ts';
import { finish, ignoreIfDead, lossesLogged, provoke, withLastWords } from './life.ts';
import type { Need } from './points.ts';
import { type DriveCache, openPowerDisk, type PowerDisk } from './power-disk.ts';
import { createRandom } from './random.ts';
import { openStation, type Peers, type Station } from './station.ts';

export interface PowerCutOptions {
  /** Of the databases. */
  readonly name: string;
  readonly seed: number;
  readonly cuts: number;
  readonly cache: DriveCache;
  /** Loaded into the gateway: a fault of its own, to see that it is found. */
  readonly preloads?: readonly string[];
  readonly print: (line: string) => void;
}

const needs: readonly Need[] = ['load', 'bulk', 'load', 'settings', 'reload', 'pads'];
const longestMs = 900;

export async function runPowerCuts(
  peers: Peers,
  { name, seed, cuts, cache, preloads = [], print }: PowerCutOptions,
): Promise<Verdict> {
  const random = createRandom(seed, `power ${cache}`);
  const disk = await openPowerDisk(cache);
  const station = await openStation(peers, { name, seed, preloads, env: () => ({}) });
  const findings: string[] = [];
  try {
    await mkdir(join(disk.folder, 'data'));
    await symlink(join(disk.folder, 'data'), join(station.gateway.folder, 'data'));
    await withLastWords(station, async () => {
      for (let cut = 0; cut < cuts; cut++) {
        const need = needs[cut % needs.length]!;
        const afterMs = Math.floor(random() * longestMs);
        const isKilledFirst = cut % 3 === 2;
        const first = isKilledFirst ? 'after kill -9, ' : '';
        print(`cut ${cut}, drive’s cache ${cache}: ${first}${need}, ${afterMs} ms`);
        if (isKilledFirst) await killOnce(station);
        findings.push(...(await live(station, disk, need, afterMs)));
      }
      await finish(peers, name, station);
    });
    const verdict = await judge(peers, name, station);
    return { ...verdict, findings: [...findings, ...lossesLogged(station), ...verdict.findings] };
  } finally {
    await station.close();
    await disk.close();
  }
}

/** Waits until the journal's oldest segment is written over; from then on that happens again every few megabytes. */
async function untilRecycled({ gateway }: Station): Promise<void> {
  const folder = join(gateway.folder, 'data/journal');
  const oldest = async () => (await readdir(folder)).sort()[0];
  const before = await oldest();
  await until(async () => (await oldest()) !== before, 'a segment of the journal to be recycled', 120_000);
}

/** What was written and not synced is in memory, and read at the next start as if it were on the disk. */
async function killOnce({ gateway }: Station): Promise<void> {
  await gateway.start();
  await wait(300);
  await gateway.kill();
}

const cutsOfEpisode = 10;

/** The drive's cache kept and lost in turn. Needs root. */
export function runAllPowerCuts(peers: Peers, run: TortureRun) {
  const { rounds, seed } = run;
  const plan = Array.from({ length: Math.ceil(rounds / cutsOfEpisode) }, (_, number) => {
    const cuts = Math.min(cutsOfEpisode, rounds - number * cutsOfEpisode);
    const cache: DriveCache = number % 2 === 0 ? 'kept' : 'lost';
    const options = { name: `power_${number}`, seed: seed + number, cuts, cache };
    return (print: TortureRun['print']) => runPowerCuts(peers, { ...options, print });
  });
  return runEpisodes(plan, run, '--power ');
}

/** From start to power cut; gives what was wrong with what it knew at its start. */
async function live(
  station: Station,
  disk: PowerDisk,
  need: Need,
  afterMs: number,
): Promise<readonly string[]> {
  const { gateway } = station;
  await gateway.start();
  const over = new AbortController();
  const alive = <T>(work: Promise<T>) => ignoreIfDead(station, work, over.signal);
  const forgotten = alive(station.people.forgotten());
  const working = Promise.all([
    alive(station.probe.write(over.signal)),
    alive(provoke[need](station, over.signal)),
  ]);
  const failure = working.then(() => new Promise<never>(() => {}));
  if (need === 'bulk') await Promise.race([failure, untilRecycled(station)]);
  await Promise.race([failure, wait(afterMs)]);
  await disk.cutPower(
    () => gateway.signal('SIGKILL'),
    () => gateway.ended(),
  );
  over.abort();
  await working;
  const end = await gateway.ended();
  return [
    ...((await forgotten) ?? []).map((one) => `answered and forgotten: ${one}`),
    ...(end === 'SIGKILL' ? [] : [`ended by itself: ${end}`]),
  ];
}
