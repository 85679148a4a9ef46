/**
 * `variance` and `stddev` of a sample (divided by n - 1, as Spark, InfluxDB and spreadsheets do); null below two values.
 *
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

function spread(finish: (squares: number, n: number) => number): Aggregate {
  const cells = createCells([0, 0, 0]);
  return {
    ...cells,
    fold(slots, from, to, _rows, columns) {
      const [counts, means, squares] = cells.arrays as [Float64Array, Float64Array, Float64Array];
      const numbers = columns[0] as NumberColumn;
      for (let i = from; i < to; i++) {
        const slot = slots[i]!;
        const x = numbers[i]!;
        if (slot < 0 || Number.isNaN(x)) continue;
        const n = counts[slot]! + 1;
        const step = x - means[slot]!;
        const mean = means[slot]! + step / n;
        counts[slot] = n;
        means[slot] = mean;
        squares[slot]! += step * (x - mean);
      }
    },
    merge(into, from) {
      const [counts, means, squares] = cells.arrays as [Float64Array, Float64Array, Float64Array];
      const more = counts[from]!;
      if (more === 0) return;
      const n = counts[into]! + more;
      const step = means[from]! - means[into]!;
      squares[into]! += squares[from]! + (step * step * counts[into]! * more) / n;
      means[into]! += (step * more) / n;
      counts[into] = n;
    },
    result(slot) {
      const [counts, , squares] = cells.arrays as [Float64Array, Float64Array, Float64Array];
      const n = counts[slot]!;
      return n < 2 ? Number.NaN : finish(squares[slot]!, n);
    },
  };
}
