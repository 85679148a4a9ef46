/**
 * Functions with memory over the readings of a rule: their columns filled, before or after `where`.
 * `lagMs` is taken from the times that they see.
 *
 * Invariant: one state for each key, whatever device a reading is of. A function sees the readings that count (whose
 * key is not negative) in order of arrival: all of them if `where` needs it, else those that `where` lets pass.
 */

import type { ValueType } from '../../core/types.ts';
import { type Column, capacityFor, type Rows } from '../../expression/rows.ts';
import type { MemoryPlan, MemoryStep, RulePlan } from '../../rules/plan.ts';
import { createMemory, loadMemories, type SavedMemories, saveMemories } from './memory.ts';

export interface ReadingMemory {
  /**
   * Fills the columns with memory, and what is computed from them. Where `where` needs memory, the keys of rows that
   * it filters become negative; gives their number.
   */
  run(input: number, rows: Rows, keys: Int32Array): number;
  save(keys: number): SavedMemories;
  load(saved: SavedMemories, keys: number): void;
}

/** Undefined for a rule without such functions. */
export function createReadingMemory(
  { readingMemory: plans, inputs }: RulePlan,
  lagMs: () => number,
): ReadingMemory | undefined {
  if (plans === undefined) return undefined;
  const memories = plans.map(createMemory);

  function fill(steps: readonly MemoryStep[], rows: Rows, keys: Int32Array): void {
    for (const step of steps) {
      if (step.kind === 'value') {
        rows.columns[step.slot] = step.compiled.kernel(rows);
        continue;
      }
      const argument = step.argument.kernel(rows);
      const out = roomFor(rows.columns[step.slot], plans![step.memory]!, rows.n);
      rows.columns[step.slot] = out;
      memories[step.memory]!.run(rows.n, keys, timesOf(rows, lagMs()), argument, out);
    }
  }

  return {
    run(input, rows, keys) {
      const { before, where, after } = inputs[input]!.memory!;
      let filtered = 0;
      if (where) {
        fill(before, rows, keys);
        filtered = filter(keys, where(rows), rows.n);
      }
      fill(after, rows, keys);
      return filtered;
    },
    save: (keys) => saveMemories(plans, memories, keys),
    load: (saved, keys) => loadMemories(plans, memories, saved, keys),
  };
}

function timesOf({ eventMs }: Rows, lagMs: number): Float64Array {
  return lagMs === 0 ? eventMs : eventMs.map((ms) => ms - lagMs);
}

function filter(keys: Int32Array, passes: Float64Array, n: number): number {
  let filtered = 0;
  for (let i = 0; i < n; i++) {
    if (keys[i]! < 0 || passes[i] === 1) continue;
    keys[i] = -1;
    filtered += 1;
  }
  return filtered;
}

function roomFor(column: Column | undefined, { resultType }: MemoryPlan, n: number): Column {
  if (column !== undefined && (Array.isArray(column) || column.length >= n)) return column;
  return newColumn(resultType, capacityFor(n));
}

function newColumn(type: ValueType, capacity: number): Column {
  return type === 'string' ? [] : new Float64Array(capacity);
}
