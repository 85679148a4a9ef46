/**
 * How rare a distance is among those seen before, per key: the 98 percent below a threshold are usual, those above it fall
 * off exponentially, by their mean excess.
 *
 * P(distance > d) = 0.02 × exp(−(d − threshold) / excess), 1 up to the threshold. The threshold follows the 98th
 * percentile in small steps; the excess is at least 0.15 of it, as of a normal distribution, so that bounded distances
 * are no certainty. At first it is the third largest of a hundred. What is learnt of one distance ends at threshold +
 * 10 × excess, and where nearly all were 0, at the one before it that was not: a wild distance does not hide the next.
 *
 * Sources: A. Siffer, P.-A. Fouque, A. Termier, C. Largouët, "Anomaly Detection in Streams with Extreme Value Theory",
 * KDD (2017), with the exponential case of the tail (J. Pickands, "Statistical Inference Using Extreme Order
 * Statistics", Annals of Statistics 3, 1975); the percentile: H. Robbins, S. Monro, "A Stochastic Approximation Method",
 * Annals of Mathematical Statistics 22 (1951).
 */

/** Distances before anything is rare. */
export const fewestDistances = 100;

const usualShare = 0.98;
const smallestExcess = 0.15;
const mostExcesses = 10;
/** Step of the threshold, in mean distances. */
const stepSize = 0.05;
/** Distances over which the mean is averaged, excesses over which theirs is. */
const meanOver = 2000;
const excessOver = 50;

/** Distances learnt, their mean, threshold, mean excess, the last distance other than 0. */
const count = 0;
const mean = 1;
const threshold = 2;
const meanExcess = 3;
const pending = 4;
/** While there are few: the largest, the second; the third is the threshold. */
const largest = meanExcess;
const second = pending;

/** Doubles of one tail in a record, 0 at first. */
export const tailWidth = 5;

/** Probability of a distance as large as this; 1 until there have been enough. */
export function rarity(cells: Float64Array, at: number, distance: number): number {
  const limit = cells[at + threshold]!;
  if (cells[at + count]! < fewestDistances || distance <= limit) return 1;
  // Where all distances were 0 the excess is 0, and any other is out of all probability.
  return (1 - usualShare) * Math.exp(-(distance - limit) / excess(cells, at));
}

/** The largest distance that is not out of all probability; 0 until there have been enough, and while all were 0. */
export function usualEnd(cells: Float64Array, at: number): number {
  return cells[at + count]! < fewestDistances ? 0 : cells[at + threshold]! + mostExcesses * excess(cells, at);
}

export function learnDistance(cells: Float64Array, at: number, distance: number): void {
  const n = cells[at + count]! + 1;
  if (n <= fewestDistances) {
    learnEarly(cells, at, n, distance);
    return;
  }
  const learnt = Math.min(distance, usualEnd(cells, at) || cells[at + pending]!);
  if (distance > 0) cells[at + pending] = distance;
  cells[at + count] = n;
  cells[at + mean]! += (learnt - cells[at + mean]!) / Math.min(n, meanOver);
  follow(cells, at, learnt);
}

/** Keeps the three largest, and at last the third alone: it is near the 98th percentile. */
function learnEarly(cells: Float64Array, at: number, n: number, distance: number): void {
  const [first, next, third] = [cells[at + largest]!, cells[at + second]!, cells[at + threshold]!];
  cells[at + largest] = Math.max(first, distance);
  cells[at + second] = Math.max(Math.min(first, distance), next);
  cells[at + threshold] = Math.max(Math.min(next, distance), third);
  cells[at + mean]! += (distance - cells[at + mean]!) / n;
  cells[at + count] = n;
  if (n < fewestDistances) return;
  cells[at + mean] = Math.min(cells[at + mean]!, cells[at + threshold]!);
  cells[at + meanExcess] = 0;
  cells[at + pending] = 0;
}

function follow(cells: Float64Array, at: number, distance: number): void {
  const step = stepSize * cells[at + mean]!;
  const above = distance - cells[at + threshold]!;
  if (above > 0) {
    cells[at + meanExcess]! +=
      (above - cells[at + meanExcess]!) / (cells[at + meanExcess] === 0 ? 1 : excessOver);
    cells[at + threshold]! += step * usualShare;
  } else {
    cells[at + threshold] = Math.max(cells[at + threshold]! - step * (1 - usualShare), 0);
  }
}

function excess(cells: Float64Array, at: number): number {
  return Math.max(cells[at + meanExcess]!, smallestExcess * cells[at + threshold]!);
}
