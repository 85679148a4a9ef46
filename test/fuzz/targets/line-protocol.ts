/** Any point as a line, and back through a strict reader: one line, one point, the same but for what the encoder says it changes. */

import assert from 'node:assert/strict';
import { createCursor, readLine } from '../../../src/codecs/influx-line.ts';
import type { FieldValue, Point } from '../../../src/core/types.ts';
import { encodePoint } from '../../../src/outbox/line-protocol.ts';
import { mutated } from '../mutate.ts';
import type { Target } from '../target.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is changed
const control = /[\u0000-\u001f\u007f]/g;

/** What line-protocol.ts says of names and tag values. */
function sayable(text: string): string {
  const well = text.toWellFormed().replace(control, ' ');
  return well.replace(/\\(?=[,= ]|$)/g, '/');
}

function sayableKey(name: string): string {
  return name === 'time' ? 'time_' : sayable(name);
}

/** A line must say this point and nothing else. */
export function checkLine(point: Point, line: string): void {
  const cursor = createCursor(Buffer.from(line).toString('latin1'));
  const row = readLine(cursor);
  assert.ok(row !== undefined, 'no line');
  assert.equal(readLine(cursor), undefined, 'a second line');
  assert.equal(row.measurement, sayable(point.measurement).replace(/^#/, '_'));
  const tags = Object.entries(point.tags).filter(([name, value]) => name !== '' && value !== '');
  assert.deepEqual(
    new Map(Object.entries(row.tags)),
    new Map(tags.map(([name, value]) => [sayableKey(name), sayable(value)])),
  );
  const fields = Object.entries(point.fields).filter(([name, value]) => name !== '' && isPresent(value));
  assert.deepEqual(
    new Map(Object.entries(row.fields)),
    new Map(
      fields.map(([name, value]) => [
        sayableKey(name),
        typeof value === 'string' ? value.toWellFormed() : value,
      ]),
    ),
  );
  assert.equal(Number(row.time), Math.round(point.timeMs * 1000) * 1000);
  // Of names that were changed the order may be another; those of users are never changed. Objects put numbers first.
  if (tags.some(([name]) => sayableKey(name) !== name || /^\d+$/.test(name))) return;
  const names = Object.keys(row.tags).map((name) => Buffer.from(name));
  assert.deepEqual(names.toSorted(Buffer.compare), names, 'tags are not in the order of their bytes');
}

function isPresent(value: FieldValue): boolean {
  return typeof value !== 'number' || Number.isFinite(value);
}

/** Parts of a point, one after the other, between bytes 0x1f. */
function pointOf(input: Buffer): Point {
  const [measurement = '', ...parts] = input.toString('utf16le').split('\u001f');
  const tags: Record<string, string> = Object.create(null);
  const fields: Record<string, FieldValue> = Object.create(null);
  for (const [i, part] of parts.entries()) {
    const half = Math.floor(part.length / 2);
    const [name, value] = [part.slice(0, half), part.slice(half)];
    if (i % 2 === 0) tags[name] = value;
    else fields[name] = i % 3 === 0 ? Number(value) : i % 5 === 0 ? value.length > 3 : value;
  }
  return { measurement, tags, fields, timeMs: (input.length * 7919.001) % 1e9 };
}

const seeds = [
  'm\u001fab\u001ff1\u001ftagvalue\u001ff"text\\',
  'cpu load\u001fa=b,c\u001ff1\\\u001f\\,\\ \u001fx,y=z',
  '#m\u001f__proto__x\u001f__proto__y\u001ftimetime\u001ftimetime',
  '\ud800\u001f\udc00\ud800\u001f\u{1f600}',
  'm\u001f\u202ea\u001f\ufeff\ufeff\u001f\u0000\n\u001f\r\n\u0000x',
].map((text) => Buffer.from(text, 'utf16le'));

/** Names that become the same one: the profile and rule schemas let no such names through. */
function areNamesApart(names: readonly string[]): boolean {
  return new Set(names.map(sayableKey)).size === names.length;
}

export const lineProtocol: Target = {
  make: (random) =>
    mutated(
      random,
      seeds,
      ['\u001f', '\\', ',', '=', ' ', '"', '#', '\n'].map((sign) => `${sign}\0`),
    ),
  check(input) {
    const point = pointOf(input);
    if (!areNamesApart(Object.keys(point.tags)) || !areNamesApart(Object.keys(point.fields))) return;
    const { line } = encodePoint(point);
    if (line !== undefined) checkLine(point, line);
  },
};
