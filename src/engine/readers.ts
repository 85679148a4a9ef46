/**
 * Rows on their way to the rules that read them: the results of a rule, or readings that several rules must see in step.
 *
 * Invariants: every reader sees the rows in the order they come, and of several each sees a row before any of them sees
 * the next one, so what they make of them together does not depend on where batches are cut; a rule's rows are its
 * final results, forwarded or not.
 * Not here: when there are results, and how far a reader may go on (progress.ts).
 */

import { type Column, type Rows, type SeriesTable, type StringColumn, setCell } from '../expression/rows.ts';
import type { DevicePlan } from '../rules/plan.ts';
import type { NamedSlot } from './verdict.ts';
import type { ResultStage } from './windows/windows.ts';

export interface Reader {
  /**
   * Its windows lie on a grid: the result of a window that ends with one of them belongs to that one, not to the next. As
   * in Spark, whose `window_time` is the end less a microsecond.
   */
  readonly takesEndsBefore: boolean;
  /** The rows are good until this returns. `areEnds`: their times are ends of windows, not times of readings. */
  run(rows: Rows, areEnds: boolean): void;
  /** Windows of this key have closed, and their results were given; or more may be said of it than before. */
  closed(key: number, arrivalMs: number): void;
}

export interface GivenRows {
  /** Rows of negative keys are passed over. */
  readonly keys: Int32Array;
  readonly slots: readonly NamedSlot[];
  /** Of windows: only final results are given on. */
  readonly stages?: readonly ResultStage[];
  readonly areEnds: boolean;
}

export interface Readers {
  add(reader: Reader): void;
  give(rows: Rows, given: GivenRows): void;
  closed(key: number, arrivalMs: number): void;
}

/** About a microsecond, and exact: taken from a whole number of milliseconds and added again it leaves no rest. */
export const momentMs = 2 ** -10;

/** Rows handed over at a time. */
const capacity = 32;

/** `layout` is what readers were compiled for; `table` knows the tags of `GivenRows.keys`. */
export function createReaders({ fields }: Pick<DevicePlan, 'fields'>, table: SeriesTable): Readers {
  const readers: Reader[] = [];
  const columns = fields.map(
    ({ type }): Column => (type === 'string' ? ([] as StringColumn) : new Float64Array(capacity)),
  );
  const rows: Rows = {
    ...{ n: 0, columns, table },
    series: new Int32Array(capacity),
    eventMs: new Float64Array(capacity),
    arrivalMs: new Float64Array(capacity),
  };
  /** The same rows for those that take ends as belonging before; one object, for readers remember what they were given. */
  const before: Rows = { ...rows, eventMs: new Float64Array(capacity) };
  const places = new Map<readonly NamedSlot[], Int32Array>();

  /** By field, the slot it comes from; -1 for a field that these rows lack. */
  function placesOf(slots: readonly NamedSlot[]): Int32Array {
    let found = places.get(slots);
    if (found === undefined) {
      found = Int32Array.from(fields, ({ name }) => slots.find((one) => one.name === name)?.slot ?? -1);
      places.set(slots, found);
    }
    return found;
  }

  function put(given: Rows, row: number, from: Int32Array, key: number, areEnds: boolean): void {
    const at = rows.n++;
    for (let f = 0; f < columns.length; f++) {
      const slot = from[f]!;
      setCell(columns[f]!, at, slot < 0 ? null : cellAt(given.columns[slot]!, row));
    }
    const timeMs = given.eventMs[row]!;
    rows.series[at] = key;
    rows.arrivalMs[at] = given.arrivalMs[row]!;
    rows.eventMs[at] = timeMs;
    before.eventMs[at] = areEnds ? timeMs - momentMs : timeMs;
  }

  function flush(areEnds: boolean): void {
    before.n = rows.n;
    for (const reader of readers) reader.run(reader.takesEndsBefore ? before : rows, areEnds);
    rows.n = 0;
  }

  return {
    add(reader) {
      readers.push(reader);
    },
    give(given, { keys, slots, stages, areEnds }) {
      const from = placesOf(slots);
      const atOnce = readers.length > 1 ? 1 : capacity;
      for (let row = 0; row < given.n; row++) {
        const key = keys[row]!;
        if (key < 0 || (stages !== undefined && stages[row] !== 'final')) continue;
        put(given, row, from, key, areEnds);
        if (rows.n === atOnce) flush(areEnds);
      }
      if (rows.n > 0) flush(areEnds);
    },
    closed(key, arrivalMs) {
      for (const reader of readers) reader.closed(key, arrivalMs);
    },
  };
}

function cellAt(column: Column, row: number): number | string | null {
  return column[row]!;
}
