import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anomaly } from './anomaly.ts';
import {
  alarms,
  answers,
  createNoise,
  dayMs,
  hourMs,
  minuteMs,
  type Reading,
  series,
  times,
} from './testing.ts';

const stepMs = 5 * minuteMs;
const daily = (i: number): number => 10 * Math.sin((2 * Math.PI * i * stepMs) / dayMs);

function said(values: readonly number[]): number[] {
  return answers(anomaly(), series(values, stepMs));
}

test('says nothing of about a hundred values, then something from 0 to 1', () => {
  const noise = createNoise();
  const all = said(times(4000, noise));
  assert.equal(
    all.findIndex((answer) => !Number.isNaN(answer)),
    103,
  );
  assert.ok(all.slice(103).every((answer) => answer >= 0 && answer <= 1));
});

test('does not cry at what is usual', () => {
  const noise = createNoise(5);
  let walk = 0;
  const kinds: Record<string, (i: number) => number> = {
    noise: () => noise(),
    'a value that never changes': () => 20,
    'a wave': daily,
    'a wave with noise': (i) => daily(i) + noise(),
    'a ramp': (i) => 0.1 * i,
    'a random walk': () => (walk += noise()),
    'rounded values': () => Math.round(0.4 * noise()),
    'heavy tails': () => Math.exp(0.7 * noise()),
    'shifts of eight hours': (i) => ((i * stepMs) % dayMs < 8 * hourMs ? 50 : 0) + noise(),
  };
  for (const [kind, value] of Object.entries(kinds)) {
    const readings = series(times(30 * 288, value), stepMs);
    const found = alarms(readings, answers(anomaly(), readings), 0.99);
    assert.ok(found.length <= 4, `${kind}: ${found.length} alarms in 30 days`);
  }
});

test('a spike is odd, and a wild one does not hide the next', () => {
  const noise = createNoise();
  const all = said(times(2000, noise).with(1000, -1e9).with(1020, 25));
  assert.ok(all[1000]! > 0.99 && all[1020]! > 0.99);
  assert.ok(all.slice(1001, 1020).every((answer) => answer < 0.99));
});

test('a new level is odd at first, and usual after a day', () => {
  const noise = createNoise();
  const all = said(times(3000, (i) => noise() + (i >= 1500 ? 8 : 0)));
  assert.ok(Math.max(...all.slice(1500, 1510)) > 0.99);
  assert.ok(all.slice(1800).every((answer) => answer < 0.99));
});

test('a slow drift away is odd before it has gone far', () => {
  const noise = createNoise();
  const all = said(times(3000, (i) => noise() + Math.max(i - 2000, 0) * 0.05));
  const found = all.findIndex((answer, i) => i > 2000 && answer > 0.95);
  assert.ok(found > 0 && (found - 2000) * 0.05 < 5, `at ${found}`);
});

test('a sensor that stops changing is odd, one that often stands still is not', () => {
  const noise = createNoise();
  const dead = said(times(2000, (i) => (i < 1500 ? noise() : 0.1)));
  assert.ok(dead.slice(1500, 1520).some((answer) => answer > 0.99));
  const nights = said(times(20 * 288, (i) => (i % 288 < 144 ? 0 : Math.round(5 + noise()))));
  assert.equal(nights.slice(288).filter((answer) => answer > 0.99).length, 0);
});

test('a usual value at an unusual hour is odd', () => {
  const noise = createNoise();
  const values = times(12 * 288, (i) => daily(i) + 0.5 * noise());
  // Noon of the tenth day looks like its evening, reached without a jump.
  const from = 10 * 288 + 90;
  const shifted = values.map((x, i) => (i >= from && i < from + 100 ? x - (i - from) * 0.12 : x));
  assert.ok(Math.max(...said(shifted).slice(from, from + 100)) > 0.95);
  assert.ok(Math.max(...said(values).slice(from, from + 100)) < 0.95);
});

test('after a gap it does not compare with the values before it', () => {
  const noise = createNoise();
  const wave = (i: number): Reading => [i * stepMs, daily(i) + 0.1 * noise()];
  const before = times(10 * 288, wave);
  const after = times(20, (i) => wave(25 * 288 + 140 + i));
  const all = answers(anomaly(), [...before, ...after]);
  assert.ok(all.slice(before.length).every((answer) => answer < 0.95));
});

test('after a gap the mean of the last values begins anew', () => {
  const noise = createNoise();
  const wave = (i: number): Reading => [i * stepMs, daily(i) + 0.5 * noise()];
  // From the lowest hour of one day to the highest of another: both are usual.
  const before = times(10 * 288 + 216, wave);
  const all = answers(anomaly(), [...before, ...times(30, (i) => wave(20 * 288 + 60 + i))]);
  assert.ok(all.slice(before.length).every((answer) => answer < 0.95));
});

test('where nothing ever changed one wild value does not hide the next change', () => {
  const values: number[] = times(1000, (i) => (i >= 700 ? 21 : 20));
  const all = said(values.with(400, 1e9));
  assert.ok(all[400]! > 0.99 && all[700]! > 0.99);
  assert.equal(all[999], 0);
});

test('late values are not learnt', () => {
  const detector = anomaly();
  answers(detector, series(times(500, createNoise()), stepMs));
  const before = detector.save(1);
  for (const tMs of [0, 499 * stepMs - 1]) detector.learn(0, tMs, 3);
  assert.deepEqual(detector.save(1), before);
});
