/**
 * Power cuts under mixed load: what comes back from the copied disk gives the same points and alerts as undisturbed.
 *
 * Needs root, for mounts; elsewhere it is skipped and says so.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Influxd, startInfluxd } from '../peers/influxd.ts';
import { type Hook, startHook } from './hook.ts';
import { runAllPowerCuts, runPowerCuts } from './power-cut.ts';
import { whyNoPowerDisk } from './power-disk.ts';

const seed = 20_240_115;
// A busy machine may take several times as long as a quiet one.
const timeout = 600_000;
const skip = (await whyNoPowerDisk()) ?? false;

let influxd: Influxd;
let hook: Hook;

before(async () => {
  [influxd, hook] = await Promise.all([startInfluxd(), startHook()]);
});
after(async () => {
  hook.close();
  await influxd.stop();
});

test('twenty power cuts, the drive’s cache kept and lost: nothing lost, nothing doubled', {
  skip,
  timeout,
}, async (context) => {
  const print = (line: string): void => context.diagnostic(line);
  const { episodes, findings } = await runAllPowerCuts({ influxd, hook }, { rounds: 20, seed, print });
  assert.deepEqual(findings.slice(0, 10), [], `${findings.length} findings`);
  const alerts = episodes.reduce((sum, one) => sum + one.alerts, 0);
  assert.ok(alerts > 10, `${alerts} alerts prove nothing`);
});

test('a gateway that never syncs is found out', { skip, timeout }, async (context) => {
  const print = (line: string): void => context.diagnostic(line);
  const preloads = [join(import.meta.dirname, 'never-syncs.ts')];
  const options = { name: 'never_syncs', seed, cuts: 3, cache: 'kept', preloads, print } as const;
  const { findings } = await runPowerCuts({ influxd, hook }, options);
  assert.ok(findings.some((finding) => /^missing: \w+ [abcd] /.test(finding)));
});
