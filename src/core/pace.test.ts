import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPace } from './pace.ts';

/** A pace of batches of 1 s, on a clock that the test moves. */
function createTimed() {
  let nowMs = 0;
  const pace = createPace(1000, () => nowMs);
  return {
    pace,
    batch(frames: number, tookMs: number) {
      pace.begin();
      nowMs += tookMs;
      pace.end(frames);
    },
    pass: (ms: number) => (nowMs += ms),
  };
}

test('batches that take little of their interval say only how long a frame takes at most', () => {
  const { pace, batch } = createTimed();
  batch(1, 150);
  assert.equal(pace.msPerFrame, 0);
  batch(1000, 2000);
  assert.equal(pace.msPerFrame, 1);
  batch(1000, 2000);
  assert.equal(pace.msPerFrame, 1.5);
  batch(0, 900);
  assert.equal(pace.msPerFrame, 1.5);
  batch(1000, 100);
  assert.equal(pace.msPerFrame, 0.1);
});

test('a long batch rests now and then, and says how long a frame takes before it is through', async () => {
  const { pace, pass } = createTimed();
  pace.begin();
  pass(10);
  assert.equal(pace.rest(1), undefined);
  pass(20);
  const rest = pace.rest(2);
  assert.ok(rest);
  await rest;
  assert.equal(pace.msPerFrame, 0);
  assert.equal(pace.rest(3), undefined);
  pass(470);
  assert.ok(pace.rest(100));
  assert.equal(pace.msPerFrame, 5);
});

test('what a batch does before its first frame is not what a frame takes', () => {
  const { pace, pass } = createTimed();
  pace.begin();
  pass(300);
  assert.ok(pace.rest(0));
  assert.equal(pace.msPerFrame, 0);
  pass(100);
  pace.end(100);
  assert.equal(pace.msPerFrame, 2);
});
