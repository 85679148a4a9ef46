import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ewma } from './ewma.ts';
import { answers, hourMs, minuteMs, type Reading, series, times } from './testing.ts';

const make = () => ewma([10 * minuteMs]);
const tauMs = 5 * minuteMs;

/** The weighted average of all readings, at the time of the newest. */
function expected(readings: readonly Reading[]): number {
  const newestMs = Math.max(...readings.map(([tMs]) => tMs));
  const weights = readings.map(([tMs]) => Math.exp((tMs - newestMs) / tauMs));
  const sum = readings.reduce((all, [, x], i) => all + weights[i]! * x, 0);
  return sum / weights.reduce((all, weight) => all + weight, 0);
}

test('is the weighted average, in whatever order readings come', () => {
  const reading = fc.tuple(fc.nat(2 * hourMs), fc.double({ min: -100, max: 100, noNaN: true }));
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1, maxLength: 40 }), (readings) => {
      for (const [i, answer] of answers(make(), readings).entries()) {
        assert.ok(Math.abs(answer - expected(readings.slice(0, i + 1))) < 1e-9);
      }
    }),
  );
});

test('the first value is its own; of a step it has taken 63 % after half the window', () => {
  const said = answers(make(), series([...times(2000, () => 0), ...times(300, () => 1)], 1000));
  assert.equal(said[0], 0);
  assert.ok(Math.abs(said.at(-1)! - (1 - Math.exp(-1))) < 1e-3);
});

test('after a long gap only the new value counts', () => {
  const said = answers(make(), [...series([5, 5, 5]), [7 * 24 * hourMs, 9]]);
  assert.ok(Math.abs(said.at(-1)! - 9) < 1e-9);
});
