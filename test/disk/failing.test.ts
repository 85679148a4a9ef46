/**
 * A gateway whose disk is full, fails or is read-only at any one of the steps it takes: see failing.ts. A sample of the steps;
 * all of them by hand: `npm run failing-disk`.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Failure, faultsOf, kinds, outcomeOf } from './failing.ts';
import { makeSite, startReceiver } from './site.ts';

const root = mkdtempSync(join(tmpdir(), 'headgate-failing-'));
after(() => rmSync(root, { recursive: true, force: true }));

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
