/**
 * Aggregates over the steps from each reading to the next, in order of event time: what all steps add up to.
 *
 * Readings may come out of order, so they are held until the window closes; beyond `heldReadings` the earlier half
 * is summed up for good, and a reading older than that no longer counts. Readings of one time stay as they came.
 * Not here: what a step is (counter.ts, holding.ts).
 */

import type { NumberColumn } from '../../expression/rows.ts';
import type { Aggregate } from './aggregate.ts';

export const heldReadings = 8192;

/** What is summed up for good, from its first to its last reading, and the readings held behind it, as they came. */
interface Trace {
  growth: number;
  /** Readings that are summed up. */
  summed: number;
  /** NaN while nothing is summed up. */
  startMs: number;
  startValue: number;
  endMs: number;
  endValue: number;
  times: number[];
  values: number[];
}

/** What one step adds: from a value to the one that follows it, so many seconds later. */
export type Step = (before: number, after: number, seconds: number) => number;

/** The result, of what the steps added up to and the first and last reading. Not asked without a reading. */
export type Finish = (growth: number, span: Span) => number;

export interface Span {
  /** At least 1. */
  readonly readings: number;
  readonly seconds: number;
  readonly lastValue: number;
}

/** NaN without a reading. */
export function stepping(step: Step, finish: Finish): Aggregate {
  const traces: Trace[] = [];
  return {
    grow() {},
    reset(slot) {
      traces[slot] = emptyTrace();
    },
    fold(slots, from, to, rows, columns) {
      const numbers = columns[0] as NumberColumn;
      for (let i = from; i < to; i++) {
        const x = numbers[i]!;
        if (slots[i]! >= 0 && !Number.isNaN(x)) add(traces[slots[i]!]!, rows.eventMs[i]!, x, step);
      }
    },
    merge(into, from) {
      append(traces[into]!, traces[from]!, step);
    },
    followsTime: true,
    compact(slot) {
      const trace = traces[slot]!;
      sumUp(trace, trace.times.length, step);
    },
    result(slot) {
      const trace = traces[slot]!;
      const readings = trace.times.length + trace.summed;
      if (readings === 0) return Number.NaN;
      const whole = summedUp(trace, step);
      return finish(whole.growth, { readings, seconds: secondsOf(whole), lastValue: whole.endValue });
    },
    weight: (slot) => secondsOf(summedUp(traces[slot]!, step)) || 0,
    save: (slots) => Array.from(slots, (slot) => traces[slot]),
    load(saved, slots) {
      for (const [j, slot] of slots.entries()) traces[slot] = (saved as Trace[])[j]!;
    },
  };
}

function summedUp(trace: Trace, step: Step): Trace {
  const whole = { ...trace };
  sumUp(whole, whole.times.length, step);
  return whole;
}

function secondsOf({ startMs, endMs }: Trace): number {
  return (endMs - startMs) / 1000;
}

function emptyTrace(): Trace {
  const nothing = Number.NaN;
  return {
    growth: 0,
    summed: 0,
    startMs: nothing,
    startValue: nothing,
    endMs: nothing,
    endValue: nothing,
    times: [],
    values: [],
  };
}

const isEmpty = (trace: Trace): boolean => Number.isNaN(trace.startMs);

function add(trace: Trace, timeMs: number, value: number, step: Step): void {
  if (timeMs < trace.endMs) return;
  trace.times.push(timeMs);
  trace.values.push(value);
  if (trace.times.length > heldReadings) sumUp(trace, heldReadings / 2, step);
}

/** Takes the earliest `n` held readings into the sum. */
function sumUp(trace: Trace, n: number, step: Step): void {
  const { times, values } = trace;
  if (n === times.length && isAscending(times)) {
    for (let i = 0; i < n; i++) extend(trace, times[i]!, values[i]!, step);
    trace.times = [];
    trace.values = [];
    return;
  }
  const order = times.map((_, i) => i).sort((a, b) => times[a]! - times[b]!);
  for (const i of order.slice(0, n)) extend(trace, times[i]!, values[i]!, step);
  const rest = order.slice(n).sort((a, b) => a - b);
  trace.times = rest.map((i) => times[i]!);
  trace.values = rest.map((i) => values[i]!);
}

function isAscending(times: readonly number[]): boolean {
  for (let i = 1; i < times.length; i++) if (times[i]! < times[i - 1]!) return false;
  return true;
}

/** Joins a later reading to the sum. */
function extend(trace: Trace, timeMs: number, value: number, step: Step): void {
  if (isEmpty(trace)) {
    trace.startMs = timeMs;
    trace.startValue = value;
  } else {
    trace.growth += step(trace.endValue, value, (timeMs - trace.endMs) / 1000);
  }
  trace.summed += 1;
  trace.endMs = timeMs;
  trace.endValue = value;
}

/** Joins a later trace, which may have a sum of its own. Of sums that overlap in time no step leads from one to the other. */
function append(trace: Trace, later: Trace, step: Step): void {
  if (!isEmpty(later)) {
    sumUp(trace, trace.times.length, step);
    const summed = trace.summed + later.summed;
    if (!(later.startMs < trace.endMs)) extend(trace, later.startMs, later.startValue, step);
    trace.growth += later.growth;
    trace.summed = summed;
    if (later.endMs >= trace.endMs) {
      trace.endMs = later.endMs;
      trace.endValue = later.endValue;
    }
  }
  for (const [i, timeMs] of later.times.entries()) add(trace, timeMs, later.values[i]!, step);
}
