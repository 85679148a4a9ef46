import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchStillness } from './stillness.ts';

function watched(batchMs: number) {
  const state = { nowMs: 0, pulse: 1 };
  const stop = new AbortController();
  const stillness = watchStillness({
    ...{ pulse: () => state.pulse, now: () => state.nowMs, batchMs, signal: stop.signal },
  });
  return { state, stillness, stop: () => stop.abort() };
}

test('a gateway stands still when its pulse has not changed for a minute, and moves again when it does', (t) => {
  const { state, stillness, stop } = watched(1000);
  t.after(stop);
  state.nowMs = 59_999;
  assert.equal(stillness.tooLongMs(), undefined);
  state.nowMs = 60_000;
  assert.equal(stillness.tooLongMs(), 60_000);
  state.nowMs = 90_000;
  assert.equal(stillness.tooLongMs(), 90_000);
  state.pulse = 2;
  assert.equal(stillness.tooLongMs(), undefined);
});

test('long batches may take their time', (t) => {
  const { state, stillness, stop } = watched(60_000);
  t.after(stop);
  state.nowMs = 179_999;
  assert.equal(stillness.tooLongMs(), undefined);
  state.nowMs = 180_000;
  assert.equal(stillness.tooLongMs(), 180_000);
});
