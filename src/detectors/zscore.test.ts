import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answers, createNoise, hourMs, minuteMs, type Reading, series, times } from './testing.ts';
import { zscore } from './zscore.ts';

const windowMs = hourMs;
const sliceMs = windowMs / 12;
const make = () => zscore([windowMs]);

/** The score of the last reading among those before it, of which the window holds twelve slices since the first. */
function expected(readings: readonly Reading[]): number {
  const startMs = readings[0]![0];
  const sliceOf = (tMs: number): number => Math.floor((tMs - startMs) / sliceMs);
  const known = readings.slice(0, -1);
  const [lastMs, x] = readings.at(-1)!;
  const newest = Math.max(...readings.map(([tMs]) => sliceOf(tMs)), sliceOf(lastMs));
  const values = known.filter(([tMs]) => sliceOf(tMs) > newest - 12).map(([, value]) => value);
  if (values.length < 5) return Number.NaN;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  if (squares === 0) return x === mean ? 0 : Math.sign(x - mean) * 1000;
  return Math.max(Math.min((x - mean) / Math.sqrt(squares / (values.length - 1)), 1000), -1000);
}

const reading = fc.record({ stepMs: fc.nat(20 * minuteMs), x: fc.integer({ min: -9, max: 9 }) });

test('is the score among the readings of the window, found the long way', () => {
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1, maxLength: 60 }), (steps) => {
      let tMs = 1_767_592_800_000;
      const readings = steps.map(({ stepMs, x }): Reading => {
        tMs += stepMs;
        return [tMs, x];
      });
      for (const [i, answer] of answers(make(), readings).entries()) {
        const value = expected(readings.slice(0, i + 1));
        assert.ok(Object.is(answer, value) || Math.abs(answer - value) < 1e-9, `${answer}, not ${value}`);
      }
    }),
  );
});

test('the order of arrival within the window makes no difference', () => {
  const readings = series(times(40, (i) => (i * 7) % 11));
  const judged = (told: readonly Reading[]): number => {
    const detector = make();
    answers(detector, [readings[0]!, ...told]);
    return detector.judge(0, 39.5 * minuteMs, 20);
  };
  fc.assert(
    fc.property(fc.shuffledSubarray(readings.slice(1), { minLength: 39 }), (shuffled) => {
      assert.ok(Math.abs(judged(shuffled) - judged(readings.slice(1))) < 1e-9);
    }),
  );
});

test('says nothing before five readings, nor after a gap as long as the window', () => {
  const said = answers(make(), [...series([1, 2, 3, 4, 5, 6]), ...series([7, 8], minuteMs, 3 * hourMs)]);
  assert.deepEqual(said.map(Number.isNaN), [true, true, true, true, true, false, true, true]);
});

test('of equal values the next one scores 0, another one the most', () => {
  const readings = series(times(50, () => 0.1));
  for (const [x, score] of [
    [0.1, 0],
    [0.2, 1000],
    [-5, -1000],
  ] as const) {
    const detector = make();
    answers(detector, readings);
    assert.equal(detector.judge(0, hourMs, x), score);
  }
});

test('equal values have no spread at all, however many there are', () => {
  for (let i = 1; i <= 40; i++) {
    const x = i / 10;
    const detector = make();
    answers(
      detector,
      series(
        times(1000, () => x),
        i * 500,
      ),
    );
    assert.equal(detector.judge(0, 1000 * i * 500, x), 0);
    assert.equal(detector.judge(0, 1000 * i * 500, x + 1e-9), 1000);
  }
});

test('digits survive far from zero', () => {
  const noise = createNoise();
  const values = times(600, noise);
  const near = answers(make(), series(values));
  const far = answers(make(), series(values.map((x) => x + 1e9)));
  for (let i = 5; i < values.length; i++) assert.ok(Math.abs(near[i]! - far[i]!) < 1e-4);
});
