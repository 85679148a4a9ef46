/**
 * The open panes of a rule: for each key its slices of time that have rows, each with a slot in every aggregate.
 *
 * Invariant: a key's panes are linked newest first; the slot of a dropped pane is used again, reset.
 * Not here: which windows a pane belongs to, and when they close.
 */

import type { Aggregate } from './aggregates/aggregate.ts';
import { grown } from './grown.ts';

export const noPane = -1;

export interface Panes {
  /** The newest pane of a key, or `noPane`. */
  newest(key: number): number;
  /** The next older pane of the same key, or `noPane`. */
  older(slot: number): number;
  startMs(slot: number): number;
  /** The pane of a key that starts there, or `noPane`. */
  find(key: number, startMs: number): number;
  open(key: number, startMs: number): number;
  /** Drops a pane and all older ones of its key. */
  dropFrom(key: number, slot: number): void;
  /** The slot with the rows of the panes that start in `[fromMs, toMs)`, combined; valid until the next call. */
  combine(key: number, fromMs: number, toMs: number): number;
  count(): number;
  save(): SavedPanes;
  load(saved: SavedPanes): void;
}

export interface SavedPanes {
  readonly key: Int32Array;
  readonly startMs: Float64Array;
  readonly aggregates: readonly unknown[];
}

/** Where panes are combined; no pane has it. */
const combined = 0;

export function createPanes(aggregates: readonly Aggregate[]): Panes {
  let newest = new Int32Array(0);
  let paneKey = new Int32Array(0);
  let startMs = new Float64Array(0);
  let older = new Int32Array(0);
  let used = combined + 1;
  const free: number[] = [];

  growSlots(4);

  function growSlots(capacity: number): void {
    paneKey = grown(paneKey, capacity, noPane);
    startMs = grown(startMs, capacity, 0);
    older = grown(older, capacity, noPane);
    for (const aggregate of aggregates) aggregate.grow(capacity);
  }

  function open(key: number, start: number): number {
    if (key >= newest.length) newest = grown(newest, Math.max(4, newest.length * 2, key + 1), noPane);
    const slot = free.pop() ?? used++;
    if (slot >= paneKey.length) growSlots(paneKey.length * 2);
    for (const aggregate of aggregates) aggregate.reset(slot);
    paneKey[slot] = key;
    startMs[slot] = start;
    link(key, slot);
    return slot;
  }

  function link(key: number, slot: number): void {
    let newer = noPane;
    let next = newest[key]!;
    while (next !== noPane && startMs[next]! > startMs[slot]!) {
      newer = next;
      next = older[next]!;
    }
    older[slot] = next;
    if (newer === noPane) newest[key] = slot;
    else older[newer] = slot;
  }

  function between(key: number, fromMs: number, toMs: number): number[] {
    const slots: number[] = [];
    for (let slot = newest[key]!; slot !== noPane && startMs[slot]! >= fromMs; slot = older[slot]!) {
      if (startMs[slot]! < toMs) slots.push(slot);
    }
    return slots;
  }

  return {
    newest: (key) => (key < newest.length ? newest[key]! : noPane),
    older: (slot) => older[slot]!,
    startMs: (slot) => startMs[slot]!,
    find(key, start) {
      let slot = key < newest.length ? newest[key]! : noPane;
      while (slot !== noPane && startMs[slot]! > start) slot = older[slot]!;
      return slot !== noPane && startMs[slot] === start ? slot : noPane;
    },
    open,
    dropFrom(key, from) {
      let keep = noPane;
      for (let slot = newest[key]!; slot !== from; slot = older[slot]!) keep = slot;
      if (keep === noPane) newest[key] = noPane;
      else older[keep] = noPane;
      for (let slot = from; slot !== noPane; slot = older[slot]!) free.push(slot);
    },
    combine(key, fromMs, toMs) {
      const slots = between(key, fromMs, toMs);
      if (slots.length === 1) return slots[0]!;
      for (const aggregate of aggregates) {
        aggregate.reset(combined);
        for (let i = slots.length - 1; i >= 0; i--) aggregate.merge(combined, slots[i]!);
      }
      return combined;
    },
    count: () => used - 1 - free.length,
    save() {
      const unused = new Set(free);
      const slots = Int32Array.from({ length: used - 1 }, (_, i) => i + 1).filter(
        (slot) => !unused.has(slot),
      );
      return {
        key: slots.map((slot) => paneKey[slot]!),
        startMs: Float64Array.from(slots, (slot) => startMs[slot]!),
        aggregates: aggregates.map((aggregate) => aggregate.save(slots)),
      };
    },
    load(saved) {
      const slots = Int32Array.from(saved.key, (key, i) => open(key, saved.startMs[i]!));
      for (const [a, aggregate] of aggregates.entries()) aggregate.load(saved.aggregates[a], slots);
    },
  };
}
