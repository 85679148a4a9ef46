/**
 * The time stamped on frames: the gateway's clock, but never before what the journal holds already.
 *
 * After a restart with the clock behind (no battery, or it was ahead before) time goes on from the last recorded
 * arrival at half speed until the clock has caught up: order is kept and nothing stands still meanwhile.
 */

import type { Clock } from '../core/clock.ts';

/** A larger step between two looks at the clock was a correction of it, not time that passed. */
const largestPassedMs = 1000;

/** Gives whole microseconds in ms, never decreasing, never before `notBeforeMs`, never behind the clock. */
export function createArrivalClock(clock: Clock, notBeforeMs: number): () => number {
  let seenMs = clock.now();
  let leadMs = Math.max(0, notBeforeMs - seenMs);
  if (leadMs === 0) return clock.now;
  let lastMs = notBeforeMs;
  return () => {
    const nowMs = clock.now();
    const stepMs = nowMs - seenMs;
    seenMs = nowMs;
    leadMs = Math.max(0, leadMs - (stepMs - Math.min(stepMs, largestPassedMs) / 2));
    lastMs = Math.max(lastMs, Math.floor((nowMs + leadMs) * 1000) / 1000);
    return lastMs;
  };
}
