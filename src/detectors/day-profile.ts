/**
 * The usual course of a day, per key: the mean of each hour of the (UTC) day over the last days.
 *
 * The values of one hour of one day are one visit; a visit counts when the next begins. An hour is known after two days,
 * the profile when all hours are. How far it is to be trusted is measured on each visit before it counts: 1 − (squared
 * distance from the profile) / (squared distance from the mean of the profile), averaged over two days, at least 0.
 *
 * Source: additive seasonal indices as in R. G. Brown, "Smoothing, Forecasting and Prediction of Discrete Time Series"
 * (1963); trust: the coefficient of determination, out of sample.
 */

const dayMs = 86_400_000;
const hours = 24;
const hourMs = dayMs / hours;

const knownDays = 2;
/** Days over which an hour is averaged, at most. */
const mostDays = 7;
/** Visits over which the distances are averaged, at most. */
const mostVisits = 2 * hours;

/** The visit: hour, values, mean. Visits measured, both mean squared distances; mean of the profile, hours known; means;
 * days. */
const hour = 0;
const count = 1;
const mean = 2;
const measured = 3;
const fromProfile = 4;
const fromMean = 5;
const level = 6;
const known = 7;
const means = 8;
const days = means + hours;

/** Doubles of one key's profile in a record. */
export const dayProfileWidth = days + hours;

export const noDayProfile: readonly number[] = new Array<number>(dayProfileWidth).fill(0);

/** Adds a value to the visit of its hour. Values come in the order of their times. */
export function learnDay(cells: Float64Array, at: number, tMs: number, x: number): void {
  const now = Math.floor(hourAt(tMs));
  if (now !== cells[at + hour]! && cells[at + count]! > 0) endVisit(cells, at);
  cells[at + hour] = now;
  cells[at + count]! += 1;
  cells[at + mean]! += (x - cells[at + mean]!) / cells[at + count]!;
}

/** The usual value of that time, between the means of the two nearest hours; NaN while one of them is not known. */
export function usualAt(cells: Float64Array, at: number, tMs: number): number {
  const place = hourAt(tMs) - 0.5;
  const before = (Math.floor(place) + hours) % hours;
  const after = (before + 1) % hours;
  if (cells[at + days + before]! < knownDays || cells[at + days + after]! < knownDays) return Number.NaN;
  const low = cells[at + means + before]!;
  return low + (cells[at + means + after]! - low) * (place - Math.floor(place));
}

/** How far the usual value of that time is above the day's mean, as far as the profile is to be trusted; 0 until known. */
export function seasonAt(cells: Float64Array, at: number, tMs: number): number {
  if (cells[at + measured]! < hours) return 0;
  const trust = 1 - cells[at + fromProfile]! / cells[at + fromMean]!;
  return trust > 0 ? trust * (usualAt(cells, at, tMs) - cells[at + level]!) : 0;
}

/** Hours since midnight, with fraction. */
function hourAt(tMs: number): number {
  return (((tMs % dayMs) + dayMs) % dayMs) / hourMs;
}

function endVisit(cells: Float64Array, at: number): void {
  const usual = at + means + cells[at + hour]!;
  const seen = at + days + cells[at + hour]!;
  const visit = cells[at + mean]!;
  if (cells[at + known]! === hours) measure(cells, at, visit - cells[usual]!, visit - cells[at + level]!);
  const wasNew = cells[seen]! < knownDays;
  if (cells[seen]! < mostDays) cells[seen]! += 1;
  if (wasNew && cells[seen] === knownDays) cells[at + known]! += 1;
  const change = (visit - cells[usual]!) / cells[seen]!;
  cells[usual]! += change;
  cells[at + level]! += change / hours;
  cells[at + count] = 0;
  cells[at + mean] = 0;
}

function measure(cells: Float64Array, at: number, distance: number, distanceFromMean: number): void {
  cells[at + measured] = Math.min(cells[at + measured]! + 1, mostVisits);
  const weight = 1 / cells[at + measured]!;
  cells[at + fromProfile]! += (distance * distance - cells[at + fromProfile]!) * weight;
  cells[at + fromMean]! += (distanceFromMean * distanceFromMean - cells[at + fromMean]!) * weight;
}
