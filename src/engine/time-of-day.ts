/**
 * From arrivals to times of day: what was added to them when they were recorded, and what a step of the clock means.
 *
 * Arrivals are a line that no step of the clock bends; elapsed time (idle, silent, `for`, reminders) is measured along it.
 * Event times, hours and days are times of day. As state it changes only between rows: see `takeClock` of engine.ts.
 */

import { codecOf } from '../codecs/index.ts';
import type { DevicePlan, RulePlan } from '../rules/plan.ts';

export interface TimeOfDay {
  /** Of arrivals, to the time of day. */
  offsetMs: number;
  /** Not sure: a reading is not said to be ahead of time by this clock. */
  isSure: boolean;
}

/** The clock was set: the time of day that it shows from then on, and by how much it was moved. */
export interface ClockStep {
  readonly toMs: number;
  readonly byMs: number;
  readonly arrivalMs: number;
}

/** For those that need no other. */
export const steady: Readonly<TimeOfDay> = { offsetMs: 0, isSure: true };

/** The device says no time: its readings are timed by their arrival, and follow each step of the clock. */
export function isTimedByArrival({ profile }: DevicePlan): boolean {
  return profile.time === undefined && codecOf(profile.codec).time === undefined;
}

export interface RuleTiming {
  /** All that it reads is timed by arrival. */
  readonly followsClock: boolean;
  /** How far ahead of the clock the times of what it reads may be. */
  readonly aheadMs: number;
}

/** `rules` are those that it may read. */
export function timingOf(
  { inputs }: RulePlan,
  rules: ReadonlyMap<string, { readonly timing: RuleTiming }>,
): RuleTiming {
  const all = inputs.map(({ device }): RuleTiming => {
    if (device.rule !== undefined) return rules.get(device.rule.name)!.timing;
    const followsClock = isTimedByArrival(device);
    return { followsClock, aheadMs: followsClock ? 0 : device.profile.maxAheadMs };
  });
  return {
    followsClock: all.every(({ followsClock }) => followsClock),
    aheadMs: Math.max(...all.map(({ aheadMs }) => aheadMs)),
  };
}
