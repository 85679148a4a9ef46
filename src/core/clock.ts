/**
 * The gateway's clock, in two parts: a line of time that passes evenly, and what to add to it for the time of day.
 *
 *     time of day = now() + offsetMs()
 *
 * Invariants: `now` never goes back, and goes on by time that passed while the gateway ran: a step of the system clock, a
 * machine that slept and a process that was stopped change the offset. Small differences change the line instead: forward
 * at once, backward by running at half speed until the two agree. A system clock that cannot be right is not looked at.
 * Not here: whether a system clock that may be right is (time-service.ts), and what was recorded before (journal/).
 */

export interface Clock {
  /** The line, in ms, of whole microseconds. */
  now(): number;
  /** Real milliseconds to wait until the line comes to `ms`, as things stand; 0 when it already has. */
  waitMs(ms: number): number;
  /** From the line to the time of day, as of the last call of `now`. */
  offsetMs(): number;
  /** Whether the system clock can be right, at the last look: it was not earlier than this software. */
  isPlausible(): boolean;
}

export interface TimeBase {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
  /** How much faster than real time both run; a simulation may hurry. */
  readonly speed: () => number;
}

export interface ClockOptions {
  /** A system clock that is earlier is not looked at. */
  readonly earliestMs?: number;
  /** The system clock is compared once in so much monotonic time. */
  readonly compareEveryMs?: number;
  /**
   * Real time between two looks at the clock after which the process was asleep or stopped, and nobody listened. Infinity for
   * a base that itself stands still meanwhile.
   */
  readonly longestAwakeMs?: number;
}

const systemTime: TimeBase = { wallMs: Date.now, monotonicMs: () => performance.now(), speed: () => 1 };

/**
 * What is known of the time of day. `waiting`: nothing yet, it is told later; `guessed`: it was not confirmed in time, and
 * may be wrong.
 */
export type ClockTrust = 'waiting' | 'guessed' | 'sure';

/** No clock that is right shows an earlier time: this software is younger. */
export const softwareFromMs = Date.UTC(2026, 0, 1);

/** How far the system clock may differ before it is followed; NTP slews smaller differences by itself. */
const toleranceMs = 50;
/** Further forward is a step: so much time has not passed. */
const mostForwardMs = 1000;
/** Further back is a step: at half speed it would take too long to meet again. */
export const mostBackMs = 60_000;
const usualLongestAwakeMs = 10_000;
const slowRate = 0.5;

export function createClock(base: TimeBase = systemTime, options: ClockOptions = {}): Clock {
  const { earliestMs = Number.NEGATIVE_INFINITY, compareEveryMs = 1000 } = options;
  const { longestAwakeMs = usualLongestAwakeMs } = options;
  let isPlausible = base.wallMs() >= earliestMs;
  let anchorMs = Math.max(base.wallMs(), earliestMs);
  let anchorMonotonicMs = base.monotonicMs();
  let rate = 1;
  let offsetMs = 0;
  let lastMs = anchorMs;

  function follow(monotonicMs: number): void {
    const wallMs = base.wallMs();
    isPlausible = wallMs >= earliestMs;
    const passedMs = monotonicMs - anchorMonotonicMs;
    const wasAway = passedMs / base.speed() > longestAwakeMs;
    const lineMs = wasAway ? lastMs : anchorMs + passedMs * rate;
    anchorMonotonicMs = monotonicMs;
    anchorMs = lineMs;
    rate = 1;
    // Without a time of day to go by, time that passed is known from the monotonic clock.
    const shownMs = isPlausible ? wallMs : anchorMs + offsetMs + (wasAway ? passedMs : 0);
    const aheadMs = lineMs + offsetMs - shownMs;
    if (wasAway || aheadMs < -mostForwardMs || aheadMs > mostBackMs) offsetMs = inMicros(shownMs - lineMs);
    else if (aheadMs < -toleranceMs) anchorMs = lineMs - aheadMs;
    else if (aheadMs > toleranceMs) rate = slowRate;
  }

  function now(): number {
    const monotonicMs = base.monotonicMs();
    if (monotonicMs - anchorMonotonicMs >= compareEveryMs) follow(monotonicMs);
    const ms = anchorMs + (monotonicMs - anchorMonotonicMs) * rate;
    lastMs = Math.max(lastMs, Math.floor(ms * 1000) / 1000);
    return lastMs;
  }

  return {
    now,
    waitMs: (ms) => Math.max(0, (ms - now()) / (rate * base.speed())),
    offsetMs: () => offsetMs,
    isPlausible: () => isPlausible,
  };
}

function inMicros(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
