/**
 * The gateway's one clock: wall time anchored to the monotonic clock, never going back.
 *
 * Invariant: successive calls of `now` never decrease, whatever the system clock does. A step of the system
 * clock forward is followed at once; after a step back this clock runs at half speed until the two agree, so
 * frames keep their order and no two hours are merged.
 * Not here: whether the system clock can be trusted at all.
 */

export interface Clock {
  /** Milliseconds since 1970, in whole microseconds. */
  now(): number;
  /** Real milliseconds to wait until this clock shows `ms`, as things stand; 0 when it already does. */
  waitMs(ms: number): number;
}

export interface TimeBase {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
  /** How much faster than real time both run; a simulation may hurry. */
  readonly speed: () => number;
}

const systemTime: TimeBase = { wallMs: Date.now, monotonicMs: () => performance.now(), speed: () => 1 };

/** How far the system clock may differ before it is followed; NTP slews smaller differences by itself. */
const toleranceMs = 50;
const slowRate = 0.5;

/** Makes a clock. How often the system clock is compared: once in `compareEveryMs` of monotonic time. */
export function createClock(base: TimeBase = systemTime, compareEveryMs = 1000): Clock {
  let anchorMs = base.wallMs();
  let anchorMonotonicMs = base.monotonicMs();
  let rate = 1;
  let lastMs = anchorMs;

  function follow(monotonicMs: number): void {
    const ours = anchorMs + (monotonicMs - anchorMonotonicMs) * rate;
    const ahead = ours - base.wallMs();
    anchorMonotonicMs = monotonicMs;
    anchorMs = ahead < -toleranceMs ? ours - ahead : ours;
    rate = ahead > toleranceMs ? slowRate : 1;
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
  };
}
