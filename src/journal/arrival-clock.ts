/**
 * The time stamped on frames: the gateway's clock, but never before what the journal holds already.
 *
 * Invariant: no two frames have the same stamp. For readings without a time of their own it is their time, and two
 * points of one key and one time would be one in the database; two lines of one serial read are stamped a microsecond
 * apart.
 *
 * After a restart with the clock behind (no battery, or it was ahead before) time goes on from the last recorded
 * arrival at half speed until the clock has caught up: order is kept and nothing stands still meanwhile.
 */

import type { Clock } from '../core/clock.ts';

/** A larger step between two looks at the clock was a correction of it, not time that passed. */
const largestPassedMs = 1000;

export interface ArrivalClock {
  /** The stamp of the next frame, in whole microseconds: later than any before. */
  stampUs(): number;
  /** In ms. No later frame gets a stamp before it. */
  now(): number;
}

/** Stamps come after `notBeforeMs`, the last stamp of an earlier run. */
export function createArrivalClock(clock: Clock, notBeforeMs: number): ArrivalClock {
  const clockNow = catchingUp(clock, notBeforeMs);
  let lastUs = Math.round(notBeforeMs * 1000);
  return {
    stampUs() {
      lastUs = Math.max(lastUs + 1, Math.round(clockNow() * 1000));
      return lastUs;
    },
    now: () => Math.max((lastUs + 1) / 1000, clockNow()),
  };
}

/** Gives whole microseconds in ms, never decreasing, never before `notBeforeMs`, never behind the clock. */
function catchingUp(clock: Clock, notBeforeMs: number): () => number {
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
