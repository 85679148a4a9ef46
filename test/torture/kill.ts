/** A whole run of kills, and whether it came by every named point. */

import { runEpisodes, type TortureRun } from './episodes.ts';
import { type KillEpisode, runKillEpisode } from './kill-episode.ts';
import { leastRounds, planEpisodes } from './plan.ts';
import { killPoints } from './points.ts';
import type { Peers } from './station.ts';

export interface KillResult {
  readonly episodes: readonly KillEpisode[];
  readonly findings: readonly string[];
}

/** Findings name their episode. With `leastRounds` rounds or more every named point must have been reached. */
export async function runKills(peers: Peers, run: TortureRun): Promise<KillResult> {
  const { rounds, seed } = run;
  const plan = planEpisodes(rounds, seed).map(
    (episode, number) => (print: TortureRun['print']) =>
      runKillEpisode(peers, episode, { name: `torture_${number}`, seed: seed + number, print }),
  );
  const { episodes, findings } = await runEpisodes(plan, run, '');
  if (run.episode !== undefined || rounds < leastRounds) return { episodes, findings };
  return { episodes, findings: [...findings, ...missedPoints(episodes)] };
}

function missedPoints(episodes: readonly KillEpisode[]): string[] {
  const reached = new Set(episodes.flatMap((episode) => episode.reached));
  return killPoints
    .filter(({ name }) => !reached.has(name))
    .map(({ name }) => `reached by no episode: ${name}`);
}
