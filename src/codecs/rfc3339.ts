/**
 * RFC 3339 date-time: `2026-01-05T06:00:00.123456+02:00`.
 *
 * Strict: seconds and an offset are required, `T` may also be `t` or a blank (section 5.6), `Z` also `z`.
 * A fraction counts to the microsecond, further digits are cut off. A leap second (:60, only where one can be: the end
 * of a UTC month) reads as the last microsecond of its minute, so that times keep their order.
 */

import { addMicroseconds, civilMs, fourDigits, fractionMicroseconds, twoDigits } from './civil.ts';

const dash = 45;
const colon = 58;

/** Milliseconds since 1970, to the microsecond; NaN for anything that is not such a text. */
export function parseRfc3339(value: unknown): number {
  if (typeof value !== 'string' || value.length < 20 || !hasLayout(value)) return Number.NaN;
  const second = twoDigits(value, 17);
  const minuteMs = civilMs(
    fourDigits(value, 0),
    twoDigits(value, 5),
    twoDigits(value, 8),
    twoDigits(value, 11),
    twoDigits(value, 14),
    0,
  );
  const fractionEnd = endOfFraction(value);
  const zeroMs = minuteMs - offsetMs(value, fractionEnd);
  if (second === 60) return isEndOfMonth(zeroMs + 60_000) ? addMicroseconds(zeroMs, 59_999_999) : Number.NaN;
  if (second < 0 || second > 60) return Number.NaN;
  const wholeMs = zeroMs + second * 1000;
  if (fractionEnd === 19) return wholeMs;
  return addMicroseconds(wholeMs, fractionMicroseconds(value, 20, fractionEnd));
}

function hasLayout(text: string): boolean {
  const t = text.charCodeAt(10);
  return (
    text.charCodeAt(4) === dash &&
    text.charCodeAt(7) === dash &&
    (t === 84 || t === 116 || t === 32) &&
    text.charCodeAt(13) === colon &&
    text.charCodeAt(16) === colon
  );
}

/** Where the offset starts: 19 without a fraction; past the text when a point has no digits. */
function endOfFraction(text: string): number {
  if (text.charCodeAt(19) !== 46) return 19;
  let at = 20;
  while (text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at += 1;
  return at === 20 ? text.length : at;
}

/** `Z` or `±HH:MM` at the end of the text, else NaN. */
function offsetMs(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  if (sign === 90 || sign === 122) return at + 1 === text.length ? 0 : Number.NaN;
  if (at + 6 !== text.length || text.charCodeAt(at + 3) !== colon) return Number.NaN;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN;
  const ms = (hours * 60 + minutes) * 60_000;
  return sign === 43 ? ms : sign === dash ? -ms : Number.NaN;
}

function isEndOfMonth(ms: number): boolean {
  return ms % 86_400_000 === 0 && new Date(ms).getUTCDate() === 1;
}
