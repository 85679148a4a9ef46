import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClock } from './clock.ts';

function fakeTime(startMs: number) {
  let wall = startMs;
  let monotonic = 0;
  return {
    base: { wallMs: () => wall, monotonicMs: () => monotonic, speed: () => 1 },
    pass(ms: number) {
      wall += ms;
      monotonic += ms;
    },
    step(ms: number) {
      wall += ms;
    },
  };
}

test('follows the monotonic clock, in whole microseconds', () => {
  const time = fakeTime(1_700_000_000_000);
  const clock = createClock(time.base);
  time.pass(12.34567);
  assert.equal(clock.now(), 1_700_000_000_012.345);
});

test('follows a step of the system clock forward', () => {
  const time = fakeTime(0);
  const clock = createClock(time.base);
  time.step(1.7e12);
  time.pass(1000);
  assert.equal(clock.now(), 1.7e12 + 1000);
});

test('never goes back after a step back, and meets the system clock again', () => {
  const time = fakeTime(1e12);
  const clock = createClock(time.base);
  time.pass(2000);
  clock.now();
  time.step(-60_000);
  let last = clock.now();
  for (let second = 0; second < 150; second++) {
    time.pass(1000);
    const now = clock.now();
    assert.ok(now > last, 'stands still or goes back');
    last = now;
  }
  assert.ok(Math.abs(last - time.base.wallMs()) <= 1000, `still ${last - time.base.wallMs()} ms apart`);
});

test('says how long to wait', () => {
  const time = fakeTime(5000);
  const clock = createClock(time.base);
  assert.equal(clock.waitMs(6000), 1000);
  assert.equal(clock.waitMs(4000), 0);
});
