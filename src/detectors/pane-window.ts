/**
 * Count, mean and spread of the values of the last while, per key: a window of `panes` equal slices that moves on by
 * whole slices, so that old values leave it entirely and for good.
 *
 * Slices are counted from the key's first value. A value older than the newest goes to its slice, or nowhere when that
 * has left the window. The window ends with the slice of the newest value; it holds between 11 and 12 twelfths of its
 * length.
 *
 * Source: moments updated and merged as in T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating Formulae and a Pairwise
 * Algorithm for Computing Sample Variances" (1979).
 */

const panes = 12;

// Of a window's doubles: time of the first value, number of the newest slice, how many slices before it hold a value,
// moments of these together, slices.
const start = 0;
const newest = 1;
const closedFilled = 2;
const closed = 3;
const slices = 6;

/** Doubles of one window in a record. */
export const paneWindowWidth = slices + 3 * panes;

export const emptyPaneWindow: readonly number[] = Array.from({ length: paneWindowWidth }, (_, i) =>
  i === start ? Number.NaN : 0,
);

export interface PaneWindow {
  /** What `look` found: values, their mean, the sum of squared distances from it. */
  count: number;
  mean: number;
  squares: number;
  /** Of its twelve slices those that hold a value. */
  filled: number;
  /** The window as it is at tMs, into the four above; `at` is its place in the cells. Changes no cell. */
  look(cells: Float64Array, at: number, tMs: number): void;
  /** Takes in `count` values of about tMs, by their moments; false when that time has left the window. */
  add(cells: Float64Array, at: number, tMs: number, count: number, mean: number, squares: number): boolean;
  /** Calls back with each slice that leaves the window when time goes on to tMs: its middle and moments. */
  leaving(cells: Float64Array, at: number, tMs: number, leave: Leave): void;
}

export type Leave = (midMs: number, count: number, mean: number, squares: number) => void;

export function createPaneWindow(lengthMs: number): PaneWindow {
  const paneMs = lengthMs / panes;

  /** Number of the slice that is the newest at tMs. */
  function paneAt(cells: Float64Array, at: number, tMs: number): number {
    return Math.max(Math.floor((tMs - cells[at + start]!) / paneMs), cells[at + newest]!);
  }

  const window: PaneWindow = {
    count: 0,
    mean: 0,
    squares: 0,
    filled: 0,
    look(cells, at, tMs) {
      window.count = 0;
      window.filled = 0;
      if (Number.isNaN(cells[at + start]!)) return;
      const pane = paneAt(cells, at, tMs);
      const last = cells[at + newest]!;
      if (pane === last) {
        take(window, cells, at + closed, cells[at + closedFilled]!);
      } else {
        for (let i = pane - panes + 1; i < last; i++) take(window, cells, placeOf(at, i), 1);
      }
      if (pane < last + panes) take(window, cells, placeOf(at, last), 1);
    },
    add(cells, at, tMs, count, mean, squares) {
      if (Number.isNaN(cells[at + start]!)) cells[at + start] = tMs;
      const pane = Math.floor((tMs - cells[at + start]!) / paneMs);
      const last = cells[at + newest]!;
      if (pane <= last - panes) return false;
      for (let i = Math.max(last + 1, pane - panes + 1); i <= pane; i++) clear(cells, placeOf(at, i));
      cells[at + newest] = Math.max(pane, last);
      merge(cells, placeOf(at, pane), count, mean, squares);
      if (pane !== last) summarise(cells, at);
      return true;
    },
    leaving(cells, at, tMs, leave) {
      if (Number.isNaN(cells[at + start]!)) return;
      const last = cells[at + newest]!;
      const end = Math.min(paneAt(cells, at, tMs) - panes, last);
      for (let i = last - panes + 1; i <= end; i++) {
        const place = placeOf(at, i);
        if (cells[place] === 0) continue;
        // Whole milliseconds from the first value: exact, whatever the year.
        const midMs = cells[at + start]! + Math.floor((i + 0.5) * paneMs);
        leave(midMs, cells[place]!, cells[place + 1]!, cells[place + 2]!);
      }
    },
  };
  return window;
}

/** Slices go round; their numbers may be negative, for values from before the first. */
function placeOf(at: number, pane: number): number {
  return at + slices + 3 * (((pane % panes) + panes) % panes);
}

function clear(cells: Float64Array, place: number): void {
  cells[place] = 0;
  cells[place + 1] = 0;
  cells[place + 2] = 0;
}

function merge(cells: Float64Array, into: number, count: number, mean: number, squares: number): void {
  if (count === 0) return;
  const n = cells[into]! + count;
  const step = mean - cells[into + 1]!;
  cells[into + 2]! += squares + (step * step * cells[into]! * count) / n;
  // Quotient first: into an empty slice the mean goes unchanged, so that equal values have no spread.
  cells[into + 1]! += step * (count / n);
  cells[into] = n;
}

/** Moments of all slices but the newest, kept so that `look` need not gather them for each value. */
function summarise(cells: Float64Array, at: number): void {
  const last = cells[at + newest]!;
  clear(cells, at + closed);
  cells[at + closedFilled] = 0;
  for (let i = last - panes + 1; i < last; i++) {
    const place = placeOf(at, i);
    if (cells[place]! > 0) cells[at + closedFilled]! += 1;
    merge(cells, at + closed, cells[place]!, cells[place + 1]!, cells[place + 2]!);
  }
}

/** Adds the moments at `place`, of so many slices, to what was found. */
function take(window: PaneWindow, cells: Float64Array, place: number, filled: number): void {
  const count = cells[place]!;
  if (count === 0) return;
  if (window.count === 0) {
    window.mean = 0;
    window.squares = 0;
  }
  const n = window.count + count;
  const step = cells[place + 1]! - window.mean;
  window.squares += cells[place + 2]! + (step * step * window.count * count) / n;
  window.mean += step * (count / n);
  window.count = n;
  window.filled += filled;
}
