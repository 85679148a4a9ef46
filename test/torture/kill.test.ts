/**
 * kill -9 under mixed load, at every named point and at random moments: the same points and alerts as undisturbed.
 *
 * Which frame a kill meets is the machine's choice; `npm run torture` tries as often as wanted.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Influxd, startInfluxd } from '../peers/influxd.ts';
import { type Hook, startHook } from './hook.ts';
import { runKills } from './kill.ts';
import { runKillEpisode } from './kill-episode.ts';
import { leastRounds, type Round } from './plan.ts';
import { killPoints } from './points.ts';

const randomRounds = 6;
const seed = 20_240_115;

let influxd: Influxd;
let hook: Hook;

before(async () => {
  [influxd, hook] = await Promise.all([startInfluxd(), startHook()]);
});
after(async () => {
  hook.close();
  await influxd.stop();
});

// A busy machine may take several times as long as a quiet one.
const timeout = 600_000;

test('kill -9 at every named point and at random moments: nothing lost, nothing doubled', {
  timeout,
}, async (context) => {
  const print = (line: string): void => context.diagnostic(line);
  const rounds = leastRounds + randomRounds;
  const { episodes, findings } = await runKills({ influxd, hook }, { rounds, seed, print });
  assert.deepEqual(findings.slice(0, 10), [], `${findings.length} findings`);
  const alerts = episodes.reduce((sum, one) => sum + one.alerts, 0);
  assert.ok(alerts > 50, `${alerts} alerts prove nothing`);
  const reached = new Set(episodes.flatMap((one) => one.reached));
  assert.equal(reached.size, killPoints.length);
});

test('a journal that answers before it has written is found out', async (context) => {
  // What a batch has processed is in the database: lost is what came since the last one, now and then nothing.
  const rounds = Array.from(
    { length: 8 },
    (_, i): Round => ({ point: undefined, times: 1, need: 'load', delayMs: 700 + 37 * i }),
  );
  const preloads = [join(import.meta.dirname, 'answers-early.ts')];
  const print = (line: string): void => context.diagnostic(line);
  const { findings } = await runKillEpisode({ influxd, hook }, rounds, {
    name: 'answers_early',
    seed,
    preloads,
    print,
  });
  assert.ok(findings.some((finding) => finding.startsWith('missing: each a ')));
  assert.ok(findings.some((finding) => finding.startsWith('promised and lost: z ')));
});
