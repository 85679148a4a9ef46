/**
 * `delta` and `rate` of a counter: what it grew by in the window, in order of event time. A value below the one before
 * is a reset: the counter began again at zero, so all of it is growth. `rate` is `delta` by the seconds between the
 * first and the last reading. Null below two readings (`rate`: also when they are of one time).
 *
 * Source: Prometheus' `increase` and `rate`, without their extrapolation to the window's edges.
 * Readings may come out of order, so they are held until the window closes; beyond `heldReadings` the earlier half
 * is summed up for good, and a reading older than that no longer counts.
 */

import type { NumberColumn } from '../../expression/rows.ts';
import type { Aggregate } from './aggregate.ts';

export const heldReadings = 8192;

/** What is summed up for good, from its first to its last reading, and the readings held behind it, as they came. */
interface Trace {
  growth: number;
  /** NaN while nothing is summed up. */
  startMs: number;
  startValue: number;
  endMs: number;
  endValue: number;
  times: number[];
  values: number[];
}

export function delta(): Aggregate {
  return growing((growth) => growth);
}

export function rate(): Aggregate {
  return growing((growth, seconds) => (seconds > 0 ? growth / seconds : Number.NaN));
}

function emptyTrace(): Trace {
  const nothing = Number.NaN;
  return {
    growth: 0,
    startMs: nothing,
    startValue: nothing,
    endMs: nothing,
    endValue: nothing,
    times: [],
    values: [],
  };
}

const isEmpty = (trace: Trace): boolean => Number.isNaN(trace.startMs);

/** Growth from one value to the next; a fall is a reset to zero. */
const grownBy = (before: number, after: number): number => (after < before ? after : after - before);

function add(trace: Trace, timeMs: number, value: number): void {
  if (timeMs < trace.endMs) return;
  trace.times.push(timeMs);
  trace.values.push(value);
  if (trace.times.length > heldReadings) sumUp(trace, heldReadings / 2);
}

/** Takes the earliest `n` held readings into the sum. */
function sumUp(trace: Trace, n: number): void {
  const { times, values } = trace;
  const order = times.map((_, i) => i).sort((a, b) => times[a]! - times[b]!);
  for (const i of order.slice(0, n)) extend(trace, times[i]!, values[i]!, times[i]!, values[i]!, 0);
  const rest = order.slice(n).sort((a, b) => a - b);
  trace.times = rest.map((i) => times[i]!);
  trace.values = rest.map((i) => values[i]!);
}

/** Joins a later stretch, which grew by `growth` from its first to its last value, to the sum. */
function extend(
  trace: Trace,
  startMs: number,
  startValue: number,
  endMs: number,
  endValue: number,
  growth: number,
): void {
  if (isEmpty(trace)) {
    trace.startMs = startMs;
    trace.startValue = startValue;
  } else {
    trace.growth += grownBy(trace.endValue, startValue);
  }
  trace.growth += growth;
  trace.endMs = endMs;
  trace.endValue = endValue;
}

function append(trace: Trace, later: Trace): void {
  if (!isEmpty(later)) {
    sumUp(trace, trace.times.length);
    extend(trace, later.startMs, later.startValue, later.endMs, later.endValue, later.growth);
  }
  for (const [i, timeMs] of later.times.entries()) add(trace, timeMs, later.values[i]!);
}

function growing(finish: (growth: number, seconds: number) => number): Aggregate {
  const traces: Trace[] = [];
  return {
    grow() {},
    reset(slot) {
      traces[slot] = emptyTrace();
    },
    fold(slots, from, to, rows, column) {
      const numbers = column as NumberColumn;
      for (let i = from; i < to; i++) {
        const x = numbers[i]!;
        if (slots[i]! >= 0 && !Number.isNaN(x)) add(traces[slots[i]!]!, rows.eventMs[i]!, x);
      }
    },
    merge(into, from) {
      append(traces[into]!, traces[from]!);
    },
    result(slot) {
      const trace = traces[slot]!;
      const readings = trace.times.length + (isEmpty(trace) ? 0 : 2);
      if (readings < 2) return Number.NaN;
      const whole = { ...trace };
      sumUp(whole, whole.times.length);
      return finish(whole.growth, (whole.endMs - whole.startMs) / 1000);
    },
    save: (slots) => Array.from(slots, (slot) => traces[slot]),
    load(saved, slots) {
      for (const [j, slot] of slots.entries()) traces[slot] = (saved as Trace[])[j]!;
    },
  };
}
