import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stuck } from './stuck.ts';
import { answers, minuteMs, type Reading, series, times } from './testing.ts';

const make = (tolerance = 0) => stuck([10 * minuteMs, tolerance]);

/** The numbers of the readings of which it is true. */
function stuckAt(readings: readonly Reading[], tolerance = 0): number[] {
  return answers(make(tolerance), readings).flatMap((answer, i) => (answer === 1 ? [i] : []));
}

test('true from ten minutes after the first of equal values, until another comes', () => {
  const values = [1, ...times(12, () => 2), 3];
  assert.deepEqual(stuckAt(series(values)), [11, 12]);
  assert.deepEqual(stuckAt(series(times(10, () => 0))), []);
});

test('never unknown', () => {
  assert.deepEqual(answers(make(), series([1, 2])), [0, 0]);
});

test('within the tolerance of the first value is the same, also slowly moving away is a change', () => {
  const jitter = times(15, (i) => 5 + 0.1 * (i % 2));
  assert.deepEqual(stuckAt(series(jitter)), []);
  assert.deepEqual(stuckAt(series(jitter), 0.11), [10, 11, 12, 13, 14]);
  assert.deepEqual(stuckAt(series(times(40, (i) => 0.05 * i)), 0.11), []);
});

test('a device that sent nothing for longer than the window is not stuck for that long', () => {
  const readings: Reading[] = [
    ...series(times(6, () => 7)),
    ...series(
      times(12, () => 7),
      minuteMs,
      30 * minuteMs,
    ),
  ];
  assert.deepEqual(stuckAt(readings), [16, 17]);
  assert.deepEqual(
    stuckAt(
      series(
        times(5, () => 7),
        10 * minuteMs,
      ),
    ),
    [1, 2, 3, 4],
  );
});

test('a missing value in between is no change, a late one neither', () => {
  const values = times(12, (i) => (i === 5 ? Number.NaN : 3));
  assert.deepEqual(stuckAt(series(values)), [10, 11]);
  const late = series(times(12, () => 3)).toSpliced(8, 0, [2 * minuteMs, 4]);
  assert.deepEqual(stuckAt(late), [11, 12]);
});
