/**
 * One line of InfluxDB line protocol: `measurement,tag=value field=1i,other="text" 1700000000000000000`.
 *
 * Strict, as the reference decoder of influxdata/line-protocol is: escapes where they are known, control characters
 * only in tag values and strings, int64 and uint64 ranges, no tag twice, nothing after the time. A quoted string may
 * hold line ends. Of a field written twice the last counts.
 * Works on byte text (text.ts): the grammar is ASCII, names and texts are decoded as they are taken.
 */

import { DecodeError } from './codec.ts';
import { isDecimal } from './decimal.ts';
import { setOwn } from './own.ts';
import {
  createPlaces,
  excerpt,
  firstCharacter,
  quote,
  quoteBytes,
  type TokenReader,
  tokenReaderFor,
} from './text.ts';

export interface InfluxRow {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, InfluxValue>>;
  /** Digits as sent. */
  time?: string;
}

export type InfluxValue = number | bigint | boolean | string;

/** `at` moves on through the text. After a fault the bad line ends at the first line end from there. */
export interface Cursor {
  readonly text: string;
  readonly token: TokenReader;
  readonly placeOf: (offset: number) => string;
  at: number;
}

export function createCursor(text: string): Cursor {
  return { text, token: tokenReaderFor(text), placeOf: createPlaces(text), at: 0 };
}

/** Characters by code: 1 for those of the set. */
type Bytes = Uint8Array;

function bytes(characters: string, ...more: readonly number[]): Bytes {
  const set = new Uint8Array(256);
  for (const code of [...Buffer.from(characters), ...more]) set[code] = 1;
  return set;
}

const controls = [...Array(32).keys(), 127];
const measurementEnd = bytes(', ', ...controls);
const keyEnd = bytes(',= ', ...controls);
const tagValueEnd = bytes(',= \r\n');
const plainValueEnd = bytes(', \r\n');
const commentEnd = bytes('', ...controls);

