import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FieldMerges, Point } from '../core/types.ts';
import type { Note } from '../log/lane.ts';
import { encodePoint, keyOf } from './line-protocol.ts';
import { createMerger, type Merged, notingOf } from './merge.ts';
import { parseLine } from './parse-line.ts';

const merges: FieldMerges = {
  n: 'sum',
  least: 'min',
  most: 'max',
  began: 'first',
  ended: 'last',
  some: 'any',
  every: 'all',
  mean: 'mean',
};
const { kind, means } = notingOf({ fields: merges, shape: 'a' });

interface Entry {
  readonly line: string;
  readonly note: Note | undefined;
}

function entryOf(point: Point): Entry {
  const numbers = means.map((name) => point.weights?.[name] ?? 0);
  return { line: encodePoint(point).line!, note: { kind, numbers } };
}

function merged(entries: readonly Entry[], windowMs: number): Merged & { readonly entries: Entry[] } {
  const merger = createMerger(windowMs);
  for (const { line, note } of entries) merger.add(line, note);
  const result = merger.take();
  return { ...result, entries: result.lines.map((line, i) => ({ line, note: result.notes[i] })) };
}

/** Values are whole numbers, so sums are exact in any order. */
const reading = fc.record({
  value: fc.integer({ min: -1000, max: 1000 }),
  weight: fc.integer({ min: 0, max: 50 }),
});
const series = fc.array(reading, { minLength: 1, maxLength: 60 });

function pointOf({ value, weight }: { value: number; weight: number }, i: number, key = 'a'): Point {
  return {
    measurement: 'load, of bus',
    tags: { key },
    fields: {
      n: weight,
      least: value,
      most: value,
      began: `"${value}", or so`,
      ended: value,
      some: value > 900,
      every: value > -900,
      mean: value,
      median: value,
    },
    weights: { mean: weight },
    timeMs: (i + 1) * 10_000,
  };
}

/** What one would ask a database: over all points of a series. */
function totals(entries: readonly Entry[]): unknown {
  const parts = entries.map(({ line, note }) => ({ ...parseLine(line)!, weight: note!.numbers[0]! }));
  const inTime = parts.toSorted((a, b) => Number(a.time) - Number(b.time));
  const numbers = (name: string): number[] => inTime.map(({ fields }) => Number(fields.get(name)));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const weights = inTime.map(({ weight }) => weight);
  const weighted = sum(numbers('mean').map((mean, i) => (weights[i] === 0 ? 0 : mean * weights[i]!)));
  return {
    series: [...new Set(inTime.map((part) => part.series))],
    n: sum(numbers('n')),
    least: Math.min(...numbers('least')),
    most: Math.max(...numbers('most')),
    began: inTime[0]!.fields.get('began'),
    ended: inTime.at(-1)!.fields.get('ended'),
    some: inTime.some(({ fields }) => fields.get('some') === 'true'),
    every: inTime.every(({ fields }) => fields.get('every') === 'true'),
    weight: sum(weights),
    weighted: Math.round(weighted * 1e6) / 1e6,
    newest: inTime.at(-1)!.time,
  };
}

test('merging in any grouping, again and again, keeps sums, extremes, edges and weighted means', () => {
  fc.assert(
    fc.property(
      series,
      fc.array(fc.nat(59), { maxLength: 8 }),
      fc.constantFrom(10_000, 60_000, 600_000),
      (readings, cuts, windowMs) => {
        const entries = readings.map((one, i) => entryOf(pointOf(one, i)));
        const before = totals(entries);
        const ends = [0, ...cuts.toSorted((a, b) => a - b), entries.length];
        const once = ends.slice(1).flatMap((end, i) => merged(entries.slice(ends[i], end), windowMs).entries);
        assert.deepEqual(totals(once), before);
        const twice = merged(once, windowMs * 6);
        assert.deepEqual(totals(twice.entries), before);
        assert.equal(new Set(twice.lines).size, twice.lines.length);
      },
    ),
    { numRuns: 300 },
  );
});

test('a merged point has the time of its newest part, only fields that can be merged, and series stay apart', () => {
  const points = [0, 1, 2].flatMap((i) => ['a', 'b'].map((key) => pointOf({ value: i, weight: 2 }, i, key)));
  const { lines, from, to, leftOut, notes } = merged(points.map(entryOf), 60_000);
  assert.deepEqual(lines, [
    'load\\,\\ of\\ bus,key=a n=6,least=0,most=2,began="\\"0\\", or so",ended=2,some=false,every=true,mean=1 30000000000',
    'load\\,\\ of\\ bus,key=b n=6,least=0,most=2,began="\\"0\\", or so",ended=2,some=false,every=true,mean=1 30000000000',
  ]);
  assert.deepEqual(
    { from, to, leftOut, notes },
    {
      ...{ from: 6, to: 2, leftOut: 6 },
      notes: [
        { kind, numbers: [6] },
        { kind, numbers: [6] },
      ],
    },
  );
});

test('what has no note, nothing to merge or no company stays as it is, in its order', () => {
  const alone = entryOf(pointOf({ value: 1, weight: 1 }, 0));
  const text = 'log,key=a text="a, b=\\"c\\" \\\\" 20000000000';
  const entries: Entry[] = [
    { line: 'm v=1 10000000000', note: undefined },
    alone,
    { line: text, note: { kind, numbers: [0] } },
    { line: 'm v=2 10000000000', note: undefined },
  ];
  const { lines, from, to } = merged(entries, 60_000);
  assert.deepEqual([lines, from, to], [entries.map(({ line }) => line), 0, 0]);
});

test('of two lines that name one point the later has the last word, as in the database', () => {
  const first = entryOf(pointOf({ value: 5, weight: 3 }, 0));
  const again = { line: 'load\\,\\ of\\ bus,key=a n=7 10000000000', note: { kind, numbers: [0] } };
  const next = entryOf(pointOf({ value: 1, weight: 2 }, 1));
  const { entries } = merged([first, again, next], 60_000);
  const { fields } = parseLine(entries[0]!.line)!;
  assert.deepEqual([fields.get('n'), fields.get('mean'), entries[0]!.note!.numbers], ['9', '3.4', [5]]);
});

test('a point of 12:00 is of the hour that ends then, and one of a microsecond later is not', () => {
  const at = (timeMs: number): Entry => entryOf({ ...pointOf({ value: 1, weight: 1 }, 0), timeMs });
  const noon = Date.parse('2026-01-05T12:00:00Z');
  assert.equal(merged([at(noon - 3_599_999), at(noon)], 3_600_000).lines.length, 1);
  assert.equal(merged([at(noon), at(noon + 0.001)], 3_600_000).lines.length, 2);
});

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.string());

test('every line is taken apart into what it was made of', () => {
  fc.assert(
    fc.property(
      name,
      fc.dictionary(name, name),
      fc.dictionary(name, value, { minKeys: 1 }),
      (measurement, tags, fields) => {
        const { line } = encodePoint({ measurement, tags, fields, timeMs: 1_767_600_000_123.456 });
        const names = Object.keys(fields).filter((field) => field !== '');
        fc.pre(line !== undefined && new Set(names.map(keyOf)).size === names.length);
        const parsed = parseLine(line)!;
        const texts = [...parsed.fields].map(([field, text]) => `${field}=${text}`);
        assert.equal(`${parsed.series} ${texts.join(',')} ${parsed.time}`, line);
        assert.equal(
          encodePoint({ measurement, tags, fields: { x: 1 }, timeMs: 0 }).line,
          `${parsed.series} x=1 0`,
        );
      },
    ),
    { numRuns: 500 },
  );
});
