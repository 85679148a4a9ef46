/**
 * `variance` and `stddev` of a sample (divided by n - 1, as Spark, InfluxDB and spreadsheets do); null below two values.
 *
 * Means are distances from the first value seen: of a counter of 10^9 with noise in the thousandths, steps from the mean
 * itself would have few digits left.
 * Source: B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products", Technometrics 4
 * (1962); merging: T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing
 * Sample Variances" (1979).
 */

import type { NumberColumn } from '../../expression/rows.ts';
import { type Aggregate, createCells } from './aggregate.ts';

export function variance(): Aggregate {
  return spread((squares, n) => squares / (n - 1));
}

export function stddev(): Aggregate {
  return spread((squares, n) => Math.sqrt(squares / (n - 1)));
}

/** By slot: values seen, their mean as distance from the first, centred squares, the first value. */
type Moments = [counts: Float64Array, means: Float64Array, squares: Float64Array, firsts: Float64Array];

function spread(finish: (squares: number, n: number) => number): Aggregate {
  const cells = createCells([0, 0, 0, 0]);
  return {
    ...cells,
    fold(slots, from, to, _rows, columns) {
      const [counts, means, squares, firsts] = cells.arrays as Moments;
      const numbers = columns[0] as NumberColumn;
      for (let i = from; i < to; i++) {
        const slot = slots[i]!;
        const x = numbers[i]!;
        if (slot < 0 || Number.isNaN(x)) continue;
        const n = counts[slot]! + 1;
        if (n === 1) firsts[slot] = x;
        const distance = x - firsts[slot]!;
        const step = distance - means[slot]!;
        const mean = means[slot]! + step / n;
        counts[slot] = n;
        means[slot] = mean;
        squares[slot]! += step * (distance - mean);
      }
    },
    merge(into, from) {
      const [counts, means, squares, firsts] = cells.arrays as Moments;
      const more = counts[from]!;
      if (more === 0) return;
      const n = counts[into]! + more;
      if (n === more) firsts[into] = firsts[from]!;
      const step = means[from]! + (firsts[from]! - firsts[into]!) - means[into]!;
      squares[into]! += squares[from]! + (step * step * counts[into]! * more) / n;
      means[into]! += (step * more) / n;
      counts[into] = n;
    },
    result(slot) {
      const [counts, , squares] = cells.arrays as Moments;
      const n = counts[slot]!;
      return n < 2 ? Number.NaN : finish(squares[slot]!, n);
    },
  };
}
