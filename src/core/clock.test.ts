import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
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

test('follows the system clock a little forward', () => {
  const time = fakeTime(1e12);
  const clock = createClock(time.base);
  time.step(900);
  time.pass(1000);
  assert.equal(clock.now(), 1e12 + 1900);
  assert.equal(clock.offsetMs(), 0);
});

test('a step of the system clock is no time that passed: the time of day follows at once, the line does not', () => {
  for (const byMs of [3_600_000, -3_600_000, 30 * 86_400_000, -30 * 86_400_000]) {
    const time = fakeTime(1.7e12);
    const clock = createClock(time.base);
    time.pass(5000);
    time.step(byMs);
    time.pass(1000);
    assert.equal(clock.now(), 1.7e12 + 6000);
    assert.equal(clock.now() + clock.offsetMs(), time.base.wallMs());
    time.pass(1000);
    assert.equal(clock.now(), 1.7e12 + 7000);
    assert.equal(clock.waitMs(1.7e12 + 8000), 1000);
  }
});

test('time asleep is not time that passed, whether the monotonic clock stood still or ran on', () => {
  const asleepMs = 8 * 3_600_000;
  for (const monotonic of [0, asleepMs]) {
    const time = fakeTime(1.7e12);
    const clock = createClock(time.base);
    time.pass(500);
    clock.now();
    time.step(asleepMs - monotonic);
    time.pass(monotonic);
    time.pass(1000);
    const line = clock.now();
    assert.ok(line - 1.7e12 < 3000, `${line - 1.7e12} ms`);
    assert.equal(line + clock.offsetMs(), time.base.wallMs());
  }
});

test('a system clock that cannot be right is not looked at', () => {
  const earliestMs = 1.7e12;
  const time = fakeTime(12_345);
  const clock = createClock(time.base, { earliestMs });
  assert.equal(clock.isPlausible(), false);
  time.pass(5000);
  assert.equal(clock.now() + clock.offsetMs(), earliestMs + 5000);
  time.step(1.8e12 - time.base.wallMs());
  time.pass(1000);
  assert.equal(clock.now(), earliestMs + 6000);
  assert.equal(clock.now() + clock.offsetMs(), 1.8e12 + 1000);
  assert.equal(clock.isPlausible(), true);
  time.step(-1.8e12);
  time.pass(1000);
  assert.equal(clock.now() + clock.offsetMs(), 1.8e12 + 2000);
  assert.equal(clock.isPlausible(), false);
});

test('property: the line never goes back, and the time of day is the system clock within what is slewed', () => {
  const move = fc.record({
    passMs: fc.nat(9000),
    stepMs: fc.oneof(
      fc.constant(0),
      fc.integer({ min: -1e10, max: 1e10 }),
      fc.integer({ min: -70_000, max: 70_000 }),
    ),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const time = fakeTime(1.7e12);
      const clock = createClock(time.base);
      let last = clock.now();
      let passed = 0;
      for (const { passMs, stepMs } of moves) {
        time.step(stepMs);
        time.pass(1000 + passMs);
        passed += 1000 + passMs;
        const now = clock.now();
        assert.ok(now >= last);
        last = now;
        const aheadMs = now + clock.offsetMs() - time.base.wallMs();
        assert.ok(aheadMs >= -51 && aheadMs <= 60_001, `${aheadMs}`);
      }
      assert.ok(last - 1.7e12 <= passed + 1000 * moves.length, 'the line goes by what passed');
    }),
  );
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
