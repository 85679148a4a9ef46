/**
 * Payload bytes as text, and text shown in messages.
 *
 * Two ways: whole UTF-8 text (json, value), or one character a byte (csv, influx), where only the tokens wanted are
 * decoded, so that bytes that are not UTF-8 spoil their own row alone. A byte order mark is skipped in both.
 */

import { isUtf8 } from 'node:buffer';
import { DecodeError } from './codec.ts';

const replacement = '\uFFFD';

/** The UTF-8 text of `buffer[start, end)`; throws DecodeError when it is not UTF-8. */
export function utf8Text(buffer: Buffer, start: number, end: number): string {
  const from = skipByteOrderMark(buffer, start, end);
  const text = buffer.toString('utf8', from, end);
  // Bad bytes become U+FFFD: without one there is nothing to check.
  if (text.includes(replacement) && !isUtf8(buffer.subarray(from, end))) {
    const offset = badByte(buffer, from, text);
    const hex = buffer[offset]!.toString(16).padStart(2, '0');
    throw new DecodeError(`not UTF-8: byte 0x${hex} at offset ${offset - start} of the payload`);
  }
  return text;
}

/** Offset in the buffer of the first U+FFFD that the sender did not send. */
function badByte(buffer: Buffer, from: number, text: string): number {
  let offset = from;
  let done = 0;
  for (;;) {
    const at = text.indexOf(replacement, done);
    offset += Buffer.byteLength(text.slice(done, at));
    const sent = buffer[offset] === 0xef && buffer[offset + 1] === 0xbf && buffer[offset + 2] === 0xbd;
    if (!sent) return offset;
    offset += 3;
    done = at + 1;
  }
}

/** One character for each byte of `buffer[start, end)`. */
export function byteText(buffer: Buffer, start: number, end: number): string {
  return buffer.toString('latin1', skipByteOrderMark(buffer, start, end), end);
}

function skipByteOrderMark(buffer: Buffer, start: number, end: number): number {
  const marked =
    end - start >= 3 && buffer[start] === 0xef && buffer[start + 1] === 0xbb && buffer[start + 2] === 0xbf;
  return marked ? start + 3 : start;
}

const notAscii = /[\x80-\xff]/;

/** Turns pieces of one byte text into real strings; undefined for bytes that are not UTF-8. */
export type TokenReader = (token: string) => string | undefined;

/**
 * Chooses how the tokens of a payload are read.
 *
 * V8 keeps the whole payload alive behind a slice of it that is 13 characters or longer, and tag values live long:
 * tokens of a large payload are therefore copied.
 */
export function tokenReaderFor(text: string): TokenReader {
  if (notAscii.test(text)) return decodeToken;
  return text.length > 4096 ? copyToken : sameToken;
}

function sameToken(token: string): string {
  return token;
}

function copyToken(token: string): string {
  return token.length < 13 ? token : Buffer.from(token, 'latin1').toString('latin1');
}

function decodeToken(token: string): string | undefined {
  if (!notAscii.test(token)) return copyToken(token);
  const bytes = Buffer.from(token, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unprintable = /[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]|\p{Surrogate}/gu;
const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text for a message: in quotes (back quotes when it has quotes itself), on one line, cut after `limit` characters. */
export function quote(text: string, limit = 60): string {
  const shown = text.length > limit ? `${text.slice(0, limit)}…` : text;
  const visible = shown.replaceAll(unprintable, (character) => {
    return shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  const mark = visible.includes('"') ? '`' : '"';
  return `${mark}${visible}${mark}`;
}

/** The same for a piece of byte text. */
export function quoteBytes(text: string): string {
  return quote(readable(text.slice(0, 240)));
}

/** The first character of a piece of byte text, for a message. */
export function firstCharacter(text: string): string {
  return quote(String.fromCodePoint(readable(text).codePointAt(0)!));
}

/** The surroundings of `offset`, for a message. */
export function excerpt(text: string, offset: number, kind: 'characters' | 'bytes' = 'characters'): string {
  const from = offset > 30 ? offset - 20 : 0;
  const part = text.slice(from, offset + 40);
  const shown = kind === 'bytes' ? readable(part) : part;
  return quote(`${from > 0 ? '…' : ''}${shown}${offset + 40 < text.length ? '…' : ''}`, 100);
}

function readable(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/**
 * Gives `line 1, column 5` of an offset, both from 1. Offsets have to grow from call to call: thousands of bad lines
 * of one payload are then counted in one pass.
 */
export function createPlaces(text: string): (offset: number) => string {
  let line = 1;
  let lineStart = 0;
  return (offset) => {
    for (let at = text.indexOf('\n', lineStart); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
      line += 1;
      lineStart = at + 1;
    }
    return `line ${line}, column ${offset - lineStart + 1}`;
  };
}
