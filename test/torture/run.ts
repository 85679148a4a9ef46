/**
 * `npm run torture`: the kills of the test, as many as wanted.
 *
 *     npm run torture -- --rounds 500 --seed 7
 *     npm run torture -- --rounds 500 --seed 7 --episode 3     one episode of that run again
 */

import { parseArgs } from 'node:util';
import { startInfluxd } from '../peers/influxd.ts';
import { startHook } from './hook.ts';
import { runKills } from './kill.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '64' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    episode: { type: 'string' },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const startedMs = performance.now();
const print = (line: string): void =>
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(1)} s  ${line}`);

print(`${rounds} rounds, seed ${seed}`);
const [influxd, hook] = await Promise.all([startInfluxd(), startHook()]);
try {
  const only = values.episode === undefined ? {} : { episode: Number(values.episode) };
  const { findings } = await runKills({ influxd, hook }, { rounds, seed, ...only, print });
  for (const finding of findings.slice(0, 50)) print(finding);
  print(findings.length === 0 ? 'nothing was lost, nothing doubled' : `${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
} finally {
  hook.close();
  await influxd.stop();
}
