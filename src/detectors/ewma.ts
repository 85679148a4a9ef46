/**
 * `ewma(x, window)`: the smoothed value, x taken in: the average of all values, each weighted exp(−age / τ) with
 * τ = window / 2. So a value's mean age is that of the plain average over the window, and of evenly spaced values the
 * weights are those of a "span" of as many values as the window holds (α = 1 − exp(−Δt / τ)).
 *
 * Never NaN: of the first value it is that value. A gap makes what was before it count less, by its age. A late value
 * has the weight of its age: the order of arrival makes no difference. Several values of one time count alike.
 *
 * Source: U. A. Müller, "Specially Weighted Moving Averages with Repeated Application of the EMA Operator", Olsen &
 * Associates (1991); A. Eckner, "Algorithms for Unevenly Spaced Time Series: Moving Averages and Other Rolling
 * Operators" (2017); the weights' sum in place of their limit, as in R. G. Brown, "Smoothing, Forecasting and Prediction
 * of Discrete Time Series" (1963).
 */

import { bounded } from './bounds.ts';
import type { Detector } from './detector.ts';
import { createRecords } from './records.ts';

/** Sum of the weights, weighted mean, time of the newest value. */
const weight = 0;
const mean = 1;
const newestMs = 2;

export function ewma([windowMs]: readonly number[]): Detector {
  const records = createRecords([0, 0, Number.NEGATIVE_INFINITY]);
  const tauMs = windowMs! / 2;
  return bounded({
    ...records,
    judge(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      const age = tMs - cells[at + newestMs]!;
      const known = age > 0 ? cells[at + weight]! * Math.exp(-age / tauMs) : cells[at + weight]!;
      const own = age < 0 ? Math.exp(age / tauMs) : 1;
      return cells[at + mean]! + (x - cells[at + mean]!) * (own / (known + own));
    },
    learn(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      const age = tMs - cells[at + newestMs]!;
      const known = age > 0 ? cells[at + weight]! * Math.exp(-age / tauMs) : cells[at + weight]!;
      const own = age < 0 ? Math.exp(age / tauMs) : 1;
      cells[at + mean]! += (x - cells[at + mean]!) * (own / (known + own));
      cells[at + weight] = known + own;
      if (age > 0) cells[at + newestMs] = tMs;
    },
  });
}
