/**
 * The time stamped on frames, its arrival: a line that goes on over restarts, and the time of day that belongs to it.
 *
 * Invariants: no two frames have the same stamp, and none is before what the journal holds already. For readings without a
 * time of their own it is their time, and two points of one key and one time would be one in the database; two lines of
 * one serial read are stamped a microsecond apart.
 *
 * After a restart the line goes on where the clock is, as if the offset had stayed what it was: the time in between has
 * passed. When the clock is behind what was recorded, the line goes on from there: a little behind, at half speed until they
 * agree; further, with another offset.
 */

import { type Clock, mostBackMs } from '../core/clock.ts';

/** A larger step between two looks at the clock was a correction of it, not time that passed. */
const largestPassedMs = 1000;

/** Where an earlier run left off. */
export interface Recorded {
  /** Its last stamp. */
  readonly untilMs: number;
  /** From its stamps to the time of day. */
  readonly offsetMs: number;
}

export interface ArrivalClock {
  /** The stamp of the next frame, in whole microseconds: later than any before. */
  stampUs(): number;
  /** In ms. No later frame gets a stamp before it. */
  now(): number;
  /** From stamps to the time of day, as of the last stamp or `now`; whole microseconds. */
  offsetMs(): number;
  /** How far the clock was behind what was recorded, at the start. */
  readonly behindMs: number;
}

export function createArrivalClock(clock: Clock, { untilMs, offsetMs }: Recorded): ArrivalClock {
  const startMs = clock.now();
  const behindMs = Math.max(0, untilMs + offsetMs - (startMs + clock.offsetMs()));
  // A clock that cannot be right says nothing, not even how late it is.
  const isStep = behindMs > mostBackMs || (behindMs > 0 && !clock.isPlausible());
  const shiftMs = isStep ? startMs - untilMs : offsetMs - clock.offsetMs();
  const line = shiftMs === 0 ? clock : { now: () => inMicros(clock.now() - shiftMs) };
  const lineNow = isStep ? line.now : catchingUp(line, untilMs);
  let lastUs = Math.round(untilMs * 1000);
  return {
    stampUs() {
      lastUs = Math.max(lastUs + 1, Math.round(lineNow() * 1000));
      return lastUs;
    },
    now: () => Math.max((lastUs + 1) / 1000, lineNow()),
    offsetMs: () => inMicros(clock.offsetMs() + shiftMs),
    behindMs,
  };
}

/** Gives whole microseconds in ms, never decreasing, never before `notBeforeMs`, never behind the clock. */
function catchingUp(clock: Pick<Clock, 'now'>, notBeforeMs: number): () => number {
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

function inMicros(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
