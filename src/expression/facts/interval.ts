/**
 * Intervals of doubles: between which numbers a value lies. Truth values are 0 and 1.
 *
 * Invariant: sound, never tight for its own sake: what an operation can give of values in its intervals is in the
 * interval it gives, rounding included (the operations are monotone in each argument, and so is rounding). Both ends
 * belong to an interval; `x > 5` is `[5.000000000000001, ∞]`. Null is in no interval. An empty one has no value at all.
 */

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Only whole numbers (and infinities) lie in it. */
  readonly isWhole: boolean;
}

export const anything: Interval = { low: -Infinity, high: Infinity, isWhole: false };
export const nothing: Interval = { low: Infinity, high: -Infinity, isWhole: true };

export function isEmpty({ low, high }: Interval): boolean {
  return low > high;
}

/** From `low` to `high`; of whole numbers the ends are moved inwards to whole ones. */
export function interval(low: number, high: number, isWhole = false): Interval {
  if (!isWhole) return low > high ? nothing : { low, high, isWhole };
  const [least, most] = [Math.ceil(low), Math.floor(high)];
  return least > most ? nothing : { low: least, high: most, isWhole };
}

export function meet(a: Interval, b: Interval): Interval {
  return interval(Math.max(a.low, b.low), Math.min(a.high, b.high), a.isWhole || b.isWhole);
}

/** The least interval that holds both. */
export function hull(a: Interval, b: Interval): Interval {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  return interval(Math.min(a.low, b.low), Math.max(a.high, b.high), a.isWhole && b.isWhole);
}

export function negate({ low, high, isWhole }: Interval): Interval {
  return { low: -high, high: -low, isWhole };
}

export function add(a: Interval, b: Interval): Interval {
  if (isEmpty(a) || isEmpty(b)) return nothing;
  const low = a.low + b.low;
  const high = a.high + b.high;
  const isWhole = a.isWhole && b.isWhole;
  return interval(Number.isNaN(low) ? -Infinity : low, Number.isNaN(high) ? Infinity : high, isWhole);
}

export function multiply(a: Interval, b: Interval): Interval {
  if (isEmpty(a) || isEmpty(b)) return nothing;
  // 0 · ∞ is null, but what lies beside it tends to 0.
  const corners = cornersOf(a, b, (x, y) => x * y).map((x) => (Number.isNaN(x) ? 0 : x));
  return interval(Math.min(...corners), Math.max(...corners), a.isWhole && b.isWhole);
}

export function divide(a: Interval, b: Interval): Interval {
  if (isEmpty(a) || isEmpty(b)) return nothing;
  const corners = cornersOf(a, b, (x, y) => x / y);
  if ((b.low <= 0 && b.high >= 0) || corners.some(Number.isNaN)) return anything;
  return interval(Math.min(...corners), Math.max(...corners));
}

/** The sign of the left side, less than either in size. */
export function remainder(a: Interval, b: Interval): Interval {
  if (isEmpty(a) || isEmpty(b)) return nothing;
  const size = Math.max(Math.abs(b.low), Math.abs(b.high));
  const low = a.low < 0 ? Math.max(a.low, -size) : 0;
  const high = a.high > 0 ? Math.min(a.high, size) : 0;
  return interval(low, high, a.isWhole && b.isWhole);
}

function cornersOf(a: Interval, b: Interval, f: (x: number, y: number) => number): number[] {
  return [f(a.low, b.low), f(a.low, b.high), f(a.high, b.low), f(a.high, b.high)];
}

const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

/** The next double above; infinities stay. */
export function above(x: number): number {
  if (x === 0) return Number.MIN_VALUE;
  if (!Number.isFinite(x)) return x === -Infinity ? -Number.MAX_VALUE : x;
  double[0] = x;
  bits[0]! += x > 0 ? 1n : -1n;
  return double[0];
}

/** The next double below; infinities stay. */
export function below(x: number): number {
  return -above(-x);
}
