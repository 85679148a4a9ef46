/** A machine's temperature of sixteen days, with a shutdown near the end: what is flagged, and what is not. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Detector } from './detector.ts';
import { detectors } from './index.ts';
import { alarms, answers, hourMs, type Reading } from './testing.ts';

const lines = readFileSync(new URL('testdata/machine-temperature.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const readings = lines.slice(1).map((line): Reading => {
  const [time, value] = line.split(',') as [string, string];
  return [Date.parse(`${time.replace(' ', 'T')}Z`), Number(value)];
});
const shutdown = [Date.parse('2013-12-15T17:50Z'), Date.parse('2013-12-17T17:00Z')] as const;
const alsoLabelled = [Date.parse('2013-12-10T06:25Z'), Date.parse('2013-12-12T05:35Z')] as const;
const weeks = 16 / 7;

function isIn(tMs: number, [fromMs, toMs]: readonly [number, number]): boolean {
  return tMs >= fromMs && tMs <= toMs;
}

function judge(detector: Detector, threshold: number): { isFound: boolean; falseAlarms: number } {
  const found = alarms(readings, answers(detector, readings), threshold);
  return {
    isFound: found.some((tMs) => isIn(tMs, shutdown)),
    falseAlarms: found.filter((tMs) => !isIn(tMs, shutdown) && !isIn(tMs, alsoLabelled)).length,
  };
}

/** The most false alarms a week. */
const cases: readonly [name: string, detector: Detector, threshold: number, most: number][] = [
  ['anomaly(x) > 0.99', detectors.anomaly(), 0.99, 1],
  ['zscore(x, 24h) > 6', detectors.zscore([24 * hourMs]), 6, 1],
  ['mad(x, 24h) > 8', detectors.mad([24 * hourMs]), 8, 1],
  ['drift(x) > 4', detectors.drift([hourMs, 24 * hourMs]), 4, 2],
];
for (const [name, detector, threshold, most] of cases) {
  test(`${name} finds the shutdown, with at most ${most} false a week`, () => {
    const { isFound, falseAlarms } = judge(detector, threshold);
    assert.ok(isFound);
    assert.ok(falseAlarms <= most * weeks, `${falseAlarms} false alarms`);
  });
}

test('a forecast of half an hour is closer than no change', () => {
  const ahead = 6;
  const said = answers(detectors.forecast([ahead * 5 * 60_000]), readings);
  let [error, unchanged] = [0, 0];
  for (let i = 300; i + ahead < readings.length; i++) {
    error += Math.abs(said[i]! - readings[i + ahead]![1]);
    unchanged += Math.abs(readings[i]![1] - readings[i + ahead]![1]);
  }
  assert.ok(error < 0.97 * unchanged, `${error / unchanged}`);
});
