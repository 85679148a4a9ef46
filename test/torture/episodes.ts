/** Runs the episodes of a run, two at a time; says how each went, and how to run one again. */

import { inspect } from 'node:util';
import type { Verdict } from './judge.ts';

export interface TortureRun {
  readonly rounds: number;
  readonly seed: number;
  /** Only this episode. */
  readonly episode?: number;
  readonly print: (line: string) => void;
}

const atOnce = 2;
/** Of the findings of one episode. */
const shown = 20;

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
      const found = await run(say).then(
        (done) => {
          episodes.push(done);
          say(summaryOf(done));
          return done.findings;
        },
        (error: unknown) => [`broke off: ${inspect(error)}`],
      );
      findings.push(...found.map((finding) => `episode ${number}: ${finding}`));
      for (const finding of found.slice(0, shown)) say(finding);
      if (found.length > 0) say(`${found.length} findings; again: ${again}`);
    }
  }

  await Promise.all(Array.from({ length: atOnce }, work));
  return { episodes, findings };
}

function summaryOf({ points, alerts, promised, sentOnce, arrivedOnce }: Verdict): string {
  const once = `${arrivedOnce} of ${sentOnce} sent once arrived`;
  return `${promised} acknowledged readings, ${once}, ${points} points, ${alerts} alerts`;
}
