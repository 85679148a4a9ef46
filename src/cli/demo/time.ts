/**
 * The demo's time: begins some hours back, runs fast until it has caught up with the present, then is the present.
 *
 * Invariant: never goes back, never runs ahead of the present, and stands still when nobody ticks: a machine that
 * was busy or asleep does not find every bus silent.
 * Not here: keeping calls of `now` in order; core/clock.ts does that.
 */

import { type Clock, createClock } from '../../core/clock.ts';

export interface DemoTime {
  /** For the gateway and the simulation alike. */
  readonly clock: Clock;
  /** Lets time go on; to be called much more often than it stalls. */
  tick(): void;
  /** How much faster than real time it runs now; 1 once it has caught up. */
  speed(): number;
}

export interface DemoTimeOptions {
  readonly startMs: number;
  readonly speed: number;
  readonly presentMs?: () => number;
  readonly monotonicMs?: () => number;
}

/** For so long time goes on after a tick: real milliseconds, and simulated ones. */
export const stallMs = 250;
const simulatedStallMs = 30_000;
/** As near to the present as this is the present. */
const caughtUpMs = 1000;

export function createDemoTime(options: DemoTimeOptions): DemoTime {
  const { startMs, speed, presentMs = Date.now, monotonicMs = () => performance.now() } = options;
  const longestMs = Math.min(stallMs, simulatedStallMs / speed);
  let anchorMs = startMs;
  let anchorMonotonicMs = monotonicMs();

  function nowMs(): number {
    const elapsedMs = Math.min(monotonicMs() - anchorMonotonicMs, longestMs);
    return Math.max(anchorMs, Math.min(anchorMs + elapsedMs * speed, presentMs()));
  }

  const currentSpeed = (): number => (presentMs() - nowMs() > caughtUpMs ? speed : 1);

  return {
    clock: createClock(
      { wallMs: nowMs, monotonicMs: nowMs, speed: currentSpeed },
      { longestAwakeMs: Number.POSITIVE_INFINITY },
    ),
    tick() {
      anchorMs = nowMs();
      anchorMonotonicMs = monotonicMs();
    },
    speed: currentSpeed,
  };
}
