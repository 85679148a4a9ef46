import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from './core/log.ts';
import { watchOverload } from './overload.ts';
import type { Pipeline } from './pipeline.ts';

/** What is looked at of a path, as the test says it is. */
function createPath() {
  const stats = { frames: 0, refusedFrames: 0, bytesIn: 0 };
  const journal = {
    ...{ nowMs: 0, stats, neededBytes: 0, uncommittedBytes: 0 },
    now: () => journal.nowMs,
    bytesFrom: () => journal.neededBytes,
  };
  const progress = { batchEndMs: 0, framesBefore: 0, state: { counts: { frames: 0 } } };
  const pace = { msPerFrame: 0, begin() {}, end() {}, rest: () => undefined };
  const watch = watchOverload({
    ...{ batchMs: 100, journalBytes: 512 << 20, logger: silentLogger, shed: () => 0, pace },
    pipeline: { journal, progress } as unknown as Pipeline,
  });
  return {
    ...{ journal, progress, pace, watch },
    /** More is taken in than may be before it is looked at again. */
    look(): void {
      watch.pressure.took(Number.MAX_SAFE_INTEGER);
    },
  };
}

test('held back is who comes while a batch is overdue and a second of work waits, until both are over', (t) => {
  const { journal, progress, pace, watch, look } = createPath();
  t.after(() => watch.stop());
  journal.stats.frames = 3000;
  pace.msPerFrame = 1;
  look();
  assert.equal(watch.status().state, 'keeping up');
  journal.nowMs = 300;
  look();
  assert.equal(watch.status().state, 'held back');
  assert.match(watch.status().remedy!, /fewer or simpler rules/);
  progress.state.counts.frames = 2900;
  progress.batchEndMs = 200;
  look();
  assert.equal(watch.status().state, 'keeping up');
  assert.deepEqual(watch.status().times, 1);
});

test('frames that were counted and never come, for their block was lost, hold nobody back for ever', async (t) => {
  const { journal, progress, pace, watch } = createPath();
  t.after(() => watch.stop());
  journal.stats.frames = 3000;
  pace.msPerFrame = 1000;
  journal.nowMs = 300;
  watch.pressure.took(Number.MAX_SAFE_INTEGER);
  assert.equal(watch.pressure.isHeld, true);
  progress.batchEndMs = 300;
  progress.state.counts.frames = 2990;
  await new Promise<void>((resolve) => watch.pressure.whenMay(resolve));
  while (watch.pressure.isHeld) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('a journal that fills with what cannot be processed holds back before it is full', (t) => {
  const { journal, watch, look } = createPath();
  t.after(() => watch.stop());
  journal.neededBytes = 300 << 20;
  look();
  assert.equal(watch.status().state, 'keeping up');
  journal.uncommittedBytes = 90 << 20;
  look();
  assert.match(watch.status().remedy!, /is the disk full/);
});
