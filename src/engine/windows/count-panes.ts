/**
 * The panes of windows by count: by key a queue of slots, the oldest first, each with as many readings.
 *
 * Readings come at one end and leave at the other, so what the whole queue makes together is had with two merges, however
 * long it is: the older half keeps with each pane what it makes with those behind it up to the middle, the newer half
 * keeps one sum. When the older half is used up, the newer one takes its place.
 * Source: K. Tangwongsan, M. Hirzel, S. Schneider, "Low-Latency Sliding-Window Aggregation in Worst-Case Constant Time"
 * (2017), where this is called Two-Stacks.
 *
 * Invariants: panes are merged in order of arrival, and how follows from the number of readings alone. Aggregates that
 * grow when they are merged keep their panes as they are and are merged pane by pane for each result.
 * Not here: when a pane is full, and a window.
 */

import type { Aggregate } from '../aggregates/aggregate.ts';
import { combined, createSlots, noSlot } from './slots.ts';

export interface CountPanes {
  /** Of a key. */
  length(key: number): number;
  /** The pane opened last, while it is not full. */
  newest(key: number): number;
  /** A new pane behind the newest. */
  open(key: number): number;
  /** Drops the oldest panes. All rows must have been folded. */
  dropOldest(key: number, panes: number): void;
  /** The slot with the rows of all panes of a key that has any; valid until the next call. All rows must have been folded. */
  combine(key: number): number;
  count(): number;
  save(): SavedCountPanes;
  load(saved: SavedCountPanes): void;
}

export interface SavedCountPanes {
  /** By key: panes in its older and in its newer half. */
  readonly older: Int32Array;
  readonly newer: Int32Array;
  readonly aggregates: readonly unknown[];
}

interface Queue {
  /** The oldest pane last. Of small aggregates each slot also holds the panes before it in the list. */
  older: number[];
  /** The newest pane last. */
  newer: number[];
  /** What the first panes of `newer` make together, of small aggregates, and how many these are. */
  sum: number;
  summed: number;
}

export function createCountPanes(aggregates: readonly Aggregate[]): CountPanes {
  const queues: Queue[] = [];
  const slots = createSlots(aggregates);
  const small = aggregates.filter(isSmall);
  const others = aggregates.filter((aggregate) => !isSmall(aggregate));

  const lengthOf = ({ older, newer }: Queue): number => older.length + newer.length;

  function mergeSmall(into: number, from: number): void {
    for (const aggregate of small) aggregate.merge(into, from);
  }

  function queueOf(key: number): Queue {
    while (queues.length <= key) queues.push({ older: [], newer: [], sum: noSlot, summed: 0 });
    return queues[key]!;
  }

  /** The newer half becomes the older one. */
  function turn(queue: Queue): void {
    queue.older = queue.newer.reverse();
    queue.newer = [];
    forgetSum(queue);
    for (const [i, slot] of queue.older.entries()) {
      if (i > 0) mergeSmall(slot, queue.older[i - 1]!);
    }
  }

  function forgetSum(queue: Queue): void {
    if (queue.sum !== noSlot) slots.giveBack(queue.sum);
    queue.sum = noSlot;
    queue.summed = 0;
  }

  /** The sum of the newer half but for its newest pane, which may still grow. */
  function sumOf(queue: Queue): number {
    if (queue.sum === noSlot && queue.newer.length > 1) queue.sum = slots.take();
    for (; queue.summed < queue.newer.length - 1; queue.summed++) {
      mergeSmall(queue.sum, queue.newer[queue.summed]!);
    }
    return queue.sum;
  }

  function combine(queue: Queue): number {
    const { older, newer } = queue;
    if (lengthOf(queue) === 1) return older[0] ?? newer[0]!;
    const sum = sumOf(queue);
    for (const aggregate of aggregates) aggregate.reset(combined);
    if (older.length > 0) mergeSmall(combined, older.at(-1)!);
    if (sum !== noSlot) mergeSmall(combined, sum);
    if (newer.length > 0) mergeSmall(combined, newer.at(-1)!);
    for (const aggregate of others) {
      for (let i = older.length - 1; i >= 0; i--) aggregate.merge(combined, older[i]!);
      for (const slot of newer) aggregate.merge(combined, slot);
    }
    return combined;
  }

  return {
    length: (key) => (key < queues.length ? lengthOf(queues[key]!) : 0),
    newest: (key) => queues[key]!.newer.at(-1)!,
    open(key) {
      const slot = slots.take();
      queueOf(key).newer.push(slot);
      return slot;
    },
    dropOldest(key, panes) {
      const queue = queues[key]!;
      for (let dropped = 0; dropped < panes; dropped++) {
        if (queue.older.length === 0) turn(queue);
        slots.giveBack(queue.older.pop()!);
      }
    },
    combine: (key) => combine(queues[key]!),
    count: slots.count,
    save() {
      const all = Int32Array.from(queues.flatMap(({ older, newer }) => [...older, ...newer]));
      return {
        older: Int32Array.from(queues, ({ older }) => older.length),
        newer: Int32Array.from(queues, ({ newer }) => newer.length),
        aggregates: aggregates.map((aggregate) => aggregate.save(all)),
      };
    },
    load(saved) {
      const take = (length: number): number[] => Array.from({ length }, slots.take);
      for (const [key, length] of saved.older.entries()) {
        const queue = queueOf(key);
        queue.older = take(length);
        queue.newer = take(saved.newer[key]!);
      }
      const all = Int32Array.from(queues.flatMap(({ older, newer }) => [...older, ...newer]));
      for (const [a, aggregate] of aggregates.entries()) aggregate.load(saved.aggregates[a], all);
    },
  };
}

/** Whether many merged panes take no more room than one, also when they overlap in time. */
function isSmall(aggregate: Aggregate): boolean {
  return aggregate.compact !== undefined && aggregate.followsTime === undefined;
}
