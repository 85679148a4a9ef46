import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type Influxd, startInfluxd } from '../../test/peers/influxd.ts';
import type { FieldValue, Point } from '../core/types.ts';
import { encodePoint, timeOfLine } from './line-protocol.ts';

const base: Point = { measurement: 'm', tags: {}, fields: { v: 1 }, timeMs: 1000 };

function lineOf(point: Partial<Point>): string | undefined {
  return encodePoint({ ...base, ...point }).line;
}

test('the cases of the line protocol corpus', () => {
  const corpus = JSON.parse(
    readFileSync(new URL('testdata/line-protocol-corpus.json', import.meta.url), 'utf8'),
  ) as { cases: { point: Point; line: string }[] };
  assert.ok(corpus.cases.length > 40);
  for (const { point, line } of corpus.cases) assert.equal(encodePoint(point).line, line);
});

test('what means absent is left out', () => {
  assert.equal(lineOf({ tags: { a: '', '': 'x', b: 'y' } }), 'm,b=y v=1 1000000000');
  assert.equal(
    lineOf({ fields: { a: Number.NaN, b: Number.POSITIVE_INFINITY, '': 1, c: false } }),
    'm c=false 1000000000',
  );
});

test('numbers are floats, never integers with a suffix', () => {
  assert.equal(
    lineOf({ fields: { a: 3, b: -0, c: 1e21, d: 5e-324 } }),
    'm a=3,b=0,c=1e+21,d=5e-324 1000000000',
  );
});

test('tags are sorted by the bytes of UTF-8', () => {
  const line = lineOf({ tags: { '\u{1f600}': '1', '\ufffd': '2', b: '3', a: '4' } });
  assert.equal(line, 'm,a=4,b=3,\ufffd=2,\u{1f600}=1 v=1 1000000000');
});

test('what the protocol cannot say is changed as documented', () => {
  assert.equal(
    lineOf({ measurement: '#a\nb', tags: { 'k\\': 'v\\', t: 'x\r\ny' } }),
    '_a\\ b,k/=v/,t=x\\ \\ y v=1 1000000000',
  );
  assert.equal(lineOf({ tags: { time: 'x' }, fields: { time: 2 } }), 'm,time_=x time_=2 1000000000');
  assert.equal(lineOf({ fields: { s: 'two\nlines' } }), 'm s="two\nlines" 1000000000');
});

test('a point that has no line is named as a fault', () => {
  const faults = [
    encodePoint({ ...base, fields: {} }),
    encodePoint({ ...base, fields: { v: Number.NaN } }),
    encodePoint({ ...base, measurement: '' }),
    encodePoint({ ...base, timeMs: Number.NaN }),
    encodePoint({ ...base, timeMs: 1e13 }),
    encodePoint({ ...base, tags: { t: 'é'.repeat(33_000) } }),
    encodePoint({ ...base, fields: { s: 'é'.repeat(33_000) } }),
  ];
  assert.deepEqual(
    faults.map((encoded) => encoded.fault),
    ['no-fields', 'no-fields', 'no-measurement', 'bad-time', 'bad-time', 'too-long', 'too-long'],
  );
});

test('times are whole microseconds, in nanoseconds', () => {
  assert.equal(lineOf({ timeMs: 1234.5004 }), 'm v=1 1234500000');
  assert.equal(lineOf({ timeMs: -0.0002 }), 'm v=1 0');
  assert.equal(timeOfLine(lineOf({ timeMs: -5, fields: { s: 'a 7' } })!), -5);
});

let influx: Influxd;
before(async () => {
  influx = await startInfluxd();
});
after(() => influx.stop());

const awkward = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom(',', '=', ' ', '"', '\\', '#', '\n', '\r', '\t', '\0', 'a', 'é', '\u{1f600}'),
    minLength: 1,
    maxLength: 8,
  }),
);
/** What InfluxDB itself would confuse with its own columns or our bookkeeping. */
const fieldNames = fc.constantFrom('f', 'f f', 'f,=', 'f"q', 'f\\', '"');
const arbitraryPoint = fc.record({
  tags: fc.dictionary(
    awkward.map((name) => `t${name}`),
    awkward,
    { maxKeys: 3 },
  ),
  numbers: fc.dictionary(fieldNames, fc.double({ noNaN: true, noDefaultInfinity: true }), { maxKeys: 3 }),
  texts: fc.dictionary(
    fieldNames.map((name) => `s${name}`),
    awkward,
    { maxKeys: 2 },
  ),
  flag: fc.boolean(),
});

/** The documented changes, written a second time. */
function asKept(text: string): string {
  const spaced = [...text].map((c) => (c < ' ' || c === '\x7f' ? ' ' : c));
  return spaced
    .map((c, i) => (c === '\\' && [',', '=', ' ', undefined].includes(spaced[i + 1]) ? '/' : c))
    .join('');
}

function expected(point: Point): { tags: Record<string, string>; fields: Record<string, FieldValue> } {
  const tags = Object.entries(point.tags).map(([key, value]) => [asKept(key), asKept(value)]);
  const fields = Object.entries(point.fields).map(([key, value]) => [asKept(key), value === 0 ? 0 : value]);
  return { tags: Object.fromEntries(tags), fields: Object.fromEntries(fields) };
}

test('any tags and fields come back from a real server as written', async () => {
  await influx.query('CREATE DATABASE round');
  let run = 0;
  const property = fc.asyncProperty(
    fc.array(arbitraryPoint, { minLength: 1, maxLength: 20 }),
    async (drawn) => {
      run += 1;
      const points = drawn
        .filter((one) => new Set(Object.keys(one.tags).map(asKept)).size === Object.keys(one.tags).length)
        .map((one, i): Point => {
          const fields = { ...one.numbers, ...one.texts, flag: one.flag };
          return { measurement: `m ${run},="x`, tags: one.tags, fields, timeMs: i };
        });
      if (points.length === 0) return;
      const body = points.map((point) => encodePoint(point).line).join('\n');
      const answer = await fetch(`${influx.url}/write?db=round`, { method: 'POST', body });
      assert.equal(answer.status, 204, await answer.text());
      const series = await influx.query(`SELECT * FROM "m ${run},=\\"x" GROUP BY *`, 'round');
      const found: { timeMs: number; tags: unknown; fields: unknown }[] = [];
      for (const one of series) {
        const tags = Object.fromEntries(Object.entries(one.tags ?? {}).filter(([, value]) => value !== ''));
        for (const row of one.values) {
          const cells = one.columns.map((name, i) => [name, row[i]] as const).slice(1);
          found.push({
            timeMs: row[0] as number,
            tags,
            fields: Object.fromEntries(cells.filter((cell) => cell[1] !== null)),
          });
        }
      }
      found.sort((a, b) => a.timeMs - b.timeMs);
      assert.deepEqual(
        found,
        points.map((point) => ({ timeMs: point.timeMs, ...expected(point) })),
      );
    },
  );
  await fc.assert(property, { numRuns: 100 });
});
