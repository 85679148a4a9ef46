/** Session windows at work, for tests, and what they should give, straight from the definition. */

import { aggregates as registry } from '../aggregates/index.ts';
import { rowsOf, type TestRow } from '../testing.ts';
import { createSessionWindows, type SessionWindowPlan } from './session-windows.ts';
import { uncounted } from './testing-windows.ts';
import type { WindowResult, Windows } from './windows.ts';

export const second = 1000;
export const minute = 60 * second;
export const day = 1440 * minute;

export type Values = readonly (number | string | null)[];
export interface Closed extends Omit<WindowResult, 'slot'> {
  readonly values: Values;
}

export const functions = ['count', 'sum', 'min', 'max', 'first', 'last', 'delta'];

export function sessions(gapMs: number, more: Partial<SessionWindowPlan> = {}): SessionWindowPlan {
  const timing = { emitMs: undefined, keepMs: undefined, watermark: 'key' as const };
  return { kind: 'session', gapMs, maxMs: undefined, ...timing, ...more };
}

export interface Options {
  readonly latenessMs?: readonly number[];
  readonly idleAfterMs?: number;
}

export function running(window: SessionWindowPlan, { latenessMs = [5000], idleAfterMs = day }: Options = {}) {
  const given: Closed[] = [];
  const late: number[] = [];
  const made = functions.map((fn) =>
    registry[fn]!({
      fn,
      parameters: [],
      argumentType: fn === 'count' ? undefined : 'number',
      resultType: 'number',
    }),
  );
  const windows = createSessionWindows({
    window,
    latenessMs,
    idleDelayMs: Math.max(...latenessMs),
    idleAfterMs,
    aggregates: made,
    ...uncounted,
    give: ({ slot, ...result }) => given.push({ ...result, values: made.map((a) => a.result(slot)) }),
    late: (rows, i) => late.push(rows.eventMs[i]!),
  });
  return { windows, given, late };
}

export function feed(windows: Windows, readings: readonly TestRow[], input = 0): void {
  const { rows, keys } = rowsOf(readings);
  const columns = functions.map(() => rows.columns);
  windows.fold(rows, keys, columns, input);
}

/** Every session of one key, straight from its definition: its readings in order, from one to the next. */
export function sessionsOf(
  readings: readonly TestRow[],
  { gapMs, maxMs = Number.POSITIVE_INFINITY }: SessionWindowPlan,
) {
  const found: { startMs: number; endMs: number; wasCut: boolean; inside: TestRow[] }[] = [];
  for (const reading of readings.toSorted((a, b) => a.t - b.t)) {
    const open = found.at(-1);
    const cutMs = (open?.startMs ?? 0) + maxMs;
    if (open === undefined || reading.t > open.inside.at(-1)!.t + gapMs || reading.t >= cutMs) {
      found.push({
        startMs: reading.t,
        endMs: Math.min(reading.t + gapMs, reading.t + maxMs),
        wasCut: false,
        inside: [reading],
      });
    } else {
      open.inside.push(reading);
      open.endMs = Math.min(reading.t + gapMs, cutMs);
      open.wasCut = cutMs < reading.t + gapMs;
    }
  }
  return found;
}

export function valuesOf(inside: readonly TestRow[]): Values {
  const xs = inside.map(({ x }) => x);
  let grown = 0;
  for (let i = 1; i < xs.length; i++) grown += xs[i]! < xs[i - 1]! ? xs[i]! : xs[i]! - xs[i - 1]!;
  const sum = xs.reduce((a, b) => a + b, 0);
  const growth = xs.length < 2 ? Number.NaN : grown;
  return [xs.length, sum, Math.min(...xs), Math.max(...xs), xs[0]!, xs.at(-1)!, growth];
}

export interface Told {
  readonly key: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly values: Values;
}

/** Watermark and idleness followed reading by reading, everything that is open looked at anew each time. */
export function bruteForce(
  readings: readonly TestRow[],
  plan: SessionWindowPlan,
  latenessMs: number,
  idleAfterMs: number,
) {
  const isGlobal = plan.watermark === 'global';
  const told: Told[] = [];
  let late = 0;
  let latest = Number.NEGATIVE_INFINITY;
  const keys = new Map<number, { open: TestRow[]; mark: number; cutMs: number; lastArrival: number }>();
  const stateOf = (key: number) => {
    const fresh = {
      open: [],
      mark: Number.NEGATIVE_INFINITY,
      cutMs: Number.NEGATIVE_INFINITY,
      lastArrival: Number.POSITIVE_INFINITY,
    };
    if (!keys.has(key)) keys.set(key, fresh);
    return keys.get(key)!;
  };
  const close = (key: number, untilMs: number): void => {
    const state = stateOf(key);
    for (const { startMs, endMs, wasCut, inside } of sessionsOf(state.open, plan)) {
      if (endMs > untilMs) return;
      told.push({ key, startMs, endMs, values: valuesOf(inside) });
      state.open = state.open.filter((reading) => !inside.includes(reading));
      state.mark = Math.max(state.mark, endMs);
      if (wasCut) state.cutMs = endMs;
    }
  };
  for (const reading of readings) {
    const { key, t, arrivalMs } = reading;
    const state = stateOf(key);
    if (arrivalMs - state.lastArrival >= idleAfterMs) close(key, arrivalMs - latenessMs);
    state.lastArrival = arrivalMs;
    const mark = Math.max(state.mark, isGlobal ? latest : Number.NEGATIVE_INFINITY);
    if (t + plan.gapMs <= mark || t < state.cutMs) late += 1;
    else state.open.push(reading);
    latest = Math.max(latest, t - latenessMs);
    if (!isGlobal) state.mark = Math.max(state.mark, t - latenessMs);
    for (const other of isGlobal ? keys.keys() : [key]) close(other, isGlobal ? latest : state.mark);
  }
  for (const key of keys.keys()) close(key, Number.MAX_VALUE);
  return { told, late };
}
