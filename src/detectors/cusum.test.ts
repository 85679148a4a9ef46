import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cusum } from './cusum.ts';
import { answers, createNoise, hourMs, minuteMs, series, times } from './testing.ts';

const make = () => cusum([6 * hourMs, 0.5]);

/** Six hours of noise, and then what is asked. */
function afterNoise(values: (noise: () => number) => number[]): number[] {
  const noise = createNoise(3);
  const said = answers(make(), series([...times(720, noise), ...values(noise)]));
  return said.slice(720);
}

test('noise seldom adds up to the usual threshold', () => {
  const over = afterNoise((noise) => times(5000, noise)).filter((sum) => sum > 5);
  assert.ok(over.length < 5000 * 0.03, `${over.length} of 5000`);
});

test('a shift by one deviation, up or down, is found within some twenty readings', () => {
  for (const shift of [1, -1]) {
    const sums = afterNoise((noise) => times(100, () => noise() + shift));
    const found = sums.findIndex((sum) => sum > 5);
    assert.ok(found > 2 && found < 30, `after ${found}`);
  }
});

test('once used to the new level it falls back', () => {
  const sums = afterNoise((noise) => times(1500, () => noise() + 4));
  assert.equal(Math.max(...sums), 20);
  assert.ok(sums.slice(1200).every((sum) => sum < 7));
});

test('one outlier is no shift', () => {
  const sums = afterNoise(() => [1e6, 0, 0, 0, 0, 0, 0]);
  assert.ok(sums[0]! < 5);
  assert.ok(sums.at(-1)! < sums[0]!);
});

test('each value adds its score less the slack, from when ten are known', () => {
  const values = [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 3];
  const said = answers(cusum([hourMs, 0.25]), series(values));
  assert.equal(
    said.findIndex((sum) => !Number.isNaN(sum)),
    10,
  );
  assert.ok(Math.abs(said[10]! - (1 / Math.sqrt(10 / 9) - 0.25)) < 1e-9);
});

test('after a gap as long as the window it begins anew', () => {
  const detector = make();
  const noise = createNoise();
  answers(detector, series([...times(400, noise), ...times(20, () => 9)]));
  assert.ok(detector.judge(0, 421 * minuteMs, 9) > 5);
  const laterMs = 20 * hourMs;
  assert.ok(Number.isNaN(detector.judge(0, laterMs, 9)));
  const said = answers(
    detector,
    series(
      times(40, (i) => (i % 2 === 0 ? 8.9 : 9.1)),
      minuteMs,
      laterMs,
    ),
  );
  assert.ok(
    said.slice(10).every((sum) => sum < 2),
    'nothing is left of the sum before',
  );
});
