/**
 * What all detectors do with values that are no measurements.
 *
 * Invariants: NaN is judged NaN and never learnt; so is what is beyond ±largest, infinities too, never learnt, for its
 * square would be infinite and stay in the state for ever. It is judged as if it were ±largest. What a detector says
 * is never infinite.
 */

import type { Detector } from './detector.ts';

/** Larger magnitudes are not learnt. */
export const largest = 1e100;

/** Standard scores end here; also where there was no deviation at all to measure by. */
export const largestScore = 1000;

/** The detector, asked and taught only with values up to ±largest. */
export function bounded(detector: Detector): Detector {
  return {
    ...detector,
    judge: (key, tMs, x) =>
      Number.isNaN(x) ? x : detector.judge(key, tMs, Math.min(Math.max(x, -largest), largest)),
    learn(key, tMs, x) {
      if (Math.abs(x) <= largest) detector.learn(key, tMs, x);
    },
  };
}

/** distance / scale, at most ±largestScore; 0 for no distance, whatever the scale. */
export function standardised(distance: number, scale: number): number {
  if (distance === 0) return 0;
  return Math.min(Math.max(distance / scale, -largestScore), largestScore);
}
