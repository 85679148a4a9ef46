/**
 * What an aggregate function is: accumulators in slots, one slot for each open pane of a key.
 *
 * Invariants: `fold` sees rows in arrival order; `merge` combines panes in order of their time, the earlier one
 * first; a slot is `reset` before it is used. Folding rows into panes and merging the panes gives what folding all
 * rows into one pane gives (for floating point sums: within rounding of a compensated sum).
 * Not here: which slot a row belongs to, and when a window closes.
 */

import type { Column, Rows } from '../../expression/rows.ts';
import type { AggregatePlan } from '../../rules/plan.ts';
import { grownTogether } from '../grown.ts';

export interface Aggregate {
  grow(capacity: number): void;
  reset(slot: number): void;
  /**
   * Rows from … to-1; `slots[i]` is the slot of row i, negative for rows that do not count. One column for each
   * argument: none for `count()`.
   */
  fold(slots: Int32Array, from: number, to: number, rows: Rows, columns: readonly Column[]): void;
  merge(into: number, from: number): void;
  /**
   * Makes what a slot holds as small as a single reading would be; no row is folded into it any more. Absent where that
   * cannot be: sliding windows then keep no partial results of this aggregate.
   */
  readonly compact?: (slot: number) => void;
  /** With `compact`: what was made compact must not overlap in time with what it is merged with. */
  readonly followsTime?: true;
  /** NaN or null when the slot has seen no value. Truth values are 1 and 0. */
  result(slot: number): number | string | null;
  /** Of means: what a result stands for, in values or seconds. Results weighted by it give the mean over all of them. */
  readonly weight?: (slot: number) => number;
  /** Plain data for the checkpoint; `load` puts it into other slots of a fresh aggregate. */
  save(slots: Int32Array): unknown;
  load(saved: unknown, slots: Int32Array): void;
}

export type MakeAggregate = (plan: AggregatePlan) => Aggregate;

/** Of a cell of any column: whether the reading lacks a value. */
export function isNull(x: number | string | null): x is null {
  return x === null || Number.isNaN(x);
}

/** Accumulators as columns of doubles. Hold on to `arrays[i]` only within one call: growing replaces it. */
export interface Cells {
  readonly arrays: Float64Array[];
  grow(capacity: number): void;
  reset(slot: number): void;
  /** Nothing to do: a slot is always as small. */
  compact(slot: number): void;
  save(slots: Int32Array): unknown;
  load(saved: unknown, slots: Int32Array): void;
}

/** Of all aggregates: a function of its own costs each of thousands of rules as much as six numbers. */
const nothing = (): void => {};

/** One column of doubles for each initial value. */
export function createCells(initial: readonly number[]): Cells {
  const arrays = initial.map(() => new Float64Array(0));
  return {
    arrays,
    grow(capacity) {
      const larger = grownTogether(
        capacity,
        arrays.map((array) => [array, 0]),
      );
      for (let i = 0; i < arrays.length; i++) arrays[i] = larger[i]!;
    },
    reset(slot) {
      for (let i = 0; i < arrays.length; i++) arrays[i]![slot] = initial[i]!;
    },
    compact: nothing,
    save: (slots) => arrays.map((array) => Float64Array.from(slots, (slot) => array[slot]!)),
    load(saved, slots) {
      for (const [i, values] of (saved as Float64Array[]).entries()) {
        for (const [j, slot] of slots.entries()) arrays[i]![slot] = values[j]!;
      }
    },
  };
}
