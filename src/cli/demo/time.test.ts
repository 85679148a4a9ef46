import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDemoTime, stallMs } from './time.ts';

/** A demo that begins an hour before the present; `pass` lets real time go by, with or without ticks. */
function begin(speed: number) {
  let realMs = 0;
  const presentMs = 1_800_000_000_000;
  const time = createDemoTime({
    startMs: presentMs - 3_600_000,
    speed,
    presentMs: () => presentMs + realMs,
    monotonicMs: () => realMs,
  });
  const behind = (): number => presentMs + realMs - time.clock.now();
  const pass = (ms: number, ticks: boolean): void => {
    for (const endMs = realMs + ms; realMs < endMs; ) {
      realMs = Math.min(endMs, realMs + 50);
      if (ticks) time.tick();
    }
  };
  return { time, behind, pass };
}

test('runs fast until it is the present, then with it', () => {
  const { time, behind, pass } = begin(120);
  assert.equal(behind(), 3_600_000);
  assert.equal(time.speed(), 120);
  pass(10_000, true);
  assert.equal(behind(), 3_600_000 - 10_000 * 119);
  pass(30_000, true);
  assert.equal(behind(), 0);
  assert.equal(time.speed(), 1);
  pass(60_000, true);
  assert.equal(behind(), 0);
});

test('stands still when nobody ticks, and makes up for it', () => {
  const { time, behind, pass } = begin(120);
  pass(1000, true);
  const beforeMs = time.clock.now();
  pass(20_000, false);
  assert.equal(time.clock.now() - beforeMs, stallMs * 120);
  time.tick();
  pass(40_000, true);
  assert.equal(behind(), 0);
});

test('a fast demo stalls after half a simulated minute', () => {
  const { time, pass } = begin(500);
  const beforeMs = time.clock.now();
  pass(1000, false);
  assert.equal(time.clock.now() - beforeMs, 30_000);
});

test('a wait is a wait of real time', () => {
  const { time, pass } = begin(120);
  pass(1000, true);
  assert.equal(time.clock.waitMs(time.clock.now() + 12_000), 100);
  pass(60_000, true);
  assert.equal(time.clock.waitMs(time.clock.now() + 500), 500);
});
