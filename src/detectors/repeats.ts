/**
 * How rare it is that a value repeats as often as now, per key: of a sensor that never sends the same value twice in a
 * row ten in a row are odd, of one that stands still for hours they are not.
 *
 * With r the share of values that repeat the one before (over 500 values, at least 0.05) and twice the longest run of
 * the past being usual: P = r ^ (run − 2 × longest), 1 up to there.
 *
 * Source: the length of runs of independent trials (W. Feller, "An Introduction to Probability Theory", 1950), made
 * cautious by the longest run.
 */

const shareOver = 500;
const smallestShare = 0.05;
/** What the longest run is multiplied by for each run since, of one value too: it fades in some thousand values. */
const fading = 0.999;

/** The value, how often it has been repeated, values so far, share of them that repeated, longest run. */
const value = 0;
const run = 1;
const count = 2;
const share = 3;
const longest = 4;

/** Doubles of one key in a record, 0 at first. */
export const repeatsWidth = 5;

/** Probability of x repeating the values before it so often. */
export function rarityOfRepeat(cells: Float64Array, at: number, x: number): number {
  const beyond = cells[at + run]! + 1 - 2 * cells[at + longest]!;
  if (x !== cells[at + value] || beyond <= 0) return 1;
  return Math.max(cells[at + share]!, smallestShare) ** beyond;
}

export function learnRepeat(cells: Float64Array, at: number, x: number): void {
  const isFirst = cells[at + count] === 0;
  const isSame = !isFirst && x === cells[at + value];
  cells[at + count] = Math.min(cells[at + count]! + 1, shareOver);
  cells[at + share]! += ((isSame ? 1 : 0) - cells[at + share]!) / cells[at + count]!;
  if (isSame) {
    cells[at + run]! += 1;
    return;
  }
  cells[at + longest] = Math.max(cells[at + longest]! * fading, cells[at + run]!);
  cells[at + run] = 0;
  cells[at + value] = x;
}
