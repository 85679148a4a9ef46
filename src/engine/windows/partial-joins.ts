/**
 * What the panes of a window make together where many windows share a pane: a few merges a result, however many.
 *
 * Time is cut into blocks as long as a window. A window is the end of one block and the beginning of the next:
 *
 *     block      |  .  .  a──b──c  |  d──e  .  .  |      the window from a to e
 *     kept        a with b and c      d with e           their merge is the result
 *                 b with c
 *
 * Source: M. van Herk, "A fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels"
 * (1992); J. Gil, M. Werman, "Computing 2-D Min, Median, and Max Filters" (1993).
 * Invariants: what is kept is what the same panes would give again, so it is not saved; a pane that changes takes with
 * it all that it is part of. At most one slot is kept for a pane, and one for a key.
 * Aggregates whose partial results are not small are merged pane by pane instead.
 */

import type { Aggregate } from '../aggregates/aggregate.ts';
import { grown } from '../grown.ts';
import type { WindowBlocks } from './grid.ts';
import { isAlone, mergePanes } from './joined-panes.ts';
import { joinedSlot, noPane, type Panes } from './panes.ts';

export interface PartialJoins {
  /** As `joinPanes`; the slot is valid until the next call. */
  join(key: number, first: number, endMs: number): number;
  /** The pane is new, or a row goes into it after it was joined. */
  changed(key: number, pane: number): void;
  /** The pane is about to be dropped. */
  leaving(key: number, pane: number): void;
}

export function createPartialJoins(
  panes: Panes,
  blocks: WindowBlocks,
  aggregates: readonly Aggregate[],
): PartialJoins {
  const small = aggregates.filter(({ compact }) => compact !== undefined);
  const others = aggregates.filter(({ compact }) => compact === undefined);
  const suffixes = createSuffixes(panes, small);
  const prefixes = createPrefixes(panes, small);

  return {
    join(key, first, endMs) {
      if (isAlone(panes, first, endMs)) return first;
      const blockMs = blocks.lastIn(endMs);
      const before = panes.startMs(first) < blockMs ? suffixes.from(first, blockMs) : noPane;
      const after = prefixes.upTo(key, first, blockMs, endMs);
      mergePanes(panes, others, first, endMs);
      for (const aggregate of small) {
        aggregate.reset(joinedSlot);
        if (before !== noPane) aggregate.merge(joinedSlot, before);
        if (after !== noPane) aggregate.merge(joinedSlot, after);
      }
      return joinedSlot;
    },
    changed(key, pane) {
      const blockMs = blocks.startOf(panes.startMs(pane));
      suffixes.changed(pane, blockMs);
      prefixes.changed(key, pane, blocks.endOf(blockMs));
    },
    leaving(key, pane) {
      suffixes.leaving(pane);
      prefixes.leaving(key, pane);
    },
  };
}

function mergeAll(aggregates: readonly Aggregate[], into: number, from: number): void {
  for (const aggregate of aggregates) {
    aggregate.merge(into, from);
    aggregate.compact!(into);
  }
}

/** Of each pane what it makes with those that follow it in its block. A pane that has it is followed by such as have. */
function createSuffixes(panes: Panes, aggregates: readonly Aggregate[]) {
  /** By pane. */
  let slots = new Int32Array(0);
  const slotOf = (pane: number): number => (pane < slots.length ? slots[pane]! : noPane);

  function keep(pane: number, following: number): number {
    const slot = panes.borrow();
    mergeAll(aggregates, slot, pane);
    if (following !== noPane) mergeAll(aggregates, slot, following);
    if (pane >= slots.length) slots = grown(slots, Math.max(8, slots.length * 2, pane + 1), noPane);
    slots[pane] = slot;
    return slot;
  }

  function forget(pane: number): void {
    panes.giveBack(slots[pane]!);
    slots[pane] = noPane;
  }

  return {
    /** The slot of a pane whose block ends at `blockEndMs`. */
    from(pane: number, blockEndMs: number): number {
      let last = noPane;
      let next = pane;
      const isInside = (): boolean => next !== noPane && panes.startMs(next) < blockEndMs;
      while (isInside() && slotOf(next) === noPane) {
        last = next;
        next = panes.newer(next);
      }
      if (last === noPane) return slotOf(pane);
      let slot = isInside() ? slotOf(next) : noPane;
      for (let at = last; at !== pane; at = panes.older(at)) slot = keep(at, slot);
      return keep(pane, slot);
    },
    changed(pane: number, blockStartMs: number): void {
      if (slotOf(pane) !== noPane) forget(pane);
      for (let at = panes.older(pane); at !== noPane && slotOf(at) !== noPane; at = panes.older(at)) {
        if (panes.startMs(at) < blockStartMs) return;
        forget(at);
      }
    },
    leaving(pane: number): void {
      if (slotOf(pane) !== noPane) forget(pane);
    },
  };
}

/** Of each key what the panes of one block make, from its first up to one of them. */
function createPrefixes(panes: Panes, aggregates: readonly Aggregate[]) {
  // By key; `last` is the newest pane in the slot.
  let slots = new Int32Array(0);
  let last = new Int32Array(0);
  const slotOf = (key: number): number => (key < slots.length ? slots[key]! : noPane);

  function extend(key: number, pane: number): void {
    if (key >= slots.length) {
      const capacity = Math.max(4, slots.length * 2, key + 1);
      slots = grown(slots, capacity, noPane);
      last = grown(last, capacity, noPane);
    }
    if (slots[key] === noPane) slots[key] = panes.borrow();
    mergeAll(aggregates, slots[key]!, pane);
    last[key] = pane;
  }

  function forget(key: number): void {
    panes.giveBack(slots[key]!);
    slots[key] = noPane;
  }

  /** Whether the slot of a key has panes of this block, and none from `endMs` on. */
  function fits(key: number, blockMs: number, endMs: number): boolean {
    const lastMs = panes.startMs(last[key]!);
    return blockMs <= lastMs && lastMs < endMs;
  }

  return {
    /** The slot with the panes of a block before `endMs`, `noPane` when there is none; `first` is not after them. */
    upTo(key: number, first: number, blockMs: number, endMs: number): number {
      if (panes.startMs(panes.newest(key)) < blockMs) return noPane;
      let pane = first;
      if (slotOf(key) !== noPane && fits(key, blockMs, endMs)) {
        pane = panes.newer(last[key]!);
      } else {
        if (slotOf(key) !== noPane) forget(key);
        while (panes.startMs(pane) < blockMs) pane = panes.newer(pane);
      }
      for (; pane !== noPane && panes.startMs(pane) < endMs; pane = panes.newer(pane)) extend(key, pane);
      return slotOf(key);
    },
    changed(key: number, pane: number, blockEndMs: number): void {
      if (slotOf(key) === noPane) return;
      const lastMs = panes.startMs(last[key]!);
      if (panes.startMs(pane) <= lastMs && lastMs < blockEndMs) forget(key);
    },
    leaving(key: number, pane: number): void {
      if (slotOf(key) !== noPane && last[key] === pane) forget(key);
    },
  };
}
