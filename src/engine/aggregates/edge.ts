/**
 * `first` and `last` by event time, arrival breaking ties: of two readings of one time the first to arrive is first,
 * the last to arrive is last. Null values are skipped. Any type.
 */

import type { NumberColumn, StringColumn } from '../../expression/rows.ts';
import type { AggregatePlan } from '../../rules/plan.ts';
import { type Aggregate, createCells } from './aggregate.ts';

export function first(plan: AggregatePlan): Aggregate {
  return edge(plan, (time, held) => time < held);
}

export function last(plan: AggregatePlan): Aggregate {
  return edge(plan, (time, held) => time >= held);
}

type Replaces = (time: number, held: number) => boolean;

function edge(plan: AggregatePlan, replaces: Replaces): Aggregate {
  return plan.argumentType === 'string' ? stringEdge(replaces) : numberEdge(replaces);
}

function numberEdge(replaces: Replaces): Aggregate {
  const cells = createCells([Number.NaN, Number.NaN]);
  return {
    ...cells,
    fold(slots, from, to, rows, columns) {
      const [values, times] = cells.arrays as [Float64Array, Float64Array];
      const numbers = columns[0] as NumberColumn;
      const { eventMs } = rows;
      for (let i = from; i < to; i++) {
        const slot = slots[i]!;
        const x = numbers[i]!;
        if (slot < 0 || Number.isNaN(x)) continue;
        const held = times[slot]!;
        if (!Number.isNaN(held) && !replaces(eventMs[i]!, held)) continue;
        values[slot] = x;
        times[slot] = eventMs[i]!;
      }
    },
    merge(into, from) {
      const [values, times] = cells.arrays as [Float64Array, Float64Array];
      const [time, held] = [times[from]!, times[into]!];
      if (Number.isNaN(time) || (!Number.isNaN(held) && !replaces(time, held))) return;
      values[into] = values[from]!;
      times[into] = time;
    },
    result: (slot) => cells.arrays[0]![slot]!,
  };
}

function stringEdge(replaces: Replaces): Aggregate {
  const cells = createCells([Number.NaN]);
  const values: (string | null)[] = [];

  function offer(slot: number, value: string | null, time: number): void {
    const times = cells.arrays[0]!;
    const held = times[slot]!;
    if (value === null || (!Number.isNaN(held) && !replaces(time, held))) return;
    values[slot] = value;
    times[slot] = time;
  }

  return {
    grow: cells.grow,
    compact: cells.compact,
    reset(slot) {
      cells.reset(slot);
      values[slot] = null;
    },
    fold(slots, from, to, rows, columns) {
      const strings = columns[0] as StringColumn;
      for (let i = from; i < to; i++) {
        if (slots[i]! >= 0) offer(slots[i]!, strings[i]!, rows.eventMs[i]!);
      }
    },
    merge(into, from) {
      offer(into, values[from]!, cells.arrays[0]![from]!);
    },
    result: (slot) => values[slot]!,
    save: (slots) => ({ times: cells.save(slots), values: Array.from(slots, (slot) => values[slot]!) }),
    load(saved, slots) {
      const held = saved as { times: unknown; values: (string | null)[] };
      cells.load(held.times, slots);
      for (const [j, slot] of slots.entries()) values[slot] = held.values[j]!;
    },
  };
}
