import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reading, resultOf, values } from './testing.ts';

const nowMs = 1_767_592_800_000;

test('the slope of a straight line, per second', () => {
  assert.equal(resultOf('slope', values(1, 3, 5, 7)), 2);
  assert.equal(resultOf('slope', values(5, 5, 5)), 0);
});

test('the line of least squares', () => {
  // By hand: times 0 1 2 3, mean 1.5; values mean 2.5; 7 / 5.
  assert.equal(resultOf('slope', values(1, 1, 4, 4)), 1.2);
});

test('of one time there is no line', () => {
  assert.equal(
    resultOf('slope', [
      [nowMs, 1],
      [nowMs, 2],
      [nowMs, 9],
    ]),
    null,
  );
});

test('it is stable at the times and far from the zero of real readings', () => {
  const drift = Array.from({ length: 10_000 }, (_, i): Reading => [nowMs + i * 10, 1e9 + i * 0.01]);
  assert.ok(Math.abs((resultOf('slope', drift) as number) - 1) < 1e-7);
});
