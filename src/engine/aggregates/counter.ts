/**
 * `delta` and `rate` of a counter: what it grew by in the window, in order of event time. A value below the one before
 * is a reset: the counter began again at zero, so all of it is growth. `rate` is `delta` by the seconds between the
 * first and the last reading. Null below two readings (`rate`: also when they are of one time).
 *
 * Source: Prometheus' `increase` and `rate`, without their extrapolation to the window's edges.
 */

import type { Aggregate } from './aggregate.ts';
import { type Step, stepping } from './trace.ts';

export function delta(): Aggregate {
  return stepping(grownBy, (growth, { readings }) => (readings < 2 ? Number.NaN : growth));
}

export function rate(): Aggregate {
  return stepping(grownBy, (growth, { seconds }) => (seconds > 0 ? growth / seconds : Number.NaN));
}

/** Growth from one value to the next; a fall is a reset to zero. */
const grownBy: Step = (before, after) => (after < before ? after : after - before);
