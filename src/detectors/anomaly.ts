/**
 * `anomaly(x)`: how odd x is, 0 … 1, x taken in, with nothing to set. Four questions, each answered by how rare that is
 * among this key's own values (tail.ts, repeats.ts):
 *   - is x far from the median of the five values before it? (a spike, a jump)
 *   - is the mean of the last eight values far from that of the last two hundred? (a new level, a drift)
 *   - is it far from what is usual at this hour? (day-profile.ts; once the hour is known, from the third day)
 *   - is it the same value for longer than ever? (a dead sensor)
 * The answer is 1 − √(4 p) with p the smallest of the four probabilities, 0 at least: 0.9 where it is one in 400, 0.99
 * one in 40,000, 0.999 one in 4 million. Each question gets used to what it sees: a new level is odd at first, the
 * course of a day only until it has been seen.
 *
 * NaN for the first hundred values. Values that never change give 0. What is learnt of x is no further from the median
 * of the five before it than is usual (while that is not known: that median), so that wild values leave no trace. After
 * a gap of ten usual intervals the first three values are not compared with those before it nor learnt, and the short
 * mean begins anew. A late value is judged like the newest and not learnt.
 *
 * Source: S. Ahmad, A. Lavin, S. Purdy, Z. Agha, "Unsupervised Real-Time Anomaly Detection for Streaming Data",
 * Neurocomputing 262 (2017), for judging a short mean by the distribution of its past; bounding p by the number of
 * questions: C. E. Bonferroni (1936).
 */

import { bounded } from './bounds.ts';
import { dayProfileWidth, learnDay, noDayProfile, usualAt } from './day-profile.ts';
import type { Detector } from './detector.ts';
import {
  addNeighbour,
  isLate,
  medianOfNeighbours,
  neighboursAt,
  neighboursWidth,
  noNeighbours,
} from './neighbours.ts';
import { createRecords } from './records.ts';
import { learnRepeat, rarityOfRepeat, repeatsWidth } from './repeats.ts';
import { fewestDistances, learnDistance, rarity, tailWidth, usualEnd } from './tail.ts';

const fewestNeighbours = 3;
const questions = 4;
const shortMean = 8;
const longMean = 200;

/** Of a record: neighbours, profile, repeats, a tail for each distance; values in each of both means, the means. */
const profile = neighboursWidth;
const repeats = profile + dayProfileWidth;
const jumps = repeats + repeatsWidth;
const levels = jumps + tailWidth;
const seasons = levels + tailWidth;
const shortCount = seasons + tailWidth;
const longCount = shortCount + 1;
const short = shortCount + 2;
const long = shortCount + 3;
const width = shortCount + 4;

export function anomaly(): Detector {
  const initial = new Array<number>(width).fill(0);
  initial.splice(0, neighboursWidth, ...noNeighbours);
  initial.splice(profile, dayProfileWidth, ...noDayProfile);
  const records = createRecords(initial);

  return bounded({
    ...records,
    judge(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      if (cells[at + longCount]! < fewestDistances) return Number.NaN;
      let p = rarityOfRepeat(cells, at + repeats, x);
      if (neighboursAt(cells, at, tMs) >= fewestNeighbours) {
        p = Math.min(p, rarity(cells, at + jumps, Math.abs(x - medianOfNeighbours(cells, at))));
        p = Math.min(p, rarityOfLevel(cells, at, tMs, x));
      }
      return Math.max(1 - Math.sqrt(questions * p), 0);
    },
    learn(key, tMs, x) {
      const { cells } = records;
      const at = key * records.width;
      if (isLate(cells, at, tMs)) return;
      learnRepeat(cells, at + repeats, x);
      if (neighboursAt(cells, at, tMs) === 0) cells[at + shortCount] = 0;
      if (neighboursAt(cells, at, tMs) >= fewestNeighbours) learnLevel(cells, at, tMs, x);
      addNeighbour(cells, at, tMs, x);
    },
  });
}

/** The second and the third question, once there is a short mean. */
function rarityOfLevel(cells: Float64Array, at: number, tMs: number, x: number): number {
  if (cells[at + shortCount]! < shortMean) return 1;
  const level = shortMeanWith(cells, at, trusted(cells, at, x));
  const ofLevel = rarity(cells, at + levels, Math.abs(level - cells[at + long]!));
  const usual = usualAt(cells, at + profile, tMs);
  return Number.isNaN(usual)
    ? ofLevel
    : Math.min(ofLevel, rarity(cells, at + seasons, Math.abs(level - usual)));
}

function learnLevel(cells: Float64Array, at: number, tMs: number, x: number): void {
  const value = trusted(cells, at, x);
  const level = shortMeanWith(cells, at, value);
  learnDistance(cells, at + jumps, Math.abs(x - medianOfNeighbours(cells, at)));
  if (cells[at + shortCount]! >= shortMean) {
    learnDistance(cells, at + levels, Math.abs(level - cells[at + long]!));
    const usual = usualAt(cells, at + profile, tMs);
    if (!Number.isNaN(usual)) learnDistance(cells, at + seasons, Math.abs(level - usual));
  }
  learnDay(cells, at + profile, tMs, value);
  cells[at + shortCount] = Math.min(cells[at + shortCount]! + 1, shortMean);
  cells[at + short] = level;
  cells[at + longCount] = Math.min(cells[at + longCount]! + 1, longMean);
  cells[at + long]! += (value - cells[at + long]!) / cells[at + longCount]!;
}

/** x, no further from the values before it, of which there must be some, than is usual. */
function trusted(cells: Float64Array, at: number, x: number): number {
  const median = medianOfNeighbours(cells, at);
  const end = usualEnd(cells, at + jumps);
  return Math.min(Math.max(x, median - end), median + end);
}

function shortMeanWith(cells: Float64Array, at: number, x: number): number {
  return cells[at + short]! + (x - cells[at + short]!) / Math.min(cells[at + shortCount]! + 1, shortMean);
}
