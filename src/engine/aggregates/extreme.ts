/** `min` and `max`, which of truth values are `all` and `any`: null when there was no value. */

import type { NumberColumn } from '../../expression/rows.ts';
import { type Aggregate, createCells } from './aggregate.ts';

export function min(): Aggregate {
  const cells = createCells([Number.NaN]);
  return {
    ...cells,
    fold(slots, from, to, _rows, columns) {
      const least = cells.arrays[0]!;
      const numbers = columns[0] as NumberColumn;
      for (let i = from; i < to; i++) {
        const slot = slots[i]!;
        const x = numbers[i]!;
        // `!(x >= least)` also holds while `least` is still NaN.
        if (slot >= 0 && !Number.isNaN(x) && !(x >= least[slot]!)) least[slot] = x;
      }
    },
    merge(into, from) {
      const least = cells.arrays[0]!;
      const x = least[from]!;
      if (!Number.isNaN(x) && !(x >= least[into]!)) least[into] = x;
    },
    result: (slot) => cells.arrays[0]![slot]!,
  };
}

export function max(): Aggregate {
  const cells = createCells([Number.NaN]);
  return {
    ...cells,
    fold(slots, from, to, _rows, columns) {
      const greatest = cells.arrays[0]!;
      const numbers = columns[0] as NumberColumn;
      for (let i = from; i < to; i++) {
        const slot = slots[i]!;
        const x = numbers[i]!;
        if (slot >= 0 && !Number.isNaN(x) && !(x <= greatest[slot]!)) greatest[slot] = x;
      }
    },
    merge(into, from) {
      const greatest = cells.arrays[0]!;
      const x = greatest[from]!;
      if (!Number.isNaN(x) && !(x <= greatest[into]!)) greatest[into] = x;
    },
    result: (slot) => cells.arrays[0]![slot]!,
  };
}
