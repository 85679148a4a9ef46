/**
 * A gateway whose disk is full, fails or is read-only at any one of the steps it takes: see failing.ts. A sample of the steps;
 * all of them by hand: `npm run failing-disk`.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hookDisk } from '../peers/disk-hook.ts';
import { until } from '../peers/until.ts';
import { type Failure, faultsOf, kinds, outcomeOf } from './failing.ts';
import { closing, createWorkload, makeSite, run, startReceiver } from './site.ts';

const root = mkdtempSync(join(tmpdir(), 'headgate-failing-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('told to stop while the disk is full, it stops, and says what it could not save', async (t) => {
  const receiver = await startReceiver();
  t.after(() => receiver.stop());
  const site = await makeSite(join(root, 'site'), 'influx', receiver.url);
  let isFull = false;
  hookDisk((step, path) => {
    if (!isFull || step !== 'write' || !path.includes('/outbox/')) return;
    throw Object.assign(new Error('ENOSPC: simulated'), { code: 'ENOSPC' });
  });
  const running = await run(site, join(root, 'stopped'));
  let died = false;
  running.died.catch(() => {
    died = true;
  });
  t.after(async () => {
    isFull = false;
    await running.stop().catch(() => {});
  });
  await running.publish(createWorkload(7, 40, 6000));
  isFull = true;
  // Not more than the journal takes while nothing can be processed: the others would wait for their answers.
  await running.publish(closing());
  await until(() => running.gateway.status().disk.state === 'full', 'processing waits for room');
  await assert.rejects(running.stop(), /cannot write .*outbox/);
  assert.equal(died, false);
});

for (const { name, code, steps, times, sample } of kinds) {
  test(`nothing is lost where the disk ${name}, at any step`, async () => {
    const receiver = await startReceiver();
    receiver.isUp = true;
    try {
      const site = await makeSite(join(root, 'site'), 'influx', receiver.url);
      const failure = (nth: number): Failure => ({ code, steps, nth, times });
      const data = join(root, 'data');
      const reference = await outcomeOf(site, data, receiver, failure(Number.POSITIVE_INFINITY));
      assert.ok(reference.points.size > 100 && reference.failed.length === 0);
      let met = 0;
      for (let i = 0; i < sample; i++) {
        const nth = Math.floor(((i + 0.5) * reference.steps) / sample);
        const outcome = await outcomeOf(site, data, receiver, failure(nth));
        // Each run takes a few steps more or fewer: those at the very end may not come.
        met += outcome.failed.length > 0 ? 1 : 0;
        const what = `step ${nth}: ${outcome.failed.join(', ')}`;
        assert.deepEqual(faultsOf(reference, outcome, failure(nth)), [], what);
      }
      assert.ok(met > sample / 2, `${met} steps failed`);
    } finally {
      await receiver.stop();
    }
  });
}
