/**
 * Windows straight from their definition, for tests: every reading is kept, every result counted out of them.
 *
 * It follows watermarks, idleness and early results reading by reading, over all keys in order of arrival.
 */

import type { TestRow } from '../testing.ts';
import type { ResultStage } from './windows.ts';

export interface ModelReading extends TestRow {
  readonly input: number;
}

export interface ModelSettings {
  readonly lengthMs: number;
  readonly everyMs: number;
  readonly offsetMs: number;
  readonly emitMs: number | undefined;
  readonly keepMs: number | undefined;
  readonly watermark: 'key' | 'global';
  /** By input. */
  readonly latenessMs: readonly number[];
  readonly idleDelayMs: number;
  readonly idleAfterMs: number;
}

export interface ModelResult {
  readonly key: number;
  readonly stage: ResultStage;
  readonly endMs: number;
  /** NaN: not judged. */
  readonly atMs: number;
  readonly results: readonly (number | string | null)[];
}

export interface ModelOutcome {
  /** Final and early results, in the order the model finds them; of one key it is the order of events. */
  readonly given: readonly ModelResult[];
  /** Of every window of every key the result after all revisions, by `key end`. */
  readonly last: ReadonlyMap<string, readonly (number | string | null)[]>;
  readonly late: number;
}

/** What the functions of the tests make of values in order of event time: count, sum, min, max, first, last, delta. */
export function measured(xs: readonly number[]): number[] {
  const grown = xs.slice(1).map((x, i) => (x < xs[i]! ? x : x - xs[i]!));
  const total = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  return [
    xs.length,
    total(xs),
    Math.min(...xs),
    Math.max(...xs),
    xs[0]!,
    xs.at(-1)!,
    xs.length < 2 ? Number.NaN : total(grown),
  ];
}

interface Key {
  readonly key: number;
  /** Windows that end up to here have closed. */
  closedMs: number;
  lastArrivalMs: number;
  latestMs: number;
  hasNews: boolean;
  /** By window end. */
  readonly windows: Map<number, { readonly readings: TestRow[]; isClosed: boolean }>;
}

/** Plays readings, in order of arrival; at the end every window closes. */
export function model(readings: readonly ModelReading[], settings: ModelSettings): ModelOutcome {
  const { lengthMs, everyMs, offsetMs, emitMs, keepMs = 0, latenessMs, idleAfterMs, idleDelayMs } = settings;
  const keys = new Map<number, Key>();
  const marks = latenessMs.map(() => Number.NEGATIVE_INFINITY);
  const isGlobal = settings.watermark === 'global';
  const given: ModelResult[] = [];
  let late = 0;
  let emitDueMs = Number.POSITIVE_INFINITY;

  function endsOf(t: number): number[] {
    const ends: number[] = [];
    const lastStart = Math.floor((t - offsetMs) / everyMs) * everyMs + offsetMs;
    for (let start = lastStart; start > t - lengthMs; start -= everyMs) ends.unshift(start + lengthMs);
    return ends;
  }

  const closedOf = (key: Key): number => Math.max(key.closedMs, isGlobal ? Math.min(...marks) : -Infinity);
  const openOf = (key: Key): number[] =>
    [...key.windows].flatMap(([endMs, { isClosed }]) => (isClosed ? [] : [endMs])).sort((a, b) => a - b);

  function resultsOf(key: Key, endMs: number): number[] {
    const inOrder = key.windows
      .get(endMs)!
      .readings.map((reading, i) => ({ ...reading, i }))
      .sort((a, b) => a.t - b.t || a.i - b.i);
    return measured(inOrder.map(({ x }) => x));
  }

  function close(key: Key, endMs: number): void {
    key.windows.get(endMs)!.isClosed = true;
    key.closedMs = Math.max(key.closedMs, endMs);
    given.push({ key: key.key, stage: 'final', endMs, atMs: endMs, results: resultsOf(key, endMs) });
  }

  function closeUntil(key: Key, untilMs: number): void {
    for (const endMs of openOf(key).filter((end) => end <= untilMs)) close(key, endMs);
  }

  function closeEverywhere(untilMs: number): void {
    const due = [...keys.values()].flatMap((key) =>
      openOf(key)
        .filter((end) => end <= untilMs)
        .map((endMs) => ({ key, endMs })),
    );
    for (const { key, endMs } of due.sort((a, b) => a.endMs - b.endMs || a.key.key - b.key.key))
      close(key, endMs);
  }

  function closeIdle(key: Key, nowMs: number): void {
    if (nowMs - key.lastArrivalMs >= idleAfterMs) closeUntil(key, nowMs - idleDelayMs);
  }

  function emit(nowMs: number): void {
    for (const key of [...keys.values()].sort((a, b) => a.key - b.key)) {
      if (!key.hasNews) continue;
      key.hasNews = false;
      closeIdle(key, nowMs);
      for (const [i, endMs] of openOf(key).entries()) {
        const latestMs = Math.max(endMs - everyMs, Math.min(endMs, key.latestMs));
        const atMs = i === 0 ? latestMs : Number.NaN;
        given.push({ key: key.key, stage: 'early', endMs, atMs, results: resultsOf(key, endMs) });
      }
    }
    emitDueMs = Number.POSITIVE_INFINITY;
  }

  function keyOf(number: number): Key {
    let key = keys.get(number);
    if (key === undefined) {
      const none = Number.NEGATIVE_INFINITY;
      key = {
        ...{ key: number, closedMs: none, lastArrivalMs: Number.POSITIVE_INFINITY, latestMs: none },
        ...{ hasNews: false, windows: new Map() },
      };
      keys.set(number, key);
    }
    return key;
  }

  function take(key: Key, reading: ModelReading): void {
    const closedMs = closedOf(key);
    const ends = endsOf(reading.t).filter((end) => end + keepMs > closedMs);
    if (ends.length === 0) {
      late += 1;
      return;
    }
    for (const endMs of ends) {
      if (!key.windows.has(endMs)) key.windows.set(endMs, { readings: [], isClosed: endMs <= closedMs });
      key.windows.get(endMs)!.readings.push(reading);
    }
    key.latestMs = Math.max(key.latestMs, reading.t);
    const mark = reading.t - latenessMs[reading.input]!;
    if (isGlobal) {
      marks[reading.input] = Math.max(marks[reading.input]!, mark);
      closeEverywhere(Math.min(...marks));
    } else if (mark > key.closedMs) {
      key.closedMs = mark;
      closeUntil(key, mark);
    }
    if (emitMs === undefined) return;
    key.hasNews = true;
    emitDueMs = Math.min(emitDueMs, (Math.floor(reading.arrivalMs / emitMs) + 1) * emitMs);
  }

  for (const reading of readings) {
    if (emitDueMs <= reading.arrivalMs) emit(emitDueMs);
    const key = keyOf(reading.key);
    closeIdle(key, reading.arrivalMs);
    key.lastArrivalMs = reading.arrivalMs;
    take(key, reading);
  }
  closeEverywhere(Number.MAX_VALUE);
  const last = [...keys.values()].flatMap((key) =>
    [...key.windows.keys()].map((endMs) => [`${key.key} ${endMs}`, resultsOf(key, endMs)] as const),
  );
  return { given, last: new Map(last), late };
}
