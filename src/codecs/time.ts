/**
 * A payload's time as milliseconds since 1970.
 *
 * Invariant: what is not a time is NaN, never 1970: null, blanks, objects and booleans among others. The same instant
 * written in two formats gives the same double as far as its microseconds go.
 * Not here: whether a time is plausible; the engine judges that against arrival.
 */

import { GatewayError } from '../core/errors.ts';
import { isDecimal } from './decimal.ts';
import { parseRfc3339 } from './rfc3339.ts';
import { compileStrptime } from './strptime.ts';
import { quote } from './text.ts';

/** Milliseconds since 1970, or NaN when the value is not such a time. */
export type TimeReader = (value: unknown) => number;

const readers: Readonly<Record<string, TimeReader>> = {
  unix_s: (value) => unixMs(value, 3),
  unix_ms: (value) => unixMs(value, 0),
  unix_us: (value) => unixMs(value, -3),
  unix_ns: (value) => unixMs(value, -6),
  rfc3339: parseRfc3339,
};

/** Names of the formats that are not patterns. */
export const timeFormats: readonly string[] = Object.keys(readers);

/**
 * Compiles a time format: unix_s, unix_ms, unix_us, unix_ns, rfc3339, or a strptime pattern whose local times are of
 * the IANA `zone` (see zone.ts for its gaps and overlaps). Throws GatewayError for an unknown format or zone.
 */
export function compileTime(format: string, zone = 'UTC'): TimeReader {
  if (Object.hasOwn(readers, format)) return readers[format]!;
  if (format.includes('%')) return compileStrptime(format, zone);
  throw new GatewayError(`unknown time format ${quote(format)}`, {
    remedy: `use ${timeFormats.join(', ')} or a pattern such as "%Y-%m-%d %H:%M:%S"`,
  });
}

/** The range of Date: about 271,821 years around 1970. */
const limitMs = 8.64e15;

function unixMs(value: unknown, exponent: 3 | 0 | -3 | -6): number {
  const ms = typeof value === 'number' ? scaled(value, exponent) : fromDigits(value, exponent);
  return Math.abs(ms) <= limitMs ? ms : Number.NaN;
}

/** A double of seconds is good to 0.2 µs: rounding to whole microseconds gives back the digits that were sent. */
function scaled(value: number, exponent: 3 | 0 | -3 | -6): number {
  if (exponent === 3) return Math.round(value * 1e6) / 1000;
  if (exponent === 0) return value;
  return exponent === -3 ? value / 1000 : value / 1e6;
}

/** Shifts the point within the text, so that nineteen digits of nanoseconds are rounded once only. */
function fromDigits(value: unknown, exponent: number): number {
  if (typeof value === 'bigint') return Number(`${value}e${exponent}`);
  if (typeof value !== 'string') return Number.NaN;
  const text = value.trim();
  if (!isDecimal(text)) return Number.NaN;
  const at = text.search(/e/i);
  if (at === -1) return Number(`${text}e${exponent}`);
  return Number(`${text.slice(0, at)}e${Number(text.slice(at + 1)) + exponent}`);
}
