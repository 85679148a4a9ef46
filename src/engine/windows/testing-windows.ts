/** Windows at work, for tests: what they gave, and readings to feed them. */

import type { Aggregate } from '../aggregates/aggregate.ts';
import { aggregates as registry } from '../aggregates/index.ts';
import { rowsOf, type TestRow } from '../testing.ts';
import type { ModelReading, ModelSettings } from './testing-model.ts';
import { createTimeWindows, type TimeWindowPlan } from './time-windows.ts';
import type { WindowResult, Windows } from './windows.ts';

export interface Given extends Omit<WindowResult, 'slot'> {
  readonly results: readonly (number | string | null)[];
}

export const minute = 60_000;
/** For windows whose readings nobody adds up. */
export const uncounted = { readingsIn: () => 0, left() {} };
/** Those that `measured` of testing-model.ts knows. */
export const functions = ['count', 'sum', 'min', 'max', 'first', 'last', 'delta'];

export function windowOf(
  lengthMs: number,
  everyMs = lengthMs,
  more: Partial<TimeWindowPlan> = {},
): TimeWindowPlan {
  return {
    kind: 'time',
    lengthMs,
    everyMs,
    offsetMs: 0,
    emitMs: undefined,
    keepMs: undefined,
    watermark: 'key',
    ...more,
  };
}

export interface RunningOptions {
  /** By input. */
  readonly latenessMs?: readonly number[];
  readonly idleDelayMs?: number;
  readonly idleAfterMs?: number;
  readonly functions?: readonly string[];
  /** Instead of those of the functions. */
  readonly aggregates?: readonly Aggregate[];
}

export interface Running {
  readonly windows: Windows;
  readonly given: Given[];
  /** Event times of late readings. */
  readonly late: number[];
  readonly functions: readonly string[];
}

export function running(window: TimeWindowPlan, options: RunningOptions = {}): Running {
  const { latenessMs = [5000], idleAfterMs = minute, functions: names = functions } = options;
  const given: Given[] = [];
  const late: number[] = [];
  const aggregates = options.aggregates ?? names.map(made);
  const windows = createTimeWindows({
    window,
    latenessMs,
    idleDelayMs: options.idleDelayMs ?? Math.max(...latenessMs),
    idleAfterMs,
    aggregates,
    ...uncounted,
    give: ({ slot, ...rest }) =>
      given.push({ ...rest, results: aggregates.map((aggregate) => aggregate.result(slot)) }),
    hold: undefined,
    closed: undefined,
    late: (rows, i) => late.push(rows.eventMs[i]!),
  });
  return { windows, given, late, functions: names };
}

function made(fn: string): Aggregate {
  return registry[fn]!({
    fn,
    parameters: fn === 'percentile' ? [95] : [],
    argumentType: fn === 'count' ? undefined : 'number',
    resultType: 'number',
  });
}

/** Rows of one input. */
export function feed({ windows, functions: names }: Running, readings: readonly TestRow[], input = 0): void {
  const { rows, keys } = rowsOf(readings);
  windows.fold(
    rows,
    keys,
    names.map(() => rows.columns),
    input,
  );
}

/** How a run of readings is cut: after which of them a batch ends, and what else is done there. */
export interface Cuts {
  readonly after: readonly number[];
  readonly restores: boolean;
  /** Asks for the open windows of every key, as `headgate explain` does. */
  readonly asks: boolean;
}

/** Feeds readings in batches and closes all at the end. */
export function play(
  window: TimeWindowPlan,
  readings: readonly ModelReading[],
  options: RunningOptions,
  cuts: Cuts,
): { given: Given[]; late: number } {
  let run = running(window, options);
  const given: Given[] = [];
  let late = 0;
  const take = (): void => {
    given.push(...run.given.splice(0));
    late += run.late.splice(0).length;
  };
  const edges = [...new Set([0, ...cuts.after.filter((cut) => cut < readings.length), readings.length])];
  edges.sort((a, b) => a - b);
  for (let e = 0; e + 1 < edges.length; e++) {
    const batch = readings.slice(edges[e], edges[e + 1]);
    for (let from = 0; from < batch.length; ) {
      const { input } = batch[from]!;
      let to = from + 1;
      while (to < batch.length && batch[to]!.input === input) to++;
      feed(run, batch.slice(from, to), input);
      from = to;
    }
    run.windows.pass(batch.at(-1)!.arrivalMs);
    if (cuts.asks) for (const { key } of readings) run.windows.visitOpen(key, () => {});
    if (!cuts.restores) continue;
    const saved = structuredClone(run.windows.save());
    take();
    run = running(window, options);
    run.windows.load(saved);
  }
  run.windows.closeAll(0);
  take();
  return { given, late };
}

export function modelSettings(
  window: TimeWindowPlan,
  options: Required<Omit<RunningOptions, 'aggregates' | 'functions'>>,
): ModelSettings {
  return { ...window, ...options };
}
