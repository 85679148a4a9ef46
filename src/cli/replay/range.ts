/** The rows of a recording that were asked for, by the time of day of their arrival. */

import type { Block } from './block.ts';
import type { Outcome } from './summary.ts';

export interface Range {
  /** Takes the rows outside out of the block. */
  keep(block: Block): void;
  readonly outside: number;
  /** First and last arrival kept. */
  readonly span: Outcome['span'];
}

/** Arrivals in `[fromMs, toMs)`. */
export function createRange(fromMs: number, toMs: number): Range {
  let outside = 0;
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    keep(block) {
      const { arrivalMs, route, start, end, line } = block;
      const offsetMs = block.clock?.offsetMs ?? 0;
      const columns = [arrivalMs, route, start, end, line];
      let kept = 0;
      for (let i = 0; i < arrivalMs.length; i++) {
        const ms = arrivalMs[i]! + offsetMs;
        if (!(ms >= fromMs && ms < toMs)) continue;
        if (ms < firstMs) firstMs = ms;
        if (ms > lastMs) lastMs = ms;
        if (kept < i) for (const column of columns) column[kept] = column[i]!;
        kept += 1;
      }
      outside += arrivalMs.length - kept;
      for (const column of columns) column.length = kept;
    },
    get outside() {
      return outside;
    },
    get span() {
      return firstMs > lastMs ? undefined : { firstMs, lastMs };
    },
  };
}
