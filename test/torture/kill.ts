/** A whole run of kills: its episodes, two at a time. */

import { type KillEpisode, runKillEpisode } from './kill-episode.ts';
import { leastRounds, planEpisodes } from './plan.ts';
import { killPoints } from './points.ts';
import type { Peers } from './station.ts';

export interface KillRun {
  readonly rounds: number;
  readonly seed: number;
  /** Only this episode. */
  readonly episode?: number;
  readonly print: (line: string) => void;
}

export interface KillResult {
  readonly episodes: readonly KillEpisode[];
  readonly findings: readonly string[];
}

const atOnce = 2;

/** Findings name their episode. With `leastRounds` rounds or more every named point must have been reached. */
export async function runKills(
  peers: Peers,
  { rounds, seed, episode: only, print }: KillRun,
): Promise<KillResult> {
  const plan = planEpisodes(rounds, seed);
  const waiting = plan.map((episode, number) => ({ episode, number }));
  const chosen = only === undefined ? waiting : waiting.filter(({ number }) => number === only);
  const episodes: KillEpisode[] = [];
  const findings: string[] = [];
  const again = (number: number): string =>
    `npm run torture -- --rounds ${rounds} --seed ${seed} --episode ${number}`;

  async function work(): Promise<void> {
    for (let next = chosen.shift(); next !== undefined; next = chosen.shift()) {
      const { episode, number } = next;
      const say = (line: string): void => print(`episode ${number}: ${line}`);
      const done = await runKillEpisode(peers, episode, {
        name: `torture_${number}`,
        seed: seed + number,
        print: say,
      }).catch((error: unknown) => {
        throw new Error(`episode ${number} broke off; again: ${again(number)}`, { cause: error });
      });
      episodes.push(done);
      findings.push(...done.findings.map((finding) => `episode ${number}: ${finding}`));
      say(summaryOf(done));
      if (done.findings.length > 0) say(`again: ${again(number)}`);
    }
  }

  await Promise.all(Array.from({ length: atOnce }, work));
  if (only === undefined && rounds >= leastRounds) findings.push(...missedPoints(episodes));
  return { episodes, findings };
}

function missedPoints(episodes: readonly KillEpisode[]): string[] {
  const reached = new Set(episodes.flatMap((episode) => episode.reached));
  return killPoints
    .filter(({ name }) => !reached.has(name))
    .map(({ name }) => `reached by no episode: ${name}`);
}

function summaryOf({
  kills,
  points,
  alerts,
  promised,
  sentOnce,
  arrivedOnce,
  findings,
}: KillEpisode): string {
  const once = `${arrivedOnce} of ${sentOnce} sent once arrived`;
  return `${kills} kills, ${promised} acknowledged readings, ${once}, ${points} points, ${alerts} alerts: ${findings.length} findings`;
}
