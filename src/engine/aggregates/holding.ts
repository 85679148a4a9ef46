/**
 * `twa(x)`, the time-weighted average, and `time_in(cond)`, the seconds for which a condition held: each value holds
 * until the next reading that has one, from the first such reading to the last. How long the last value held is not
 * known when the window closes, nor what held before the first one: neither edge of the window counts.
 *
 * When all readings are of one time, `twa` is the value that held from then on, the last to arrive, and `time_in` is 0.
 * Null without a value.
 * Source: TimescaleDB's `average(time_weight('LOCF', …))`, which however is null of a single reading.
 */

import type { Aggregate } from './aggregate.ts';
import { type Step, stepping } from './trace.ts';

export function twa(): Aggregate {
  return stepping(held, (total, { seconds, lastValue }) => (seconds > 0 ? total / seconds : lastValue));
}

export function timeIn(): Aggregate {
  return stepping(held, (total) => total);
}

/** The value by the seconds it held; an infinite one that held for no time adds nothing. */
const held: Step = (before, _after, seconds) => (seconds > 0 ? before * seconds : 0);
