/**
 * `lag(x, n)`: the value of x, of any type, that the key had n rows ago; null values are values too.
 *
 * Invariant: of each key the last n values are kept, in a ring; a key that had fewer answers null.
 */

import { type Column, type NumberColumn, setCell } from '../../expression/rows.ts';
import type { MemoryPlan } from '../../rules/plan.ts';
import { grown } from '../grown.ts';
import type { Cell, Memory } from './memory.ts';

interface SavedLag {
  /** By key: how many values it has learnt, and 2n − 1 at most: then counting goes on from n. */
  readonly learnt: Int32Array;
  /** By key n values, that of place `learnt % n` the oldest. */
  readonly values: Column;
}

export function createLag({ parameters, resultType }: Pick<MemoryPlan, 'parameters' | 'resultType'>): Memory {
  const n = parameters[0]!;
  const isText = resultType === 'string';
  const none: Cell = isText ? null : Number.NaN;
  let learnt = new Int32Array(0);
  let values: Column = isText ? [] : new Float64Array(0);

  function meet(key: number): void {
    if (key < learnt.length) return;
    const capacity = Math.max(4, 2 * learnt.length, key + 1);
    learnt = grown(learnt, capacity, 0);
    // Texts need no room of their own: an array grows by itself.
    if (!Array.isArray(values)) values = grown(values, capacity * n, Number.NaN);
  }

  function judge(key: number): Cell {
    const count = learnt[key]!;
    return count < n ? none : values[key * n + (count % n)]!;
  }

  function learn(key: number, _timeMs: number, x: Cell): void {
    const count = learnt[key]!;
    setCell(values, key * n + (count % n), x);
    learnt[key] = count === 2 * n - 1 ? n : count + 1;
  }

  return {
    meet,
    judge,
    learn,
    run(rows, keys, timesMs, x, out) {
      for (let i = 0; i < rows; i++) meet(keys[i]!);
      if (!Array.isArray(values)) {
        runNumbers(n, values, learnt, rows, keys, x as NumberColumn, out as NumberColumn);
        return;
      }
      for (let i = 0; i < rows; i++) {
        const key = keys[i]!;
        setCell(out, i, key < 0 ? none : judge(key));
        if (key >= 0) learn(key, timesMs[i]!, x[i]!);
      }
    },
    save(keys): SavedLag {
      if (keys > 0) meet(keys - 1);
      return { learnt: learnt.slice(0, keys), values: values.slice(0, keys * n) };
    },
    load(saved) {
      const { learnt: counts, values: kept } = saved as SavedLag;
      learnt = counts.slice();
      values = kept.slice();
    },
  };
}

/** `judge` and `learn` of each row, without a call for each. */
function runNumbers(
  n: number,
  values: NumberColumn,
  learnt: Int32Array,
  rows: number,
  keys: Int32Array,
  x: NumberColumn,
  out: NumberColumn,
): void {
  for (let i = 0; i < rows; i++) {
    const key = keys[i]!;
    out[i] = Number.NaN;
    if (key < 0) continue;
    const count = learnt[key]!;
    const place = key * n + (count % n);
    if (count >= n) out[i] = values[place]!;
    values[place] = x[i]!;
    learnt[key] = count === 2 * n - 1 ? n : count + 1;
  }
}
