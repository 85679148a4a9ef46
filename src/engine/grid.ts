/**
 * Where the windows of a kind begin and end, and the panes their rows are folded into.
 *
 * Invariants: rows of one pane belong to the same windows, and no window cuts a pane; ends of windows strictly increase.
 * Not here: which windows are open.
 */

import type { WindowPlan } from '../rules/plan.ts';
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
}

export type GridPlan = WindowPlan & { readonly kind: 'time' | 'calendar' };
type EvenPlan = GridPlan & { readonly kind: 'time' };

export function gridOf(plan: GridPlan): WindowGrid {
  return plan.kind === 'time' ? evenGrid(plan) : calendarGrid(plan.schedule);
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
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
