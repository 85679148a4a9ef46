/**
 * What the panes of a window make together, by merging them in order of time.
 *
 * Invariant: how panes are merged follows from their times alone, never from when results were asked for or what was
 * kept: floating point results have the same bits after a restart.
 * Not here: windows of many panes that share most of them (partial-joins.ts).
 */

import type { Aggregate } from '../aggregates/aggregate.ts';
import { joinedSlot, noPane, type Panes } from './panes.ts';

/**
 * The slot with the rows of a window, which ends at `endMs` and whose first pane is `first`: that of its only pane, or
 * `joinedSlot`, into which they are merged.
 */
export function joinPanes(
  panes: Panes,
  aggregates: readonly Aggregate[],
  first: number,
  endMs: number,
): number {
  if (isAlone(panes, first, endMs)) return first;
  mergePanes(panes, aggregates, first, endMs);
  return joinedSlot;
}

/** Whether a pane is the only one of a window that ends at `endMs`. */
export function isAlone(panes: Panes, first: number, endMs: number): boolean {
  const second = panes.newer(first);
  return second === noPane || panes.startMs(second) >= endMs;
}

/** Merges the panes from `first` on that start before `endMs` into `joinedSlot`. */
export function mergePanes(
  panes: Panes,
  aggregates: readonly Aggregate[],
  first: number,
  endMs: number,
): void {
  for (const aggregate of aggregates) {
    aggregate.reset(joinedSlot);
    for (let pane = first; pane !== noPane && panes.startMs(pane) < endMs; pane = panes.newer(pane)) {
      aggregate.merge(joinedSlot, pane);
    }
  }
}
