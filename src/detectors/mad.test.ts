import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mad } from './mad.ts';
import { answers, createNoise, hourMs, minuteMs, type Reading, series, times } from './testing.ts';

const windowMs = 100 * minuteMs;
const make = () => mad([windowMs]);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** The score of x among values, from the formula. */
function expected(values: readonly number[], x: number): number {
  if (values.length < 5) return Number.NaN;
  const middle = median(values);
  const distances = values.map((value) => Math.abs(value - middle));
  const mean = distances.reduce((sum, distance) => sum + distance, 0) / values.length;
  const scale = 1.4826 * median(distances) || 1.2533 * mean;
  if (x === middle) return 0;
  return Math.max(Math.min((x - middle) / scale, 1000), -1000);
}

test('is the robust score of the last hundred readings, when there is one in each hundredth of the window', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 250 }), (values) => {
      for (const [i, answer] of answers(make(), series(values)).entries()) {
        const value = expected(values.slice(Math.max(i - 100, 0), i), values[i]!);
        assert.ok(
          Object.is(answer, value) || Math.abs(answer - value) < 1e-9,
          `${i}: ${answer}, not ${value}`,
        );
      }
    }),
    { numRuns: 40 },
  );
});

test('of more readings than it keeps the score is near that of all', () => {
  const noise = createNoise();
  const detector = make();
  answers(detector, series(times(12_000, noise), 1000));
  // Standard error of a median of 100 values: 0.13.
  assert.ok(Math.abs(detector.judge(0, 12_001_000, 6) - 6) < 1.5);
  assert.ok(Math.abs(detector.judge(0, 12_001_000, 0)) < 0.4);
});

test('outliers do not hide the next one', () => {
  const noise = createNoise(4);
  const values = times(100, (i) => (i % 5 === 2 ? 1e6 : noise()));
  const detector = make();
  answers(detector, series(values));
  assert.ok(detector.judge(0, 100 * minuteMs, 12) > 6);
});

test('when more than half are the same, the mean distance is the scale', () => {
  const detector = make();
  answers(detector, series([5, 5, 5, 5, 5, 5, 5, 5, 7, 3]));
  assert.ok(Math.abs(detector.judge(0, 10 * minuteMs, 6) - 1 / (1.2533 * 0.4)) < 1e-9);
});

test('says nothing below five samples, nor after a gap as long as the window', () => {
  const detector = make();
  const said = answers(
    detector,
    series(
      times(400, (i) => i % 3),
      1000,
    ),
  );
  // Five slices of a minute begin within 241 readings of a second each.
  assert.equal(
    said.findIndex((answer) => !Number.isNaN(answer)),
    241,
  );
  assert.ok(Number.isFinite(detector.judge(0, windowMs, 1)));
  assert.ok(Number.isNaN(detector.judge(0, windowMs + 400_000, 1)));
});

test('a late value goes to its place, if that is free', () => {
  const readings = series(times(60, (i) => (i * 13) % 17));
  const shuffled = (order: readonly Reading[]): number => {
    const detector = make();
    answers(detector, [readings[0]!, ...order]);
    return detector.judge(0, hourMs, 30);
  };
  const backwards = readings.slice(1).reverse();
  assert.equal(shuffled(backwards), shuffled(readings.slice(1)));
  const seconds = times(20, (i): Reading => [(2 * i + 1) * minuteMs + 1, 1e6]);
  assert.equal(shuffled([...backwards, ...seconds]), shuffled(backwards));
});
