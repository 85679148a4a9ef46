/** Detectors for tests: fed with readings, and series whose noise is the same in each run. */

import type { Detector } from './detector.ts';

export type Reading = readonly [tMs: number, x: number];

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** What a detector says of each reading; it learns each after it has judged it, as the engine lets it. */
export function answers(detector: Detector, readings: readonly Reading[], key = 0): number[] {
  detector.grow(key + 1);
  return readings.map(([tMs, x]) => {
    const answer = detector.judge(key, tMs, x);
    if (!Number.isNaN(x)) detector.learn(key, tMs, x);
    return answer;
  });
}

/** Readings of the values at even distances. */
export function series(values: readonly number[], everyMs = minuteMs, startMs = 0): Reading[] {
  return values.map((x, i) => [startMs + i * everyMs, x]);
}

export function times<T>(count: number, value: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => value(i));
}

/** Normally distributed numbers (Box and Muller, 1958) from a linear congruential generator. */
export function createNoise(seed = 1): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Alarms: answers above the threshold; those within an hour of the one before it belong to it. Times of their starts. */
export function alarms(readings: readonly Reading[], said: readonly number[], threshold: number): number[] {
  const over = readings.flatMap(([tMs], i) => (Math.abs(said[i]!) > threshold ? [tMs] : []));
  return over.filter((tMs, i) => i === 0 || tMs - over[i - 1]! > hourMs);
}
