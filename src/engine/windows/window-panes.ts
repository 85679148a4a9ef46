/**
 * The panes of a rule's windows: where a row goes, what a window holds, and what goes when it has closed.
 *
 * Panes stay until `keepMs` after the end of the last window they belong to; late readings may change closed windows so
 * long (revisions.ts).
 * Not here: when windows close, and what becomes of their results.
 */

import type { Aggregate } from '../aggregates/aggregate.ts';
import { grown } from '../grown.ts';
import type { WindowGrid } from './grid.ts';
import { joinPanes } from './joined-panes.ts';
import { createPanes, noPane, type SavedPanes } from './panes.ts';
import { createPartialJoins } from './partial-joins.ts';
import { createRevisions, type SavedRevisions } from './revisions.ts';
import type { HeldReadings, OpenWindow } from './windows.ts';

export interface WindowPanes {
  /** The pane that starts there, for a row to be folded into. */
  at(key: number, startMs: number): number;
  /** Marks the closed windows that hold `t` and are still kept as changed; false when there are none. */
  revise(key: number, t: number, closedMs: number): boolean;
  /** The slot with the rows of a window that has any; valid until the next call. */
  join(key: number, endMs: number): number;
  /** The window has closed, as all before it: gives the end of the next one of the key that has rows, Infinity for none. */
  leave(key: number, endMs: number): number;
  /** Panes of the key that start after `ms` go, with what they hold. */
  dropFrom(key: number, ms: number): void;
  /** End of the key's first window after `closedMs` that has rows; Infinity for none. */
  firstEndAfter(key: number, closedMs: number): number;
  /** Start of the key's newest pane; -Infinity without one. */
  latestMs(key: number): number;
  /** Windows that have rows, from the one that ends at `endMs` on. */
  visit(key: number, endMs: number, visit: (window: OpenWindow) => void): void;
  /** Keys with windows that were changed. */
  revised(): number[];
  /** End of the key's earliest window that was changed; Infinity when there is none. */
  revisedFromMs(key: number): number;
  /** The key's changed windows that end by then, once. Rows must be folded. */
  takeRevised(key: number, untilMs: number, visit: (window: OpenWindow) => void): void;
  count(): number;
  /** Counts rows in their panes. */
  hold(slots: Int32Array, from: number, to: number): void;
  /** Readings by key; `closedMs` gives up to where its windows have closed. */
  held(keys: number, closedMs: (key: number) => number): HeldReadings;
  /** Of a key; 0 when they are not counted. */
  countOf(key: number): number;
  save(): SavedWindowPanes;
  load(saved: SavedWindowPanes): void;
}

export interface SavedWindowPanes {
  readonly panes: SavedPanes;
  readonly revisions: SavedRevisions | undefined;
}

export interface WindowPanesSettings {
  readonly grid: WindowGrid;
  readonly aggregates: readonly Aggregate[];
  readonly keepMs: number;
  /** Counts the panes of each key. */
  readonly isCounting: boolean;
  /** Before panes of a key are dropped that changed windows need. */
  readonly beforeDrop: (key: number) => void;
  /** So many readings were dropped. */
  readonly left: (readings: number) => void;
}

