/**
 * `spike(x)`: true when x alone stands out: from the median of the five values before it by more than six times their
 * usual noise, and from the value before it by more than three times. So the first value of a new level is one, those
 * that stay there are not.
 *
 * Noise is a robust standard deviation of the last 50 distances from the median of five: the larger of 1.4826 × their
 * median and of their 90th percentile / 1.645. One value in ten may be a spike without raising it; of values that never
 * changed every change is one. Never NaN: false until ten such distances are known (thirteen values). After ten times the
 * usual interval the values before the gap are no neighbours any more: false until there are three. A late value is
 * judged like the newest and not learnt.
 *
 * Source: R. K. Pearson, "Outliers in Process Modeling and Identification", IEEE Trans. Control Systems Technology 10
 * (2002): the Hampel filter, here of the past only; F. R. Hampel, "The Influence Curve and its Role in Robust
 * Estimation", JASA 69 (1974).
 */

import { bounded } from './bounds.ts';
import type { Detector } from './detector.ts';
import {
  addNeighbour,
  isLate,
  lastNeighbour,
  medianOfNeighbours,
  neighboursAt,
  neighboursWidth,
  noNeighbours,
} from './neighbours.ts';
import { createRecords } from './records.ts';
import { medianOf, replaceSorted } from './sorted.ts';

const fewestNeighbours = 3;
const distances = 50;
const fewestDistances = 10;
const farFromMedian = 6;
const farFromLast = 3;

/** Of a normal distribution, in standard deviations: 1 / the median, and the 90th percentile, of absolute distances. */
const fromMedian = 1.4826;
const percentile90 = 1.645;

/** After the neighbours: distances held, place of the next one, noise; ring of distances; their order. */
const held = neighboursWidth;
const next = neighboursWidth + 1;
const noise = neighboursWidth + 2;
const ring = neighboursWidth + 3;
const sorted = ring + distances;

export function spike(): Detector {
  const records = createRecords([...noNeighbours, ...new Float64Array(sorted + distances - neighboursWidth)]);
  return bounded({
    ...records,
    judge(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      if (cells[at + held]! < fewestDistances || neighboursAt(cells, at, tMs) < fewestNeighbours) return 0;
      const sigma = cells[at + noise]!;
      const isFar = Math.abs(x - medianOfNeighbours(cells, at)) > farFromMedian * sigma;
      return isFar && Math.abs(x - lastNeighbour(cells, at)) > farFromLast * sigma ? 1 : 0;
    },
    learn(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      if (isLate(cells, at, tMs)) return;
      if (neighboursAt(cells, at, tMs) >= fewestNeighbours) {
        learnDistance(cells, at, Math.abs(x - medianOfNeighbours(cells, at)));
      }
      addNeighbour(cells, at, tMs, x);
    },
  });
}

function learnDistance(cells: Float64Array, at: number, distance: number): void {
  const count = cells[at + held]!;
  const place = cells[at + next]!;
  cells[at + next] = replaceSorted(cells, at + ring, at + sorted, distances, count, place, distance);
  const now = Math.min(count + 1, distances);
  cells[at + held] = now;
  const usual = fromMedian * medianOf(cells, at + sorted, now);
  const large = cells[at + sorted + Math.ceil(0.9 * now) - 1]! / percentile90;
  cells[at + noise] = Math.max(usual, large);
}
