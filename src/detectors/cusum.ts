/**
 * `cusum(x, window, slack = 0.5)`: the larger of two one-sided cumulative sums, x taken in:
 *   up = max(0, up + z − slack), down = max(0, down − z − slack), with z = (x − mean) / standard deviation
 * of the values learnt in the window before x. A small shift that lasts adds up; 4 or 5 is the usual threshold.
 *
 * z is cut to ±3, so that one outlier is no shift. The sums end at 20, so that they fall within some 40 values once the
 * window has become used to the new level. They start at 0, and do so again when the window holds fewer than `fewest`
 * values (after a gap as long as the window), where the answer is NaN. Values that never change give 0. A late value
 * is judged like the newest and learnt for mean and deviation while in the window, but not summed.
 *
 * Source: E. S. Page, "Continuous Inspection Schemes", Biometrika 41 (1954); NIST/SEMATECH e-Handbook of Statistical
 * Methods, 6.3.2.3 "CUSUM Control Charts" (2012); cutting outliers: J. M. Lucas, R. B. Crosier, "Robust CUSUM",
 * Communications in Statistics 11 (1982).
 */

import { bounded, standardised } from './bounds.ts';
import type { Detector } from './detector.ts';
import { createPaneWindow, emptyPaneWindow, paneWindowWidth } from './pane-window.ts';
import { createRecords } from './records.ts';

const fewest = 10;
const largestStep = 3;
const largestSum = 20;

/** After the window: both sums, time of the newest value. */
const up = paneWindowWidth;
const down = paneWindowWidth + 1;
const newestMs = paneWindowWidth + 2;

export function cusum([windowMs, slack]: readonly number[]): Detector {
  const records = createRecords([...emptyPaneWindow, 0, 0, Number.NEGATIVE_INFINITY]);
  const window = createPaneWindow(windowMs!);

  /** z cut, NaN without a baseline. */
  function score(at: number, tMs: number, x: number): number {
    window.look(records.cells, at, tMs);
    if (window.count < fewest) return Number.NaN;
    const z = standardised(x - window.mean, Math.sqrt(window.squares / (window.count - 1)));
    return Math.min(Math.max(z, -largestStep), largestStep);
  }

  function summed(sum: number, z: number): number {
    return Math.min(Math.max(sum + z - slack!, 0), largestSum);
  }

  return bounded({
    ...records,
    judge(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      const z = score(at, tMs, x);
      return Number.isNaN(z) ? z : Math.max(summed(cells[at + up]!, z), summed(cells[at + down]!, -z));
    },
    learn(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      if (tMs >= cells[at + newestMs]!) {
        const z = score(at, tMs, x);
        cells[at + up] = Number.isNaN(z) ? 0 : summed(cells[at + up]!, z);
        cells[at + down] = Number.isNaN(z) ? 0 : summed(cells[at + down]!, -z);
        cells[at + newestMs] = tMs;
      }
      window.add(cells, at, tMs, 1, x, 0);
    },
  });
}
