/**
 * `mad(x, window)`: (x − median) / (1.4826 × MAD) of the values learnt in the window before x, MAD being the median
 * distance from the median. Signed. Outliers hardly move either, so they do not hide what follows them.
 *
 * Median and MAD are of at most `samples` values: of each hundredth of the window the first one. So they are exact
 * while the window holds no more than one value in each. NaN below `fewest` of these (for a fast device: the first
 * twentieth of the window), and after a gap as long as the window. When more than half of the values are the same, MAD
 * is 0: then the scale is 1.2533 × the mean distance from the median; when all are, x itself scores 0 and anything else
 * ±1000, which is also the largest score. A late value is judged like the newest, and learnt if its hundredth has none.
 *
 * Source: B. Iglewicz, D. C. Hoaglin, "How to Detect and Handle Outliers", ASQC (1993); F. R. Hampel, "The Influence
 * Curve and its Role in Robust Estimation", JASA 69 (1974).
 */

import { bounded, standardised } from './bounds.ts';
import type { Detector } from './detector.ts';
import { createRecords } from './records.ts';
import { insertSorted, medianDistance, medianOf, removeSorted } from './sorted.ts';

const samples = 100;
const fewest = 5;

/** Of a normal distribution, standard deviations in a MAD, and in a mean distance. */
const fromMad = 1.4826;
const fromMeanDistance = 1.2533;

/** Time of the first value, newest slice, samples held, their median and scale; samples by slice; the same in order. */
const startMs = 0;
const newest = 1;
const count = 2;
const middle = 3;
const scale = 4;
const ring = 5;
const sorted = ring + samples;
const width = sorted + samples;

export function mad([windowMs]: readonly number[]): Detector {
  const records = createRecords(
    Array.from({ length: width }, (_, i) => (i === startMs || i >= ring ? Number.NaN : 0)),
  );
  const sliceMs = windowMs! / samples;

  function sliceOf(at: number, tMs: number): number {
    return Math.floor((tMs - records.cells[at + startMs]!) / sliceMs);
  }

  function forget(at: number, place: number): void {
    const { cells } = records;
    if (Number.isNaN(cells[place]!)) return;
    removeSorted(cells, at + sorted, cells[at + count]!, cells[place]!);
    cells[at + count]! -= 1;
    cells[place] = Number.NaN;
  }

  return bounded({
    ...records,
    judge(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      if (cells[at + count]! < fewest || sliceOf(at, tMs) - cells[at + newest]! >= samples) return Number.NaN;
      return standardised(x - cells[at + middle]!, cells[at + scale]!);
    },
    learn(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      if (Number.isNaN(cells[at + startMs]!)) cells[at + startMs] = tMs;
      const slice = sliceOf(at, tMs);
      const last = cells[at + newest]!;
      if (slice <= last - samples) return;
      for (let i = Math.max(last + 1, slice - samples + 1); i <= slice; i++) forget(at, placeOf(at, i));
      cells[at + newest] = Math.max(slice, last);
      const place = placeOf(at, slice);
      if (!Number.isNaN(cells[place]!)) return;
      cells[place] = x;
      insertSorted(cells, at + sorted, cells[at + count]!, x);
      cells[at + count]! += 1;
      measure(cells, at);
    },
  });
}

/** Slices go round; their numbers may be negative, for values from before the first. */
function placeOf(at: number, slice: number): number {
  return at + ring + (((slice % samples) + samples) % samples);
}

/** Median and scale of the samples, kept for all values that are judged by them. */
function measure(cells: Float64Array, at: number): void {
  const held = cells[at + count]!;
  const median = medianOf(cells, at + sorted, held);
  cells[at + middle] = median;
  const distance = fromMad * medianDistance(cells, at + sorted, held, median);
  cells[at + scale] =
    distance > 0 ? distance : fromMeanDistance * meanDistance(cells, at + sorted, held, median);
}

function meanDistance(cells: Float64Array, from: number, held: number, median: number): number {
  let sum = 0;
  for (let i = from; i < from + held; i++) sum += Math.abs(cells[i]! - median) / held;
  return sum;
}
