/**
 * `slope(x)`: the slope, per second of event time, of the straight line with the least squares of errors. Null below
 * two values, and when all are of one time.
 *
 * Times and values are taken from the first reading seen: as milliseconds since 1970, or a counter of 10^9, their
 * differences from a mean would have few digits left.
 * Source: co-moments updated and merged as the variance in spread.ts (T. F. Chan, G. H. Golub, R. J. LeVeque, 1979);
 * P. Pébay, "Formulas for Robust, One-Pass Parallel Computation of Covariances and Arbitrary-Order Statistical
 * Moments", SAND2008-6212 (2008), for the covariance.
 */

import type { NumberColumn } from '../../expression/rows.ts';
import { type Aggregate, createCells } from './aggregate.ts';

/** By slot: values seen, the first one and its time, means as seconds and distances from these, centred products. */
type Moments = [
  counts: Float64Array,
  firstMs: Float64Array,
  firsts: Float64Array,
  meanTimes: Float64Array,
  means: Float64Array,
  squares: Float64Array,
  products: Float64Array,
];

export function slope(): Aggregate {
  const cells = createCells([0, 0, 0, 0, 0, 0, 0]);
  return {
    ...cells,
    fold(slots, from, to, rows, columns) {
      const [counts, firstMs, firsts, meanTimes, means, squares, products] = cells.arrays as Moments;
      const numbers = columns[0] as NumberColumn;
      const { eventMs } = rows;
      for (let i = from; i < to; i++) {
        const slot = slots[i]!;
        const x = numbers[i]!;
        if (slot < 0 || Number.isNaN(x)) continue;
        const n = counts[slot]! + 1;
        if (n === 1) {
          firstMs[slot] = eventMs[i]!;
          firsts[slot] = x;
        }
        const seconds = (eventMs[i]! - firstMs[slot]!) / 1000;
        const distance = x - firsts[slot]!;
        const timeStep = seconds - meanTimes[slot]!;
        counts[slot] = n;
        meanTimes[slot]! += timeStep / n;
        means[slot]! += (distance - means[slot]!) / n;
        squares[slot]! += timeStep * (seconds - meanTimes[slot]!);
        products[slot]! += timeStep * (distance - means[slot]!);
      }
    },
    merge(into, from) {
      const [counts, firstMs, firsts, meanTimes, means, squares, products] = cells.arrays as Moments;
      const more = counts[from]!;
      if (more === 0) return;
      const n = counts[into]! + more;
      if (n === more) {
        firstMs[into] = firstMs[from]!;
        firsts[into] = firsts[from]!;
      }
      const secondsApart = (firstMs[from]! - firstMs[into]!) / 1000;
      const timeStep = meanTimes[from]! + secondsApart - meanTimes[into]!;
      const step = means[from]! + (firsts[from]! - firsts[into]!) - means[into]!;
      const weight = (counts[into]! * more) / n;
      squares[into]! += squares[from]! + timeStep * timeStep * weight;
      products[into]! += products[from]! + timeStep * step * weight;
      meanTimes[into]! += (timeStep * more) / n;
      means[into]! += (step * more) / n;
      counts[into] = n;
    },
    result(slot) {
      const [counts, , , , , squares, products] = cells.arrays as Moments;
      // One time only: no line. Rounding leaves no squares there, for all times are then exactly their mean.
      return counts[slot]! < 2 || squares[slot] === 0 ? Number.NaN : products[slot]! / squares[slot]!;
    },
  };
}
