/**
 * The values just before: the last five of a key in the order they came, their median, and how far apart they usually are.
 *
 * After a gap of ten times the usual interval the values before it tell nothing of those after it, and are forgotten.
 * Invariant: late values are kept out by the caller. Not here: what is made of the distance to the median.
 */

import { medianOf, replaceSorted } from './sorted.ts';

const values = 5;
const longGap = 10;
/** Values over which the usual interval is averaged. */
const intervals = 50;

/** Values held, place of the next one, all values so far, time and value of the newest, mean interval; ring; order. */
const held = 0;
const next = 1;
const seen = 2;
const newestMs = 3;
const last = 4;
const intervalMs = 5;
const ring = 6;
const sorted = ring + values;

/** Doubles of one key's neighbours in a record. */
export const neighboursWidth = sorted + values;

export const noNeighbours: readonly number[] = Array.from({ length: neighboursWidth }, (_, i) =>
  i === newestMs ? Number.NEGATIVE_INFINITY : 0,
);

/** Whether a value of that time is older than the newest. */
export function isLate(cells: Float64Array, at: number, tMs: number): boolean {
  return tMs < cells[at + newestMs]!;
}

/** How many values a value of that time is to be compared with: 0 … 5. */
export function neighboursAt(cells: Float64Array, at: number, tMs: number): number {
  const isApart = cells[at + seen]! > 1 && tMs - cells[at + newestMs]! > longGap * cells[at + intervalMs]!;
  return isApart ? 0 : cells[at + held]!;
}

/** Their median, when there are any. */
export function medianOfNeighbours(cells: Float64Array, at: number): number {
  return medianOf(cells, at + sorted, cells[at + held]!);
}

/** The newest value. */
export function lastNeighbour(cells: Float64Array, at: number): number {
  return cells[at + last]!;
}

export function addNeighbour(cells: Float64Array, at: number, tMs: number, x: number): void {
  const count = neighboursAt(cells, at, tMs);
  const before = cells[at + seen]!;
  if (before > 0) {
    const passedMs = tMs - cells[at + newestMs]!;
    cells[at + intervalMs]! += (passedMs - cells[at + intervalMs]!) / Math.min(before, intervals);
  }
  const place = count === 0 ? 0 : cells[at + next]!;
  cells[at + next] = replaceSorted(cells, at + ring, at + sorted, values, count, place, x);
  cells[at + held] = Math.min(count + 1, values);
  cells[at + seen] = before + 1;
  cells[at + newestMs] = tMs;
  cells[at + last] = x;
}
