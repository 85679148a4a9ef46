/**
 * `zscore(x, window)`: (x − mean) / standard deviation of the values learnt in the window before x. Signed.
 *
 * The deviation is that of a sample (n − 1). NaN while the window holds fewer than `fewest` values, so also after a gap
 * as long as the window. Where all the values were the same, x itself scores 0 and anything else ±1000, which is also
 * the largest score. A late value is judged like the newest and learnt while its time is in the window.
 *
 * Source: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.17 "Detection of Outliers" (2012).
 */

import { bounded, standardised } from './bounds.ts';
import type { Detector } from './detector.ts';
import { createPaneWindow, emptyPaneWindow } from './pane-window.ts';
import { createRecords } from './records.ts';

const fewest = 5;

export function zscore([windowMs]: readonly number[]): Detector {
  const records = createRecords(emptyPaneWindow);
  const window = createPaneWindow(windowMs!);
  return bounded({
    ...records,
    judge(key, tMs, x) {
      window.look(records.cells, key * records.width, tMs);
      if (window.count < fewest) return Number.NaN;
      return standardised(x - window.mean, Math.sqrt(window.squares / (window.count - 1)));
    },
    learn(key, tMs, x) {
      window.add(records.cells, key * records.width, tMs, 1, x, 0);
    },
  });
}
