/** Of repeated runs: what is typical, and how far they lie apart. */

import { numberText } from './table.ts';

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Linear between the two nearest ranks; `p` from 0 to 100. NaN of nothing. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = ((sorted.length - 1) * p) / 100;
  const below = sorted[Math.floor(rank)] ?? Number.NaN;
  const above = sorted[Math.ceil(rank)] ?? Number.NaN;
  return below + (above - below) * (rank % 1);
}

/** "three runs 281,000 to 312,000". */
export function spread(values: readonly number[]): string {
  return `${values.length} runs, ${numberText(Math.min(...values))} to ${numberText(Math.max(...values))}`;
}
