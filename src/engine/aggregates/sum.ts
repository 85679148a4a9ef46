/**
 * `sum` and `avg`, with a compensated sum: the error does not grow with the number of values. Of truth values `avg` is
 * `fraction`.
 *
 * Source: A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974).
 */

import type { NumberColumn } from '../../expression/rows.ts';
import { type Aggregate, createCells } from './aggregate.ts';

/** Null when there was no value: an empty sum is not zero load. */
export function sum(): Aggregate {
  return summing((total, values) => (values === 0 ? Number.NaN : total));
}

/** Arithmetic mean; null when there was no value. */
export function avg(): Aggregate {
  return summing((total, values) => total / values);
}

function summing(finish: (total: number, values: number) => number): Aggregate {
  const cells = createCells([0, 0, 0]);

  function add(sums: Float64Array, lost: Float64Array, slot: number, x: number): void {
    const before = sums[slot]!;
    const after = before + x;
    // An infinite sum has no error to carry; Infinity - Infinity would turn it into null.
    if (Math.abs(before) >= Math.abs(x)) lost[slot]! += Number.isFinite(after) ? before - after + x : 0;
    else lost[slot]! += Number.isFinite(after) ? x - after + before : 0;
    sums[slot] = after;
  }

  return {
    ...cells,
    fold(slots, from, to, _rows, columns) {
      const [sums, lost, values] = cells.arrays as [Float64Array, Float64Array, Float64Array];
      const numbers = columns[0] as NumberColumn;
      for (let i = from; i < to; i++) {
        const slot = slots[i]!;
        const x = numbers[i]!;
        if (slot < 0 || Number.isNaN(x)) continue;
        add(sums, lost, slot, x);
        values[slot]! += 1;
      }
    },
    merge(into, from) {
      const [sums, lost, values] = cells.arrays as [Float64Array, Float64Array, Float64Array];
      add(sums, lost, into, sums[from]!);
      lost[into]! += lost[from]!;
      values[into]! += values[from]!;
    },
    result(slot) {
      const [sums, lost, values] = cells.arrays as [Float64Array, Float64Array, Float64Array];
      return finish(sums[slot]! + lost[slot]!, values[slot]!);
    },
    weight: (slot) => cells.arrays[2]![slot]!,
  };
}
