/**
 * The open panes of a rule: for each key its slices of time that have rows, each with a slot in every aggregate.
 *
 * Invariant: a key's panes are linked in order of time; a slot that is free is used again, reset.
 * Not here: which windows a pane belongs to, when they close, and what panes make together.
 */

import type { Aggregate } from '../aggregates/aggregate.ts';
import { grown, grownTogether } from '../grown.ts';

export const noPane = -1;
/** Where the panes of a window are joined; no pane has it. */
export const joinedSlot = 0;

export interface Panes {
  /** The newest pane of a key, or `noPane`. */
  newest(key: number): number;
  oldest(key: number): number;
  /** The next newer pane of the same key, or `noPane`. */
  newer(slot: number): number;
  older(slot: number): number;
  startMs(slot: number): number;
  /** The pane of a key that starts there, or `noPane`. */
  find(key: number, startMs: number): number;
  open(key: number, startMs: number): number;
  dropOldest(key: number): void;
  dropNewest(key: number): void;
  /** A slot that is no pane: for what can be made again from panes. It is not saved. */
  borrow(): number;
  giveBack(slot: number): void;
  /** Counts rows in their panes; `slots[i]` is negative for rows that do not count. */
  hold(slots: Int32Array, from: number, to: number): void;
  /** Rows that a pane holds. */
  held(slot: number): number;
  count(): number;
  save(): SavedPanes;
  load(saved: SavedPanes): void;
}

export interface SavedPanes {
  readonly key: Int32Array;
  readonly startMs: Float64Array;
  readonly held: Int32Array;
  readonly aggregates: readonly unknown[];
}

export function createPanes(aggregates: readonly Aggregate[]): Panes {
  // By key.
  let newest = new Int32Array(0);
  // By slot; `paneKey` is negative where there is no pane.
  let paneKey = new Int32Array(0);
  let startMs = new Float64Array(0);
  let older = new Int32Array(0);
  /** The newest leads to the oldest. */
  let newer = new Int32Array(0);
  let held = new Int32Array(0);
  let used = joinedSlot + 1;
  let count = 0;
  const free: number[] = [];

  growSlots(4);

  function growSlots(capacity: number): void {
    [paneKey, startMs, older, newer, held] = grownTogether(capacity, [
      [paneKey, noPane],
      [startMs, 0],
      [older, noPane],
      [newer, noPane],
      [held, 0],
    ]);
    for (const aggregate of aggregates) aggregate.grow(capacity);
  }

  function borrow(): number {
    const slot = free.pop() ?? used++;
    if (slot >= paneKey.length) growSlots(paneKey.length * 2);
    for (const aggregate of aggregates) aggregate.reset(slot);
    held[slot] = 0;
    return slot;
  }

  function open(key: number, start: number): number {
    if (key >= newest.length) {
      newest = grown(newest, Math.max(4, newest.length * 2, key + 1), noPane);
    }
    const slot = borrow();
    paneKey[slot] = key;
    startMs[slot] = start;
    link(key, slot);
    count += 1;
    return slot;
  }

  function oldest(key: number): number {
    const last = key < newest.length ? newest[key]! : noPane;
    return last === noPane ? noPane : newer[last]!;
  }

  function link(key: number, slot: number): void {
    let after = noPane;
    let before = newest[key]!;
    while (before !== noPane && startMs[before]! > startMs[slot]!) {
      after = before;
      before = older[before]!;
    }
    const first = before === noPane ? slot : oldest(key);
    older[slot] = before;
    newer[slot] = after === noPane ? first : after;
    if (before !== noPane) newer[before] = slot;
    if (after !== noPane) older[after] = slot;
    else newest[key] = slot;
    newer[newest[key]!] = first;
  }

  return {
    newest: (key) => (key < newest.length ? newest[key]! : noPane),
    oldest,
    newer: (slot) => (newest[paneKey[slot]!] === slot ? noPane : newer[slot]!),
    older: (slot) => older[slot]!,
    startMs: (slot) => startMs[slot]!,
    find(key, start) {
      let slot = key < newest.length ? newest[key]! : noPane;
      while (slot !== noPane && startMs[slot]! > start) slot = older[slot]!;
      return slot !== noPane && startMs[slot] === start ? slot : noPane;
    },
    open,
    dropOldest(key) {
      const slot = oldest(key);
      const last = newest[key]!;
      const next = newer[slot]!;
      if (slot === last) newest[key] = noPane;
      else {
        older[next] = noPane;
        newer[last] = next;
      }
      paneKey[slot] = noPane;
      count -= 1;
      free.push(slot);
    },
    dropNewest(key) {
      const slot = newest[key]!;
      const next = older[slot]!;
      newest[key] = next;
      // The newest leads to the oldest.
      if (next !== noPane) newer[next] = newer[slot]!;
      paneKey[slot] = noPane;
      count -= 1;
      free.push(slot);
    },
    borrow,
    giveBack(slot) {
      free.push(slot);
    },
    hold(slots, from, to) {
      const counts = held;
      for (let i = from; i < to; i++) {
        const slot = slots[i]!;
        if (slot >= 0) counts[slot]! += 1;
      }
    },
    held: (slot) => held[slot]!,
    count: () => count,
    save() {
      const slots = Int32Array.from({ length: used }, (_, slot) => slot).filter(
        (slot) => paneKey[slot]! !== noPane,
      );
      return {
        key: slots.map((slot) => paneKey[slot]!),
        startMs: Float64Array.from(slots, (slot) => startMs[slot]!),
        held: slots.map((slot) => held[slot]!),
        aggregates: aggregates.map((aggregate) => aggregate.save(slots)),
      };
    },
    load(saved) {
      const slots = Int32Array.from(saved.key, (key, i) => open(key, saved.startMs[i]!));
      for (const [i, slot] of slots.entries()) held[slot] = saved.held[i]!;
      for (const [a, aggregate] of aggregates.entries()) aggregate.load(saved.aggregates[a], slots);
    },
  };
}