export function createWindowPanes(settings: WindowPanesSettings): WindowPanes {
  const { grid, aggregates, keepMs, beforeDrop, left } = settings;
  const panes = createPanes(aggregates);
  // Thousands of rules have neither.
  const partial = grid.blocks && createPartialJoins(panes, grid.blocks, aggregates);
  const revisions = keepMs > 0 ? createRevisions() : undefined;
  /** By key. */
  let counts = settings.isCounting ? new Int32Array(0) : undefined;

  function count(key: number, more: number): void {
    if (counts === undefined) return;
    if (key >= counts.length) counts = grown(counts, Math.max(4, counts.length * 2, key + 1), 0);
    counts[key]! += more;
  }

  function open(key: number, startMs: number): number {
    count(key, 1);
    return panes.open(key, startMs);
  }

  function joined(key: number, first: number, endMs: number): number {
    return partial ? partial.join(key, first, endMs) : joinPanes(panes, aggregates, first, endMs);
  }

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

  function revisedFromMs(key: number): number {
    return revisions?.earliestMs(key) ?? Number.POSITIVE_INFINITY;
  }

  function drop(key: number, closedMs: number): void {
    for (let pane = panes.oldest(key); pane !== noPane; pane = panes.oldest(key)) {
      if (grid.lastEndOf(panes.startMs(pane)) + keepMs > closedMs) return;
      if (revisedFromMs(key) < Number.POSITIVE_INFINITY) beforeDrop(key);
      partial?.leaving(key, pane);
      left(panes.held(pane));
      panes.dropOldest(key);
      count(key, -1);
    }
  }

  return {
    at(key, startMs) {
      let pane = panes.find(key, startMs);
      if (pane === noPane) pane = open(key, startMs);
      partial?.changed(key, pane);
      return pane;
    },

    revise(key, t, closedMs) {
      const lastMs = Math.min(grid.lastEndOf(t), closedMs);
      let endMs = grid.endAfter(t, closedMs - keepMs);
      if (endMs > lastMs) return false;
      for (; endMs <= lastMs; endMs = grid.nextEndOf(endMs)) revisions!.mark(key, endMs);
      return true;
    },

    join: (key, endMs) => joined(key, firstFrom(key, grid.startOf(endMs)), endMs),

    leave(key, endMs) {
      drop(key, endMs);
      const next = firstFrom(key, grid.startOf(grid.nextEndOf(endMs)));
      return next === noPane ? Number.POSITIVE_INFINITY : grid.endAfter(panes.startMs(next), endMs);
    },

    dropFrom(key, ms) {
      for (let pane = panes.newest(key); pane !== noPane; pane = panes.newest(key)) {
        if (panes.startMs(pane) <= ms) return;
        partial?.changed(key, pane);
        partial?.leaving(key, pane);
        left(panes.held(pane));
        panes.dropNewest(key);
        count(key, -1);
      }
    },

    firstEndAfter(key, closedMs) {
      for (let pane = panes.oldest(key); pane !== noPane; pane = panes.newer(pane)) {
        const startMs = panes.startMs(pane);
        if (grid.lastEndOf(startMs) > closedMs) return grid.endAfter(startMs, closedMs);
      }
      return Number.POSITIVE_INFINITY;
    },

    latestMs(key) {
      const pane = panes.newest(key);
      return pane === noPane ? Number.NEGATIVE_INFINITY : panes.startMs(pane);
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
          visit({ startMs, endMs, slot: joined(key, first, endMs) });
          endMs = grid.nextEndOf(endMs);
        }
      }
    },

    revised: () => revisions?.keys() ?? [],
    revisedFromMs,
    takeRevised(key, untilMs, visit) {
      for (const endMs of revisions?.take(key, untilMs) ?? []) {
        const startMs = grid.startOf(endMs);
        visit({ startMs, endMs, slot: joined(key, firstFrom(key, startMs), endMs) });
      }
    },

    count: panes.count,
    hold: panes.hold,
    held(keys, closedMs) {
      let open = 0;
      let closed = 0;
      for (let key = 0; key < keys; key++) {
        const untilMs = closedMs(key);
        for (let pane = panes.newest(key); pane !== noPane; pane = panes.older(pane)) {
          if (grid.lastEndOf(panes.startMs(pane)) > untilMs) open += panes.held(pane);
          else closed += panes.held(pane);
        }
      }
      return { open, closed };
    },
    countOf: (key) => (counts && key < counts.length ? counts[key]! : 0),
    save: () => ({ panes: panes.save(), revisions: revisions?.save() }),
    load(saved) {
      panes.load(saved.panes);
      for (const key of saved.panes.key) count(key, 1);
      if (saved.revisions) revisions?.load(saved.revisions);
    },
  };
}
