/**
 * strptime patterns: `%d.%m.%Y %H:%M:%S.%f`, in the local time of a zone or with `%Z`.
 *
 * d3-time-format does the parsing. It is lenient (31 February is 3 March, hour 25 tomorrow) and knows milliseconds
 * only, so here a result counts only when it formats back to the text, a fraction after a point, comma or colon is
 * read to the microsecond, and a pattern that leaves the day open, or has a letter d3 does not know, is refused at once.
 * Patterns of plain digits of fixed width take a path of their own, ten times as fast (fixed-layout.ts).
 */

import { utcFormat, utcParse } from 'd3-time-format';
import { GatewayError } from '../core/errors.ts';
import { compileZone } from '../core/zone.ts';
import { addMicroseconds, fractionMicroseconds } from './civil.ts';
import { compileFixedLayout } from './fixed-layout.ts';
import { quote } from './text.ts';

const shorthands: ReadonlyMap<string, string> = new Map([
  ['%F', '%Y-%m-%d'],
  ['%T', '%H:%M:%S'],
  ['%R', '%H:%M'],
  ['%D', '%m/%d/%y'],
  ['%h', '%b'],
  ['%z', '%Z'],
]);
const elsewhere: ReadonlyMap<string, string> = new Map([
  ['%s', 'use the format unix_s'],
  ['%Q', 'use the format unix_ms'],
  ['%c', 'write the date and time out: %Y-%m-%d %H:%M:%S'],
  ['%x', 'write the date out: %m/%d/%Y'],
  ['%X', 'write the time out: %H:%M:%S'],
]);
const known = /^%(?:[-_0]?[aAbBdeGHIjmMpSuUVwWyY]|[fLZ%])$/;
const piece = /%[-_0]?.|[^%]+|%$/gs;

/** Gives ms since 1970 (to the microsecond), or NaN for a text that is no such time. */
export function compileStrptime(pattern: string, zone: string): (value: unknown) => number {
  const pieces = readPattern(pattern);
  const withOffset = pieces.at(-1) === '%Z';
  const toUtc = compileZone(zone);
  const local = compileFraction(withOffset ? pieces.slice(0, -1) : pieces);
  return (value) => {
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string') return Number.NaN;
    if (!withOffset) return inZone(local(text.trim()), toUtc);
    const offset = /(?:([zZ])|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)$/.exec(text.trim());
    return offset === null ? Number.NaN : local(text.trim().slice(0, offset.index)) - offsetMs(offset);
  };
}

function inZone(localMs: number, toUtc: (localMs: number) => number): number {
  if (Number.isNaN(localMs)) return localMs;
  const wholeMs = Math.floor(localMs / 1000) * 1000;
  const microseconds = Math.round((localMs - wholeMs) * 1000);
  return addMicroseconds(toUtc(wholeMs), microseconds);
}

function offsetMs([, utc, sign, hours, minutes = '0']: RegExpExecArray): number {
  if (utc !== undefined) return 0;
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '-' ? -ms : ms;
}

function readPattern(pattern: string): string[] {
  const pieces = (pattern.match(piece) ?? []).flatMap((part) => shorthands.get(part)?.match(piece) ?? [part]);
  for (const part of pieces.filter((text) => text.startsWith('%'))) checkDirective(pattern, part);
  if (pieces.slice(0, -1).includes('%Z')) refuse(pattern, 'has %Z before its end', 'put %Z last');
  return pieces;
}

function checkDirective(pattern: string, part: string): void {
  const remedy = elsewhere.get(part);
  if (remedy !== undefined) refuse(pattern, `has ${part}`, remedy);
  if (known.test(part)) return;
  const letters = '%a %A %b %B %d %e %f %H %I %j %L %m %M %p %S %y %Y %Z %%, %F %T %R %D, %U %V %W %u %w';
  refuse(pattern, `has ${part}, which is unknown`, `known are ${letters}`);
}

function refuse(pattern: string, what: string, remedy: string): never {
  throw new GatewayError(`time format ${quote(pattern)} ${what}`, { remedy });
}

/** Splits off `%f` or `%L` after a separator: its digits, one to nine, are a decimal fraction of the second. */
function compileFraction(pieces: readonly string[]): (text: string) => number {
  const at = pieces.findIndex((part, i) => /^%[fL]$/.test(part) && /[.,:]$/.test(pieces[i - 1] ?? ''));
  if (at === -1) {
    if (pieces.includes('%f'))
      refuse(pieces.join(''), 'has %f without a separator', 'write %S.%f, or %L for three digits');
    return compileWhole(pieces);
  }
  const before = pieces.slice(0, at);
  const separator = before.at(-1)!.at(-1)!;
  const nth = [...before.filter((part) => !part.startsWith('%')).join('')].filter(
    (c) => c === separator,
  ).length;
  const whole = compileWhole([...before, ...pieces.slice(at + 1)]);
  return (text) => {
    let start = 0;
    for (let n = 0; n < nth; n++) {
      start = text.indexOf(separator, start) + 1;
      if (start === 0) return Number.NaN;
    }
    let end = start;
    while (text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end += 1;
    if (end === start || end - start > 9) return Number.NaN;
    const ms = whole(text.slice(0, start) + text.slice(end));
    return addMicroseconds(ms, fractionMicroseconds(text, start, end));
  };
}

/** To the second (or what d3 makes of an `%L` that no separator precedes), as if the text were UTC. */
function compileWhole(pieces: readonly string[]): (text: string) => number {
  const pattern = pieces.join('');
  const fixed = compileFixedLayout(pieces);
  const parse = utcParse(pattern);
  const format = utcFormat(pattern);
  checkRoundTrip(pattern, parse(format(probe)));
  return (text) => {
    const fast = fixed?.(text);
    if (fast !== undefined) return fast;
    const date = parse(text);
    if (date === null || Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1000) return Number.NaN;
    return normalise(format(date)) === normalise(text) ? date.getTime() : Number.NaN;
  };
}

/** An afternoon, and no first day of a year, month or week. */
const probe = new Date(Date.UTC(2026, 0, 7, 13, 45, 56));

/** Patterns that leave the day or the half of the day open would else give wrong times silently. */
function checkRoundTrip(pattern: string, read: Date | null): void {
  if (read?.toISOString().slice(0, 10) !== '2026-01-07') {
    const remedy =
      'it needs a year, a month and a day: %Y-%m-%d; where the device sends none, leave `time` out';
    refuse(pattern, 'does not tell the day', remedy);
  }
  if (read.getUTCHours() === 1) refuse(pattern, 'has %I without %p', 'use %H, or add %p for AM and PM');
}

/** Takes away what parsing does not care about: case, blanks and zeros before a number. */
function normalise(text: string): string {
  return text.toLowerCase().replaceAll(/(?<!\d)\s*0*(?=\d)/g, '');
}
