/** Runs the episodes of a run, two at a time; says how each went, and how to run one again. */

import type { Verdict } from './judge.ts';

export interface TortureRun {
  readonly rounds: number;
  readonly seed: number;
  /** Only this episode. */
  readonly episode?: number;
  readonly print: (line: string) => void;
}

const atOnce = 2;

/** Findings name their episode. `option`: of the command line, for episodes of that kind. */
export async function runEpisodes<Result extends Verdict>(
  plan: readonly ((print: TortureRun['print']) => Promise<Result>)[],
  { rounds, seed, episode: only, print }: TortureRun,
  option: string,
): Promise<{ episodes: readonly Result[]; findings: readonly string[] }> {
  const numbered = plan.map((run, number) => ({ run, number }));
  const waiting = only === undefined ? numbered : numbered.filter(({ number }) => number === only);
  const episodes: Result[] = [];
  const findings: string[] = [];

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { run, number } = next;
      const again = `npm run torture -- ${option}--rounds ${rounds} --seed ${seed} --episode ${number}`;
      const say = (line: string): void => print(`episode ${number}: ${line}`);
      const done = await run(say).catch((error: unknown) => {
        throw new Error(`episode ${number} broke off; again: ${again}`, { cause: error });
      });
      episodes.push(done);
      findings.push(...done.findings.map((finding) => `episode ${number}: ${finding}`));
      say(summaryOf(done));
      if (done.findings.length > 0) say(`again: ${again}`);
    }
  }

  await Promise.all(Array.from({ length: atOnce }, work));
  return { episodes, findings };
}

function summaryOf({ points, alerts, promised, sentOnce, arrivedOnce, findings }: Verdict): string {
  const once = `${arrivedOnce} of ${sentOnce} sent once arrived`;
  return `${promised} acknowledged readings, ${once}, ${points} points, ${alerts} alerts: ${findings.length} findings`;
}
