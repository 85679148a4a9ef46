/**
 * `npm run torture`: the kills and power cuts of the tests, as many as wanted. Power cuts need root.
 *
 *     npm run torture -- --rounds 500 --seed 7
 *     npm run torture -- --rounds 500 --seed 7 --episode 3     one episode of that run again
 *     npm run torture -- --power --rounds 100 --seed 7
 */

import { parseArgs } from 'node:util';
import { startInfluxd } from '../peers/influxd.ts';
import type { TortureRun } from './episodes.ts';
import { startHook } from './hook.ts';
import { runKills } from './kill.ts';
import { runAllPowerCuts } from './power-cut.ts';
import { whyNoPowerDisk } from './power-disk.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    episode: { type: 'string' },
    power: { type: 'boolean', default: false },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const why = values.power ? await whyNoPowerDisk() : undefined;
if (why !== undefined) {
  console.error(why);
  process.exit(1);
}
// What runs at the exit unmounts, and ends what was started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const startedMs = performance.now();
const print = (line: string): void =>
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(1)} s  ${line}`);

print(`${rounds} rounds, seed ${seed}`);
const [influxd, hook] = await Promise.all([startInfluxd(), startHook()]);
try {
  const only = values.episode === undefined ? {} : { episode: Number(values.episode) };
  const run: TortureRun = { rounds, seed, ...only, print };
  const peers = { influxd, hook };
  const { findings } = values.power ? await runAllPowerCuts(peers, run) : await runKills(peers, run);
  print(findings.length === 0 ? 'nothing was lost, nothing doubled' : `${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
} finally {
  hook.close();
  await influxd.stop();
}
