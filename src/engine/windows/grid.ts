/**
 * Where the windows of a kind begin and end, and the panes their rows are folded into.
 *
 * Invariants: rows of one pane belong to the same windows, and no window cuts a pane; ends of windows strictly increase.
 * Not here: which windows are open.
 */

import { greatestCommonDivisor } from '../../core/divisor.ts';
import type { WindowPlan } from '../../rules/plan.ts';
import { calendarGrid } from './calendar-grid.ts';

/** All in event time, ms. */
export interface WindowGrid {
  /** Start of the pane that holds `t`. */
  paneStartOf(t: number): number;
  /** Start of the pane after the one that starts at `startMs`. */
  paneEndOf(startMs: number): number;
  /** End of the last window that holds `t`. */
  lastEndOf(t: number): number;
  /** End of the first window that holds `t` and ends after `closedMs`, or of a later one when none does. */
  endAfter(t: number, closedMs: number): number;
  /** Start of the window that ends at `endMs`. */
  startOf(endMs: number): number;
  /** Since when the window that ends at `endMs` tells more than the one before. */
  sinceOf(endMs: number): number;
  /** End of the window after the one that ends at `endMs`. */
  nextEndOf(endMs: number): number;
  /** Only where many windows share a pane. */
  readonly blocks?: WindowBlocks;
}

/** Time cut into pieces as long as a window: a window is the end of one and the beginning of the next. */
export interface WindowBlocks {
  /** Start of the block that holds `t`. */
  startOf(t: number): number;
  endOf(startMs: number): number;
  /** Start of the block that the end of a window lies in: of the last pane before `endMs`. */
  lastIn(endMs: number): number;
}

/** Windows that share a pane; beyond it partial results are cheaper than merging every pane for every window. */
const fewOverlapping = 8;

export type GridPlan = WindowPlan & { readonly kind: 'time' | 'calendar' };
type EvenPlan = GridPlan & { readonly kind: 'time' };

export function gridOf(plan: GridPlan): WindowGrid {
  return plan.kind === 'time' ? sharedGrid(plan) : calendarGrid(plan.schedule);
}

/** Of the windows that were ever written: thousands of rules have the same few. */
const evenGrids = new Map<string, WindowGrid>();

function sharedGrid(plan: EvenPlan): WindowGrid {
  const name = `${plan.lengthMs} ${plan.everyMs} ${plan.offsetMs}`;
  const grid = evenGrids.get(name) ?? evenGrid(plan);
  evenGrids.set(name, grid);
  return grid;
}

/** Windows `lengthMs` long, one each `everyMs`, aligned to the epoch plus `offsetMs`. */
function evenGrid({ lengthMs, everyMs, offsetMs }: EvenPlan): WindowGrid {
  const paneMs = greatestCommonDivisor(lengthMs, everyMs);
  const lastStartOf = (t: number): number => Math.floor((t - offsetMs) / everyMs) * everyMs + offsetMs;
  return {
    paneStartOf: (t) => Math.floor((t - offsetMs) / paneMs) * paneMs + offsetMs,
    paneEndOf: (startMs) => startMs + paneMs,
    lastEndOf: (t) => lastStartOf(t) + lengthMs,
    endAfter(t, closedMs) {
      const first = lastStartOf(t - lengthMs) + everyMs + lengthMs;
      return first > closedMs ? first : first + (Math.floor((closedMs - first) / everyMs) + 1) * everyMs;
    },
    startOf: (endMs) => endMs - lengthMs,
    sinceOf: (endMs) => endMs - everyMs,
    nextEndOf: (endMs) => endMs + everyMs,
    ...(lengthMs > fewOverlapping * everyMs && { blocks: evenBlocks(lengthMs, offsetMs, paneMs) }),
  };
}

function evenBlocks(lengthMs: number, offsetMs: number, paneMs: number): WindowBlocks {
  const startOf = (t: number): number => Math.floor((t - offsetMs) / lengthMs) * lengthMs + offsetMs;
  return { startOf, endOf: (startMs) => startMs + lengthMs, lastIn: (endMs) => startOf(endMs - paneMs) };
}
