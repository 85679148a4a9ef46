/**
 * Places in a rule's aggregates: taken when rows come, given back when their result is out.
 *
 * Invariant: a slot is reset when it is taken; `combined` is nobody's and holds what is merged for one result.
 */

import type { Aggregate } from '../aggregates/aggregate.ts';

export interface Slots {
  take(): number;
  giveBack(slot: number): void;
  /** How many are taken. */
  count(): number;
}

export const combined = 0;
export const noSlot = -1;

const atFirst = 4;

/** `grow` is told of each new capacity, so that what is kept by slot beside the aggregates grows with them. */
export function createSlots(aggregates: readonly Aggregate[], grow?: (capacity: number) => void): Slots {
  let capacity = 0;
  let used = combined + 1;
  const free: number[] = [];

  function growTo(slots: number): void {
    capacity = slots;
    for (const aggregate of aggregates) aggregate.grow(capacity);
    grow?.(capacity);
  }

  growTo(atFirst);
  return {
    take() {
      const slot = free.pop() ?? used++;
      if (slot >= capacity) growTo(capacity * 2);
      for (const aggregate of aggregates) aggregate.reset(slot);
      return slot;
    },
    giveBack: (slot) => free.push(slot),
    count: () => used - 1 - free.length,
  };
}
