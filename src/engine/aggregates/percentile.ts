/**
 * `percentile(x, p)` and `median(x)`: exact, interpolated between the closest ranks, up to `exactValues` values; beyond
 * it a sketch whose result is within `relativeError` of a value of that rank. Null when there was no value.
 *
 * Sources: R. J. Hyndman, Y. Fan, "Sample Quantiles in Statistical Packages" (1996), type 7 (as NumPy and Spark);
 * C. Masson, J. E. Rim, H. K. Lee, "DDSketch: A fast and fully-mergeable quantile sketch" (2019).
 */

import type { NumberColumn } from '../../expression/rows.ts';
import type { AggregatePlan } from '../../rules/plan.ts';
import type { Aggregate } from './aggregate.ts';

export const exactValues = 4096;
export const relativeError = 0.005;

const gamma = (1 + relativeError) / (1 - relativeError);
const logGamma = Math.log(gamma);
/** Smaller magnitudes share the bucket of zero. */
const smallest = 1e-12;

/** Bucket number → values in it; buckets are ordered like the values they hold. */
type Sketch = Map<number, number>;

interface Sample {
  values: number[];
  sketch: Sketch | undefined;
  count: number;
}

export function median(): Aggregate {
  return quantile(0.5);
}

export function percentile(plan: AggregatePlan): Aggregate {
  return quantile(plan.parameters[0]! / 100);
}

/** Buckets of positive numbers start at 1, of negative ones at -1: the offset keeps every exponent on its side of 0. */
const bucketOffset = Math.ceil(-Math.log(smallest) / logGamma) + 1;

function bucketOf(x: number): number {
  const size = Math.abs(x);
  if (size < smallest) return 0;
  const bucket = Math.ceil(Math.log(Math.min(size, Number.MAX_VALUE)) / logGamma) + bucketOffset;
  return x < 0 ? -bucket : bucket;
}

function valueIn(bucket: number): number {
  if (bucket === 0) return 0;
  const size = (2 * gamma ** (Math.abs(bucket) - bucketOffset)) / (gamma + 1);
  return bucket < 0 ? -size : size;
}

function add(sample: Sample, x: number): void {
  sample.count += 1;
  if (sample.sketch === undefined) {
    sample.values.push(x);
    if (sample.values.length > exactValues) toSketch(sample);
  } else {
    addToSketch(sample.sketch, bucketOf(x), 1);
  }
}

function addToSketch(sketch: Sketch, bucket: number, count: number): void {
  sketch.set(bucket, (sketch.get(bucket) ?? 0) + count);
}

function toSketch(sample: Sample): void {
  const sketch: Sketch = new Map();
  for (const x of sample.values) addToSketch(sketch, bucketOf(x), 1);
  sample.sketch = sketch;
  sample.values = [];
}

function mergeSamples(into: Sample, from: Sample): void {
  if (from.sketch !== undefined) {
    if (into.sketch === undefined) toSketch(into);
    for (const [bucket, count] of from.sketch) addToSketch(into.sketch!, bucket, count);
    into.count += from.count;
  }
  for (const x of from.values) add(into, x);
}

function exactQuantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort();
  const rank = q * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  const share = rank - below;
  // An infinite neighbour takes no part where it has none; `Infinity * 0` would make null of the middle value.
  if (share === 0 || low === high) return low;
  // The distance of two finite values may be infinite.
  const distance = high - low;
  return Number.isFinite(distance) ? low + distance * share : low * (1 - share) + high * share;
}

function sketchQuantile(sketch: Sketch, count: number, q: number): number {
  const rank = q * (count - 1);
  let seen = 0;
  let bucket = 0;
  for (const [next, held] of [...sketch].sort((a, b) => a[0] - b[0])) {
    bucket = next;
    seen += held;
    if (seen > rank) break;
  }
  return valueIn(bucket);
}

function quantile(q: number): Aggregate {
  const samples: Sample[] = [];
  return {
    grow() {},
    reset(slot) {
      samples[slot] = { values: [], sketch: undefined, count: 0 };
    },
    fold(slots, from, to, _rows, columns) {
      const numbers = columns[0] as NumberColumn;
      for (let i = from; i < to; i++) {
        const x = numbers[i]!;
        if (slots[i]! >= 0 && !Number.isNaN(x)) add(samples[slots[i]!]!, x);
      }
    },
    merge(into, from) {
      mergeSamples(samples[into]!, samples[from]!);
    },
    result(slot) {
      const { values, sketch, count } = samples[slot]!;
      if (count === 0) return Number.NaN;
      return sketch === undefined ? exactQuantile(values, q) : sketchQuantile(sketch, count, q);
    },
    save: (slots) => Array.from(slots, (slot) => samples[slot]),
    load(saved, slots) {
      for (const [j, slot] of slots.entries()) samples[slot] = (saved as Sample[])[j]!;
    },
  };
}
