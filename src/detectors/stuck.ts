/**
 * `stuck(x, window, tolerance = 0)`: true when x has been sent for as long as the window and never was further than the
 * tolerance from the first of these values. A device that sends nothing is silent, not stuck.
 *
 * Never NaN: false until the window has passed. A gap longer than the window begins the time anew, so there must be a
 * reading at least once in each window. A late value is judged like the newest and not learnt.
 *
 * Source: the persistence (flat line) test of the U.S. IOOS "Manual for Real-Time Quality Control of In-Situ Temperature
 * and Salinity Data", test 8 (2016).
 */

import { bounded } from './bounds.ts';
import type { Detector } from './detector.ts';
import { createRecords } from './records.ts';

/** The first value of the run, the time of its first reading, the time of the newest reading. */
const held = 0;
const sinceMs = 1;
const newestMs = 2;

export function stuck([windowMs, tolerance]: readonly number[]): Detector {
  const records = createRecords([Number.NaN, 0, Number.NEGATIVE_INFINITY]);

  /** Whether x, at tMs, goes on with the run. Not so for the first value: NaN is near nothing. */
  function goesOn(at: number, tMs: number, x: number): boolean {
    const { cells } = records;
    return Math.abs(x - cells[at + held]!) <= tolerance! && tMs - cells[at + newestMs]! <= windowMs!;
  }

  return bounded({
    ...records,
    judge(key, tMs, x) {
      const at = key * records.width;
      const nowMs = Math.max(tMs, records.cells[at + newestMs]!);
      return goesOn(at, nowMs, x) && nowMs - records.cells[at + sinceMs]! >= windowMs! ? 1 : 0;
    },
    learn(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      if (tMs < cells[at + newestMs]!) return;
      if (!goesOn(at, tMs, x)) {
        cells[at + held] = x;
        cells[at + sinceMs] = tMs;
      }
      cells[at + newestMs] = tMs;
    },
  });
}
