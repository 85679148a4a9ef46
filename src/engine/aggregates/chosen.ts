/**
 * `argmax(x, y)` and `argmin(x, y)`: the value of x, of any type, at the reading where y is greatest or smallest. Of
 * several such readings the earliest by event time, of one time the first to arrive. A reading that lacks either value
 * is skipped.
 */

import type { NumberColumn } from '../../expression/rows.ts';
import { type Aggregate, createCells, isNull } from './aggregate.ts';

export function argmax(): Aggregate {
  return chosen((y, held) => y > held);
}

export function argmin(): Aggregate {
  return chosen((y, held) => y < held);
}

function chosen(isBetter: (y: number, held: number) => boolean): Aggregate {
  /** By slot: y and the time of the reading held; NaN before the first. */
  const cells = createCells([Number.NaN, Number.NaN]);
  const values: (number | string | null)[] = [];

  function offer(slot: number, x: number | string | null, y: number, timeMs: number): void {
    const [ys, times] = cells.arrays as [Float64Array, Float64Array];
    const held = ys[slot]!;
    const replaces = Number.isNaN(held) || isBetter(y, held) || (y === held && timeMs < times[slot]!);
    if (!replaces) return;
    values[slot] = x;
    ys[slot] = y;
    times[slot] = timeMs;
  }

  return {
    grow: cells.grow,
    compact: cells.compact,
    reset(slot) {
      cells.reset(slot);
      values[slot] = null;
    },
    fold(slots, from, to, rows, columns) {
      const xs = columns[0]!;
      const ys = columns[1] as NumberColumn;
      for (let i = from; i < to; i++) {
        const x = xs[i]!;
        if (slots[i]! >= 0 && !isNull(x) && !Number.isNaN(ys[i]!))
          offer(slots[i]!, x, ys[i]!, rows.eventMs[i]!);
      }
    },
    merge(into, from) {
      const [ys, times] = cells.arrays as [Float64Array, Float64Array];
      if (!Number.isNaN(ys[from]!)) offer(into, values[from]!, ys[from]!, times[from]!);
    },
    result: (slot) => values[slot]!,
    save: (slots) => ({ cells: cells.save(slots), values: Array.from(slots, (slot) => values[slot]!) }),
    load(saved, slots) {
      const held = saved as { cells: unknown; values: (number | string | null)[] };
      cells.load(held.cells, slots);
      for (const [j, slot] of slots.entries()) values[slot] = held.values[j]!;
    },
  };
}
