import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drift } from './drift.ts';
import { answers, createNoise, hourMs, minuteMs, type Reading, series, times } from './testing.ts';

const make = () => drift([hourMs, 24 * hourMs]);
const day = 24 * 60;

test('is the distance of the last hour from the day before, in its deviations', () => {
  const noise = createNoise();
  const said = answers(make(), series([...times(2 * day, noise), ...times(60, () => noise() + 5)]));
  assert.ok(said.slice(day, 2 * day).every((answer) => Math.abs(answer) < 1.2));
  assert.ok(Math.abs(said.at(-1)! - 5) < 0.5, `${said.at(-1)}`);
});

test('falls again as the new level becomes the baseline', () => {
  const noise = createNoise();
  const said = answers(make(), series([...times(day, noise), ...times(2 * day, () => noise() - 5)]));
  assert.ok(Math.min(...said.slice(day)) < -4.5);
  assert.ok(Math.abs(said.at(-1)!) < 1);
});

test('a drift shorter than the baseline is found, one as long is part of it, an outlier is none', () => {
  const noise = createNoise();
  const slow = series(times(5 * day, (i) => noise() + Math.max(i - 4 * day, 0) / 400));
  assert.ok(answers(drift([hourMs, 96 * hourMs]), slow).at(-1)! > 2.3);
  assert.ok(answers(make(), slow).at(-1)! < 2);
  const outlier = answers(make(), series(times(2 * day, (i) => noise() + (i === day + 5 ? 40 : 0))));
  assert.ok(outlier.slice(day).every((answer) => Math.abs(answer) < 2));
});

test('says nothing until it knows half of the baseline, and again after a gap of half of it', () => {
  const noise = createNoise();
  const detector = make();
  const said = answers(detector, series(times(day, noise)));
  const first = said.findIndex((answer) => !Number.isNaN(answer));
  assert.ok(first > 10 * 60 && first < 13.5 * 60, `after ${first} minutes`);
  assert.ok(Number.isNaN(detector.judge(0, 40 * hourMs, 0)));
});

test('late values find their window', () => {
  const noise = createNoise();
  const inOrder = series(times(2 * day, noise));
  const late = inOrder.map((_, i): Reading => inOrder[i % 2 === 0 ? Math.min(i + 1, 2 * day - 1) : i - 1]!);
  const [a, b] = [answers(make(), inOrder).at(-1)!, answers(make(), late).at(-1)!];
  assert.ok(Math.abs(a - b) < 0.05, `${a}, ${b}`);
});

test('what is too late for the recent values is baseline', () => {
  const readings = times(day, (i): Reading[] => [
    [i * minuteMs, 0],
    [(i - 58) * minuteMs, 10],
  ]).flat();
  const detector = make();
  answers(detector, readings);
  assert.ok(Math.abs(detector.judge(0, day * minuteMs, 0) + 1) < 0.1);
});

test('a baseline shorter than the recent values is as long as they', () => {
  const noise = createNoise();
  const said = answers(drift([2 * hourMs, minuteMs]), series(times(day, noise)));
  assert.ok(Number.isFinite(said.at(-1)));
});

test('equal values have no spread at all, however many there are', () => {
  for (let i = 1; i <= 40; i++) {
    const detector = drift([hourMs, 3 * hourMs]);
    answers(
      detector,
      series(
        times(500, () => i / 10),
        17_000 + i * 1000,
      ),
    );
    assert.equal(detector.judge(0, 500 * (17_000 + i * 1000), i / 10), 0);
  }
});
