/**
 * `drift(x, recent = 1h, baseline = 24h)`: (mean of the recent values − mean of the baseline) / standard deviation of
 * the baseline, x taken in. Signed. The baseline is what came before the recent values, so a shift shows undiminished
 * until it is part of the baseline itself. A drift that takes as long as the baseline is always part of it, and stays
 * below 2. The baseline is at least as long as the recent values.
 *
 * NaN until five recent values are known and half of the baseline (with the defaults: thirteen hours), and again after a
 * gap of half the baseline. Where the baseline never changed, ±1000, the largest score. A late value is learnt while
 * its time is in either window.
 *
 * Source: two-window change detection as in D. Kifer, S. Ben-David, J. Gehrke, "Detecting Change in Data Streams", VLDB
 * (2004), with the standardised difference of means (J. Cohen, "Statistical Power Analysis", 1988) as distance.
 */

import { bounded, standardised } from './bounds.ts';
import type { Detector } from './detector.ts';
import { createPaneWindow, emptyPaneWindow, type Leave, paneWindowWidth } from './pane-window.ts';
import { createRecords } from './records.ts';

const fewestRecent = 5;
/** Slices of the baseline, of its 12. */
const fewestFilled = 6;

const recentAt = 0;
const baselineAt = paneWindowWidth;

export function drift([recentMs, baselineMs]: readonly number[]): Detector {
  const records = createRecords([...emptyPaneWindow, ...emptyPaneWindow]);
  const recent = createPaneWindow(recentMs!);
  const baseline = createPaneWindow(Math.max(recentMs!, baselineMs!));
  let place = 0;
  /** What leaves the recent values becomes baseline. */
  const leave: Leave = (midMs, count, mean, squares) => {
    baseline.add(records.cells, place, midMs, count, mean, squares);
  };

  return bounded({
    ...records,
    judge(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      recent.look(cells, at + recentAt, tMs);
      baseline.look(cells, at + baselineAt, tMs - recentMs!);
      if (recent.count + 1 < fewestRecent || baseline.filled < fewestFilled) return Number.NaN;
      const mean = recent.mean + (x - recent.mean) / (recent.count + 1);
      return standardised(mean - baseline.mean, Math.sqrt(baseline.squares / (baseline.count - 1)));
    },
    learn(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      place = at + baselineAt;
      recent.leaving(cells, at + recentAt, tMs, leave);
      if (!recent.add(cells, at + recentAt, tMs, 1, x, 0)) leave(tMs, 1, x, 0);
    },
  });
}
