/** The proleptic Gregorian calendar and its digits, for the hand-written time parsers. */

const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Milliseconds since 1970 of a date and time in UTC, or NaN when there is no such date or time; `month` and `day`
 * from 1. Day count after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
 */
export function civilMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  if (!(hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60))
    return Number.NaN;
  if (day > daysOfMonth[month - 1]! && !(month === 2 && day === 29 && isLeap(year))) return Number.NaN;
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * 146_097 + dayOfEra - 719_468;
  return days * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1000;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** The two-digit number at `at`; far below zero when there is none. */
export function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1_000_000;
}

/** The four-digit number at `at`; below zero when there is none. */
export function fourDigits(text: string, at: number): number {
  return twoDigits(text, at) * 100 + twoDigits(text, at + 2);
}

/** Whole milliseconds and microseconds of a second as one double: the nearest to the exact sum. */
export function addMicroseconds(ms: number, microseconds: number): number {
  const sum = ms * 1000 + microseconds;
  // Beyond the year 2255 the sum would be rounded before its division.
  return Number.isSafeInteger(sum) ? sum / 1000 : ms + microseconds / 1000;
}

/** The first six digits of a fraction `[start, end)` as microseconds; the rest is cut off. */
export function fractionMicroseconds(text: string, start: number, end: number): number {
  let microseconds = 0;
  let unit = 100_000;
  for (let at = start; at < end && unit >= 1; at++) {
    microseconds += (text.charCodeAt(at) - 48) * unit;
    unit /= 10;
  }
  return microseconds;
}
