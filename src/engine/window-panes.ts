/**
 * The panes of a rule's windows: where a row goes, what a window holds, and what goes when it has closed.
 *
 * Panes stay until `keepMs` after the end of the last window they belong to; late readings may change closed windows so
 * long (revisions.ts).
 * Not here: when windows close, and what becomes of their results.
 */

import type { Aggregate } from './aggregates/aggregate.ts';
import type { WindowGrid } from './grid.ts';
import { createPlainJoins } from './joined-panes.ts';
import { createPanes, noPane, type SavedPanes } from './panes.ts';
import { createPartialJoins } from './partial-joins.ts';
import { createRevisions, type SavedRevisions } from './revisions.ts';
import type { OpenWindow } from './windows.ts';

export interface WindowPanes {
  /** The pane that starts there, for a row to be folded into. */
  at(key: number, startMs: number): number;
  /** Marks the closed windows that hold `t` and are still kept as changed; false when there are none. */
  revise(key: number, t: number, closedMs: number): boolean;
  /** The slot with the rows of a window that has any; valid until the next call. */
  join(key: number, endMs: number): number;
  /** The window has closed, as all before it: gives the end of the next one of the key that has rows, Infinity for none. */
  leave(key: number, endMs: number): number;
  /** Windows that have rows, from the one that ends at `endMs` on. */
  visit(key: number, endMs: number, visit: (window: OpenWindow) => void): void;
  /** Keys with windows that were changed. */
  revised(): number[];
  /** The key's changed windows, once. Rows must be folded. */
  takeRevised(key: number, visit: (window: OpenWindow) => void): void;
  count(): number;
  countOf(key: number): number;
  save(): SavedWindowPanes;
  load(saved: SavedWindowPanes): void;
}

export interface SavedWindowPanes {
  readonly panes: SavedPanes;
  readonly revisions: SavedRevisions;
}

export function createWindowPanes(
  grid: WindowGrid,
  aggregates: readonly Aggregate[],
  keepMs: number,
  /** Before panes of a key are dropped while changed windows need them. */
  beforeDrop: (key: number) => void,
): WindowPanes {
  const panes = createPanes(aggregates);
  const joins = grid.blocks
    ? createPartialJoins(panes, grid.blocks, aggregates)
    : createPlainJoins(panes, aggregates);
  const revisions = createRevisions();

  /** The key's earliest pane that does not start before `fromMs`. */
  function firstFrom(key: number, fromMs: number): number {
    if (keepMs === 0) {
      let pane = panes.oldest(key);
      while (pane !== noPane && panes.startMs(pane) < fromMs) pane = panes.newer(pane);
      return pane;
    }
    // Most of the panes are of windows that have closed.
    let first = noPane;
    for (
      let pane = panes.newest(key);
      pane !== noPane && panes.startMs(pane) >= fromMs;
      pane = panes.older(pane)
    ) {
      first = pane;
    }
    return first;
  }

  function drop(key: number, closedMs: number): void {
    for (let pane = panes.oldest(key); pane !== noPane; pane = panes.oldest(key)) {
      if (grid.lastEndOf(panes.startMs(pane)) + keepMs > closedMs) return;
      if (revisions.has(key)) beforeDrop(key);
      joins.leaving(key, pane);
      panes.dropOldest(key);
    }
  }

  return {
    at(key, startMs) {
      let pane = panes.find(key, startMs);
      if (pane === noPane) pane = panes.open(key, startMs);
      joins.changed(key, pane);
      return pane;
    },

    revise(key, t, closedMs) {
      const lastMs = Math.min(grid.lastEndOf(t), closedMs);
      let endMs = grid.endAfter(t, closedMs - keepMs);
      if (endMs > lastMs) return false;
      for (; endMs <= lastMs; endMs = grid.nextEndOf(endMs)) revisions.mark(key, endMs);
      return true;
    },

    join: (key, endMs) => joins.join(key, firstFrom(key, grid.startOf(endMs)), endMs),

    leave(key, endMs) {
      drop(key, endMs);
      const next = firstFrom(key, grid.startOf(grid.nextEndOf(endMs)));
      return next === noPane ? Number.POSITIVE_INFINITY : grid.endAfter(panes.startMs(next), endMs);
    },

    visit(key, fromMs, visit) {
      if (fromMs === Number.POSITIVE_INFINITY) return;
      let endMs = fromMs;
      let first = firstFrom(key, grid.startOf(endMs));
      while (first !== noPane) {
        const startMs = grid.startOf(endMs);
        const paneMs = panes.startMs(first);
        if (paneMs < startMs) {
          first = panes.newer(first);
        } else if (paneMs >= endMs) {
          // Windows without rows in between.
          endMs = grid.endAfter(paneMs, endMs);
        } else {
          visit({ startMs, endMs, slot: joins.join(key, first, endMs) });
          endMs = grid.nextEndOf(endMs);
        }
      }
    },

    revised: revisions.keys,
    takeRevised(key, visit) {
      for (const endMs of revisions.take(key)) {
        const startMs = grid.startOf(endMs);
        visit({ startMs, endMs, slot: joins.join(key, firstFrom(key, startMs), endMs) });
      }
    },

    count: panes.count,
    countOf: panes.countOf,
    save: () => ({ panes: panes.save(), revisions: revisions.save() }),
    load(saved) {
      panes.load(saved.panes);
      revisions.load(saved.revisions);
    },
  };
}
