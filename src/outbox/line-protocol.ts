/**
 * A point as one line of InfluxDB line protocol, its time in nanoseconds: what every reader of such lines expects by
 * default.
 *
 * Invariant: whatever the strings of a point hold, its line is one point: no value can end the line, add a tag or
 * start a second point. What the protocol cannot say is changed in a fixed way, so the same point always gives the
 * same line, or is named as a fault; nothing is left out silently except values that mean "absent".
 * Not here: limits of a particular server (its words arrive with the answer), and reading the protocol.
 *
 * What is changed, because InfluxDB 1.x has no way to write it:
 * - control characters (newlines too) in names and tag values become spaces; string fields keep them;
 * - a backslash before a comma, equals sign, space or the end of a name or tag value becomes `/`: servers disagree
 *   whether such a backslash is itself escaped, and by one reading the line ends somewhere else;
 * - `#` at the start of a measurement becomes `_`: the line would be a comment, acknowledged and lost;
 * - a tag or field named `time` becomes `time_`: the server refuses the one and silently drops the other.
 */

import type { FieldValue, Point } from '../core/types.ts';

export type Encoded =
  | { readonly line: string; readonly fault?: undefined }
  | { readonly line?: undefined; readonly fault: string; readonly detail: string };

/** InfluxDB 1.x: "max key length exceeded", measurement and tags together, in bytes. */
const maxSeriesBytes = 65_535;
/** InfluxDB documents 64 KB for a string field. */
const maxStringBytes = 65_536;
/** Beyond it (the year 2255) whole microseconds are no longer exact in a double. */
const maxTimeUs = Number.MAX_SAFE_INTEGER;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\u0000-\u001f\u007f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const notPlain = /[\u0000-\u001f\u007f\\,= ]/;
const beforeDelimiter = /\\(?=[,= ]|$)/g;
const inMeasurement = /[, ]/g;
const inKey = /[,= ]/g;
const inString = /["\\]/g;
const surrogate = /[\ud800-\udfff]/;

/**
 * The line of a point, or why it has none: `no-fields`, `no-measurement`, `bad-time`, `too-long`.
 * Numbers are always written as floats, never with the `i` suffix: a field keeps its first type for ever, and a
 * count of 3 today may be an average of 3.5 after the rule was edited.
 * Non-finite numbers, empty tag values and empty names are absent values and left out.
 */
export function encodePoint(point: Point): Encoded {
  // To the microsecond: two readings of one key within a millisecond are two points.
  const timeUs = Math.round(point.timeMs * 1000);
  if (!(Math.abs(timeUs) <= maxTimeUs)) return fault('bad-time', `time ${point.timeMs} ms is out of range`);
  const measurement = escaped(point.measurement, inMeasurement).replace(/^#/, '_');
  if (measurement === '') return fault('no-measurement', 'the measurement has no name');
  const series = measurement + tagsOf(point.tags);
  if (isLonger(series, maxSeriesBytes)) {
    return fault('too-long', `measurement and tags have more than ${maxSeriesBytes} bytes`);
  }
  const fields: string[] = [];
  for (const [key, value] of Object.entries(point.fields)) {
    if (typeof value === 'string' && isLonger(value, maxStringBytes)) {
      return fault('too-long', `the text of field ${key} has more than ${maxStringBytes} bytes`);
    }
    const text = key === '' ? undefined : fieldValue(value);
    if (text !== undefined) fields.push(`${keyOf(key)}=${text}`);
  }
  if (fields.length === 0) return fault('no-fields', 'no field has a value');
  return { line: `${series} ${fields.join(',')} ${timeUs === 0 ? '0' : `${timeUs}000`}` };
}

function fault(reason: string, detail: string): Encoded {
  return { fault: reason, detail };
}

function tagsOf(tags: Readonly<Record<string, string>>): string {
  let text = '';
  for (const key of Object.keys(tags).sort(byBytes)) {
    const value = tags[key]!;
    if (key !== '' && value !== '') text += `,${keyOf(key)}=${escaped(value, inKey)}`;
  }
  return text;
}

/** The name of a tag or field as it stands in a line. */
export function keyOf(key: string): string {
  return key === 'time' ? 'time_' : escaped(key, inKey);
}

/** Without what no escape can express, and with the delimiters escaped. */
function escaped(text: string, delimiters: RegExp): string {
  if (!notPlain.test(text)) return text;
  return text.replace(control, ' ').replace(beforeDelimiter, '/').replace(delimiters, '\\$&');
}

function fieldValue(value: FieldValue): string | undefined {
  if (typeof value === 'string') return `"${value.replace(inString, '\\$&')}"`;
  return typeof value === 'boolean' || Number.isFinite(value) ? String(value) : undefined;
}

function isLonger(text: string, maxBytes: number): boolean {
  // At most three bytes of UTF-8 for one unit of UTF-16.
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;
}

/** UTF-16 order is byte order of UTF-8 except where surrogates are involved. */
function byBytes(a: string, b: string): number {
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}

/** The time at the end of a line that `encodePoint` made, in ms. */
export function timeOfLine(line: string): number {
  return Number(line.slice(line.lastIndexOf(' ') + 1)) / 1e6;
}