/** What a backslash makes part of the name; before anything else it stands for itself. */
interface Escapes {
  readonly bytes: Bytes;
  readonly pattern: RegExp;
}
const measurementEscapes: Escapes = { bytes: bytes(', '), pattern: /\\([, ])/g };
const keyEscapes: Escapes = { bytes: bytes(',= '), pattern: /\\([,= ])/g };
const stringEscapes: Escapes = { bytes: bytes('"\\'), pattern: /\\(["\\])/g };
const stringEnd = bytes('"');

/** Reads the next line that is neither blank nor a comment; undefined at the end. Throws DecodeError. */
export function readLine(cursor: Cursor): InfluxRow | undefined {
  skipEmptyLines(cursor);
  if (cursor.at === cursor.text.length) return undefined;
  const measurement = takeName(cursor, measurementEnd, measurementEscapes, 'a measurement');
  const row: InfluxRow = { measurement, tags: readTags(cursor), fields: readFields(cursor) };
  const time = readTime(cursor);
  if (time !== undefined) row.time = time;
  return row;
}

/** Moves to the start of the next line. */
export function skipLine(cursor: Cursor): void {
  const feed = cursor.text.indexOf('\n', cursor.at);
  cursor.at = feed === -1 ? cursor.text.length : feed + 1;
}

function skipEmptyLines(cursor: Cursor): void {
  do {
    skipSpaces(cursor);
    if (cursor.text[cursor.at] === '#') skipComment(cursor);
  } while (cursor.at < cursor.text.length && takeLineEnd(cursor));
}

function skipComment(cursor: Cursor): void {
  while (cursor.at < cursor.text.length && !commentEnd[cursor.text.charCodeAt(cursor.at)]) cursor.at += 1;
  if (!isLineEnd(cursor)) fail(cursor, cursor.at, `${found(cursor)} in a comment`);
}

function readTags(cursor: Cursor): Record<string, string> {
  const tags: Record<string, string> = {};
  while (cursor.text[cursor.at] === ',') {
    cursor.at += 1;
    const start = cursor.at;
    const key = takeName(cursor, keyEnd, keyEscapes, 'a tag key');
    takeEquals(cursor, 'tag', key);
    const value = takeName(cursor, tagValueEnd, keyEscapes, 'a tag value');
    if (Object.hasOwn(tags, key)) fail(cursor, start, `tag ${quote(key)} stands twice`);
    setOwn(tags, key, value);
  }
  if (cursor.text[cursor.at] !== ' ')
    fail(cursor, cursor.at, `expected a blank and fields, found ${found(cursor)}`);
  skipSpaces(cursor);
  return tags;
}

function readFields(cursor: Cursor): Record<string, InfluxValue> {
  const fields: Record<string, InfluxValue> = {};
  for (;;) {
    const key = takeName(cursor, keyEnd, keyEscapes, 'a field key');
    takeEquals(cursor, 'field', key);
    setOwn(fields, key, takeValue(cursor));
    if (cursor.text[cursor.at] !== ',') return fields;
    cursor.at += 1;
  }
}

function takeValue(cursor: Cursor): InfluxValue {
  if (cursor.text[cursor.at] === '"') return takeString(cursor);
  const start = cursor.at;
  while (cursor.at < cursor.text.length && !plainValueEnd[cursor.text.charCodeAt(cursor.at)]) cursor.at += 1;
  const text = cursor.text.slice(start, cursor.at);
  const value = plainValue(text);
  if (value === undefined) fail(cursor, start, `${quoteBytes(text)} is no number, boolean or quoted text`);
  if (value === 'range') fail(cursor, start, `${quoteBytes(text)} is out of range`);
  return value;
}

function takeString(cursor: Cursor): string {
  const start = cursor.at;
  cursor.at += 1;
  const text = takeToken(cursor, stringEnd, stringEscapes);
  if (cursor.at === cursor.text.length) {
    // The rest of the payload is not lost with it: reading goes on at the next line.
    cursor.at = start;
    fail(cursor, start, 'a quoted text is not closed');
  }
  cursor.at += 1;
  return text;
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'T', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['f', 'F', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
]);

/** undefined when it is nothing known, 'range' when it is too large for its type. */
function plainValue(text: string): number | bigint | boolean | 'range' | undefined {
  if (/^-?\d+i$/.test(text)) return integer(text.slice(0, -1), int64);
  if (/^\d+u$/.test(text)) return integer(text.slice(0, -1), uint64);
  if (!isDecimal(text) || text.startsWith('+')) return booleans.get(text);
  const number = Number(text);
  return Number.isFinite(number) ? number : 'range';
}

interface IntegerType {
  readonly least: bigint;
  readonly most: bigint;
}
const int64: IntegerType = { least: -(2n ** 63n), most: 2n ** 63n - 1n };
const uint64: IntegerType = { least: 0n, most: 2n ** 64n - 1n };

function integer(digits: string, type: IntegerType): number | bigint | 'range' {
  const number = Number(digits);
  // Not -0: integers have one zero.
  if (Number.isSafeInteger(number)) return number + 0;
  if (Math.abs(number) > 2e19) return 'range';
  const exact = BigInt(digits);
  return exact >= type.least && exact <= type.most ? exact : 'range';
}

/** The digits after the fields, if any, up to and with the end of the line. */
function readTime(cursor: Cursor): string | undefined {
  if (!isLineEnd(cursor) && cursor.text[cursor.at] !== ' ') {
    fail(cursor, cursor.at, `expected a comma or a blank after a field, found ${found(cursor)}`);
  }
  skipSpaces(cursor);
  if (takeLineEnd(cursor)) return undefined;
  const start = cursor.at;
  while (cursor.at < cursor.text.length && !plainValueEnd[cursor.text.charCodeAt(cursor.at)]) cursor.at += 1;
  const time = cursor.text.slice(start, cursor.at);
  if (!/^-?\d+$/.test(time)) fail(cursor, start, `${quoteBytes(time)} is no time`);
  if (time.length > 18 && integer(time, int64) === 'range')
    fail(cursor, start, `time ${quoteBytes(time)} is out of range`);
  skipSpaces(cursor);
  if (!takeLineEnd(cursor)) fail(cursor, cursor.at, `expected the end of the line, found ${found(cursor)}`);
  return time;
}

function takeName(cursor: Cursor, end: Bytes, escapes: Escapes, what: string): string {
  const start = cursor.at;
  const name = takeToken(cursor, end, escapes);
  if (cursor.at === start) fail(cursor, start, `expected ${what}, found ${found(cursor)}`);
  return name;
}

function takeToken(cursor: Cursor, end: Bytes, escapes: Escapes): string {
  const { text } = cursor;
  const start = cursor.at;
  let escaped = false;
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 92 && escapes.bytes[text.charCodeAt(at + 1)] === 1) {
      escaped = true;
      at += 1;
    } else if (end[code] === 1) break;
  }
  cursor.at = at;
  const taken = text.slice(start, at);
  const token = cursor.token(escaped ? taken.replaceAll(escapes.pattern, '$1') : taken);
  if (token === undefined) fail(cursor, start, 'not UTF-8');
  return token;
}

function takeEquals(cursor: Cursor, kind: 'tag' | 'field', key: string): void {
  if (cursor.text[cursor.at] !== '=') {
    fail(cursor, cursor.at, `expected \`=\` after ${kind} ${quote(key)}, found ${found(cursor)}`);
  }
  cursor.at += 1;
}

function skipSpaces(cursor: Cursor): void {
  while (cursor.text.charCodeAt(cursor.at) === 32) cursor.at += 1;
}

/** LF, CRLF, the end of the text, or a CR before it. */
function isLineEnd({ text, at }: Cursor): boolean {
  const code = text.charCodeAt(at);
  return (
    at >= text.length || code === 10 || (code === 13 && (at + 1 === text.length || text[at + 1] === '\n'))
  );
}

function takeLineEnd(cursor: Cursor): boolean {
  if (!isLineEnd(cursor)) return false;
  cursor.at = Math.min(cursor.text.length, cursor.at + (cursor.text[cursor.at] === '\r' ? 2 : 1));
  return true;
}

function found({ text, at }: Cursor): string {
  if (at >= text.length) return 'the end';
  if (text[at] === '\n') return 'the end of the line';
  return firstCharacter(text.slice(at, at + 4));
}

function fail(cursor: Cursor, offset: number, message: string): never {
  throw new DecodeError(`${message} at ${cursor.placeOf(offset)}: ${excerpt(cursor.text, offset, 'bytes')}`);
}
