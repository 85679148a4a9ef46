import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forecast } from './forecast.ts';
import { answers, createNoise, dayMs, hourMs, minuteMs, type Reading, series, times } from './testing.ts';

const make = (horizonMs = 10 * minuteMs) => forecast([horizonMs]);

function near(actual: number, expected: number, by = 1e-6): void {
  assert.ok(Math.abs(actual - expected) <= by, `${actual}, not ${expected}`);
}

test('a ramp is drawn on, also at uneven times', () => {
  const readings = times(60, (i): Reading => {
    const tMs = i * minuteMs + (i % 3) * 7000;
    return [tMs, 5 + tMs / minuteMs];
  });
  const said = answers(make(), readings);
  assert.equal(
    said.findIndex((answer) => !Number.isNaN(answer)),
    4,
  );
  for (let i = 4; i < 60; i++) near(said[i]!, readings[i]![1] + 10);
});

test('of noise the level is expected, not its latest swing', () => {
  const noise = createNoise();
  const said = answers(
    make(),
    series(
      times(3000, () => 50 + noise()),
      5000,
    ),
  ).slice(500);
  assert.ok(said.every((x) => Math.abs(x - 50) < 2));
  const error = said.reduce((sum, x) => sum + Math.abs(x - 50), 0) / said.length;
  assert.ok(error < 0.5, `off by ${error}`);
});

test('the course of the day is expected once it is known', () => {
  const usual = (tMs: number): number => 10 * Math.sin((2 * Math.PI * tMs) / dayMs);
  const noise = createNoise();
  const readings = series(
    times(6 * 288, (i) => usual(i * 5 * minuteMs) + 0.3 * noise()),
    5 * minuteMs,
  );
  const said = answers(make(6 * hourMs), readings);
  const errorOn = (day: number): number => {
    const errors = said
      .slice(day * 288, (day + 1) * 288)
      .map((x, i) => Math.abs(x - usual((day * 288 + i) * 5 * minuteMs + 6 * hourMs)));
    return errors.reduce((sum, error) => sum + error, 0) / errors.length;
  };
  assert.ok(errorOn(1) > 3);
  assert.ok(errorOn(4) < 1 && errorOn(5) < 1, `${errorOn(4)}, ${errorOn(5)}`);
});

test('a device that sleeps at night has no season, and no harm from it', () => {
  const readings = times(20 * 120, (i): Reading => {
    const tMs = Math.floor(i / 120) * dayMs + (i % 120) * 5 * minuteMs + 7 * hourMs;
    return [tMs, 20 + (i % 120) / 10];
  });
  const said = answers(make(), readings);
  for (let i = 2300; i < 2390; i++) near(said[i]!, readings[i]![1] + 0.2, 0.5);
});

test('a single wild value stirs one answer, and what is learnt not at all', () => {
  const values = times(100, (i) => 20 + Math.sin(i));
  const calm = answers(make(), series(values));
  const said = answers(make(), series(values.with(50, 4_294_967_295)));
  assert.ok(said[50]! > 1e6);
  for (let i = 51; i < 100; i++) near(said[i]!, calm[i]!, 1);
});

test('a late value, and a second one of the same time, change nothing', () => {
  const readings = series(times(50, (i) => (i * 7) % 5));
  const detector = make();
  answers(detector, readings);
  const before = detector.judge(0, hourMs, 3);
  answers(detector, [
    [20 * minuteMs, 900],
    [49 * minuteMs, 900],
  ]);
  assert.equal(detector.judge(0, hourMs, 3), before);
});

test('after a long gap the old trend is not drawn on', () => {
  const said = answers(make(), [
    ...series(times(50, (i) => i)),
    [30 * dayMs, 20],
    [30 * dayMs + minuteMs, 20],
  ]);
  near(said.at(-1)!, 20, 0.5);
});
