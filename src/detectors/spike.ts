/**
 * `spike(x)`: true when x alone stands out: from the median of the five values before it by more than six times their
 * usual noise, and from the value before it by more than three times. So the first value of a new level is one, those
 * that stay there are not.
 *
 * Noise is a robust standard deviation of the last 50 distances from the median of five: the larger of 1.4826 × their
 * median and of their 90th percentile / 1.645. One value in ten may be a spike without raising it; of values that never
 * changed every change is one. Never NaN: false until ten such distances are known (fifteen values). After ten times the
 * usual interval the values before the gap are no neighbours any more: false until there are three. A late value is
 * judged like the newest and not learnt.
 *
 * Source: R. K. Pearson, "Outliers in Process Modeling and Identification", IEEE Trans. Control Systems Technology 10
 * (2002): the Hampel filter, here of the past only; F. R. Hampel, "The Influence Curve and its Role in Robust
 * Estimation", JASA 69 (1974).
 */

import { bounded } from './bounds.ts';
import type { Detector } from './detector.ts';
import { createRecords } from './records.ts';
import { insertSorted, medianOf, removeSorted } from './sorted.ts';

const neighbours = 5;
const fewestNeighbours = 3;
const distances = 50;
const fewestDistances = 10;
const farFromMedian = 6;
const farFromLast = 3;
const longGap = 10;

/** Of a normal distribution, in standard deviations: 1 / the median, and the 90th percentile, of absolute distances. */
const fromMedian = 1.4826;
const percentile90 = 1.645;

/** Values known of both kinds, places to go on, time and value of the newest, mean interval, noise; rings and orders. */
const near = 0;
const nextNear = 1;
const known = 2;
const nextKnown = 3;
const newestMs = 4;
const last = 5;
const intervalMs = 6;
const noise = 7;
const nearRing = 8;
const nearSorted = nearRing + neighbours;
const ring = nearSorted + neighbours;
const sorted = ring + distances;
const width = sorted + distances;

export function spike(): Detector {
  const records = createRecords(
    Array.from({ length: width }, (_, i) => (i === newestMs ? Number.NEGATIVE_INFINITY : 0)),
  );

  /** Whether x comes so long after the newest value that this one tells nothing of it. */
  function isApart(at: number, tMs: number): boolean {
    const { cells } = records;
    return cells[at + near]! > 1 && tMs - cells[at + newestMs]! > longGap * cells[at + intervalMs]!;
  }

  return bounded({
    ...records,
    judge(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      if (cells[at + known]! < fewestDistances || cells[at + near]! < fewestNeighbours) return 0;
      if (isApart(at, tMs)) return 0;
      const distance = Math.abs(x - medianOf(cells, at + nearSorted, cells[at + near]!));
      const sigma = cells[at + noise]!;
      return distance > farFromMedian * sigma && Math.abs(x - cells[at + last]!) > farFromLast * sigma
        ? 1
        : 0;
    },
    learn(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      if (tMs < cells[at + newestMs]!) return;
      if (isApart(at, tMs)) {
        cells[at + near] = 0;
        cells[at + nextNear] = 0;
      }
      const held = cells[at + near]!;
      if (held > 0) {
        const weight = 1 / Math.min(held + cells[at + known]!, distances);
        cells[at + intervalMs]! += (tMs - cells[at + newestMs]! - cells[at + intervalMs]!) * weight;
      }
      if (held >= fewestNeighbours)
        learnDistance(cells, at, Math.abs(x - medianOf(cells, at + nearSorted, held)));
      cells[at + nextNear] = replace(
        cells,
        at + nearRing,
        at + nearSorted,
        neighbours,
        held,
        cells[at + nextNear]!,
        x,
      );
      cells[at + near] = Math.min(held + 1, neighbours);
      cells[at + last] = x;
      cells[at + newestMs] = tMs;
    },
  });
}

function learnDistance(cells: Float64Array, at: number, distance: number): void {
  const held = cells[at + known]!;
  cells[at + nextKnown] = replace(
    cells,
    at + ring,
    at + sorted,
    distances,
    held,
    cells[at + nextKnown]!,
    distance,
  );
  const now = Math.min(held + 1, distances);
  cells[at + known] = now;
  const usual = fromMedian * medianOf(cells, at + sorted, now);
  const large = cells[at + sorted + Math.ceil(0.9 * now) - 1]! / percentile90;
  cells[at + noise] = Math.max(usual, large);
}

/** Puts x into a ring of `size` and into its order, in place of the oldest when `held` fill it. Gives the next place. */
function replace(
  cells: Float64Array,
  ringAt: number,
  sortedAt: number,
  size: number,
  held: number,
  next: number,
  x: number,
): number {
  if (held === size) removeSorted(cells, sortedAt, size, cells[ringAt + next]!);
  insertSorted(cells, sortedAt, Math.min(held, size - 1), x);
  cells[ringAt + next] = x;
  return (next + 1) % size;
}
