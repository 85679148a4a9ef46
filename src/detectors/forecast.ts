/**
 * `forecast(x, horizon)`: the value expected when the horizon has passed, x taken in: level + steadiness × trend ×
 * horizon, and the course of the day on top, once known. Holt's method for values at any times:
 *   level ← f + (1 − exp(−4 Δt / h)) (x − f), f = level + steadiness × trend × Δt
 *   trend ← trend + (1 − exp(−Δt / 2h)) (g − trend), g = growth of the level / Δt
 *   steadiness = trend² / (g², averaged like the trend): 1 on a ramp, next to 0 in noise, so that only a trend that
 *   has been steady is drawn on.
 * Level and trend are of x without its season (day-profile.ts): how far the usual value of that hour is above the day's,
 * as far as the last two days followed it. The season is known after three days of readings around the clock.
 *
 * NaN for the first four values. What is learnt is, a reading later, the middle one of a value and those on both sides: a
 * single wild value stirs the one answer it is taken into, and leaves no trace. A gap makes what was before it count less,
 * by its length. A late value, or a second one of the same time, is judged like the newest and not learnt.
 *
 * Source: C. C. Holt, "Forecasting Seasonals and Trends by Exponentially Weighted Moving Averages", ONR 52 (1957); D. J.
 * Wright, "Forecasting Data Published at Irregular Time Intervals Using an Extension of Holt's Method", Management
 * Science 32 (1986); damping as in E. S. Gardner, E. McKenzie, "Forecasting Trends in Time Series", Management Science 31
 * (1985), its amount by how steady the trend is, akin to the tracking signal of D. W. Trigg, A. G. Leach, "Exponential
 * Smoothing with an Adaptive Response Rate", OR Quarterly 18 (1967).
 */

import { bounded } from './bounds.ts';
import { dayProfileWidth, learnDay, noDayProfile, seasonAt } from './day-profile.ts';
import type { Detector } from './detector.ts';
import { createRecords } from './records.ts';

/** Time constants, in horizons. */
const levelTau = 0.25;
const trendTau = 2;
/** Values, x with them, that show a trend. */
const fewest = 5;

/** After the profile: values learnt, level, trend per ms, mean g², the time of these; the value that waits, its time. */
const state = dayProfileWidth;
const pendingMs = dayProfileWidth + 5;
const pending = dayProfileWidth + 6;

/** Of the state: what `step` reads and writes. */
const count = 0;
const level = 1;
const trend = 2;
const squaredTrend = 3;
const timeMs = 4;

export function forecast([horizonMs]: readonly number[]): Detector {
  const records = createRecords([...noDayProfile, 0, 0, 0, 0, 0, Number.NaN, 0]);
  /** A state to try steps in. */
  const trial = new Float64Array(5);

  /** One step of Holt's method with a value without season. */
  function step(cells: Float64Array, at: number, tMs: number, x: number): void {
    const passedMs = tMs - cells[at + timeMs]!;
    const n = cells[at + count]!;
    const expected = cells[at + level]! + drawnOn(cells, at) * passedMs;
    const levelWeight = n < 2 ? 1 : Math.max(1 - Math.exp(-passedMs / (levelTau * horizonMs!)), 1 / n);
    const now = n === 0 ? x : expected + levelWeight * (x - expected);
    if (n > 0) {
      const growth = (now - cells[at + level]!) / passedMs;
      const weight = Math.max(1 - Math.exp(-passedMs / (trendTau * horizonMs!)), 1 / n);
      cells[at + trend]! += weight * (growth - cells[at + trend]!);
      cells[at + squaredTrend]! += weight * (growth * growth - cells[at + squaredTrend]!);
    }
    cells[at + count] = n + 1;
    cells[at + level] = now;
    cells[at + timeMs] = tMs;
  }

  return bounded({
    ...records,
    judge(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      const waitingMs = cells[at + pendingMs]!;
      if (cells[at + state + count]! + 2 < fewest) return Number.NaN;
      for (let i = 0; i < trial.length; i++) trial[i] = cells[at + state + i]!;
      step(trial, 0, waitingMs, smoothed(cells, at, x) - seasonAt(cells, at, waitingMs));
      if (tMs > waitingMs) step(trial, 0, tMs, x - seasonAt(cells, at, tMs));
      const ahead = trial[timeMs]! + horizonMs!;
      return trial[level]! + drawnOn(trial, 0) * horizonMs! + seasonAt(cells, at, ahead);
    },
    learn(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      const waitingMs = cells[at + pendingMs]!;
      if (tMs <= waitingMs) return;
      if (!Number.isNaN(waitingMs)) {
        const value = smoothed(cells, at, x);
        step(cells, at + state, waitingMs, value - seasonAt(cells, at, waitingMs));
        learnDay(cells, at, waitingMs, value);
      }
      cells[at + pendingMs] = tMs;
      cells[at + pending] = x;
    },
  });

  /** The value that waits, when x has followed it: the middle one of what was expected of it, itself and x. */
  function smoothed(cells: Float64Array, at: number, x: number): number {
    const own = cells[at + pending]!;
    if (cells[at + state + count] === 0) return own;
    const before = cells[at + state + level]! + seasonAt(cells, at, cells[at + pendingMs]!);
    return Math.min(Math.max(own, Math.min(before, x)), Math.max(before, x));
  }
}

/** The trend as far as it was steady, per ms. */
function drawnOn(cells: Float64Array, at: number): number {
  const squared = cells[at + squaredTrend]!;
  if (squared === 0) return 0;
  const own = cells[at + trend]!;
  return own * Math.min(1, (own * own) / squared);
}
