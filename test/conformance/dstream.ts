/**
 * From a DStream vector to a rule and readings.
 *
 * A DStream's windows are made of batches; here the elements of batch i have event times within `[i − 1, i) × batch_s`, so
 * that a window of readings `[T − window, T)` holds the batches of `(T − window, T]`. What the operation does to a batch
 * becomes a tumbling window as long as a batch; what it does to each element becomes a rule without a window.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Point } from '../../src/core/types.ts';
import { type Batch, deviceText, planOf, play, type Reading, ruleText, windowText } from './stage.ts';
import { assertSame, type Element, type Vector, vectorsOf } from './vectors.ts';

/** A rule for an operation, and how its points read as elements of the DStream that Spark gives. */
interface Adapter {
  readonly rule: string;
  /** Elements out of the points of one batch or window. */
  readonly elements: (points: readonly Point[]) => unknown[];
}

const each =
  (element: (point: Point) => unknown) =>
  (points: readonly Point[]): unknown[] =>
    points.map(element);

/** Functions of single elements, by Spark's operation and the words for the function. */
const ofElements: Readonly<Record<string, Adapter>> = {
  'map toString': { rule: 'let: { y: string(x) }', elements: each(({ fields }) => fields.y) },
  'map swap': {
    rule: 'let: { first: x, second: k }',
    elements: each(({ fields }) => [fields.first, fields.second]),
  },
  'filter x % 2 == 0': { rule: 'where: x % 2 == 0', elements: each(({ fields }) => fields.x) },
  'filter contains "a"': { rule: `where: s.contains("a")`, elements: each(({ fields }) => fields.s) },
  'transform batch -> batch.map(toString)': {
    rule: 'let: { y: string(x) }',
    elements: each(({ fields }) => fields.y),
  },
  'transform batch.map(i + 2)': { rule: 'let: { y: x + 2 }', elements: each(({ fields }) => fields.y) },
  union: { rule: '', elements: each(({ fields }) => fields.x) },
};

const keyed = (name: string) => each(({ tags, fields }) => [tags[name] ?? '', fields.y]);
const single = each(({ fields }) => fields.y);
const sumOfKey: Adapter = { rule: 'by: [k]\ncompute: { y: sum(x) }', elements: keyed('k') };
/** Each value of a batch is a key, counted. */
const countOfValue: Adapter = { rule: 'by: [member]\ncompute: { y: count() }', elements: keyed('member') };

/** Operations on a batch, or on a window of batches. An inverse function and a filter of zeros are how Spark gets there. */
const ofWindows: Readonly<Record<string, Adapter>> = {
  count: { rule: 'by: []\ncompute: { y: count() }', elements: single },
  reduce: { rule: 'by: []\ncompute: { y: sum(x) }', elements: single },
  reduceByWindow: { rule: 'by: []\ncompute: { y: sum(x) }', elements: single },
  reduceByKey: sumOfKey,
  reduceByKeyAndWindow: sumOfKey,
  countByValue: countOfValue,
  'reduceByKey map x -> (x, 1)': {
    rule: 'let: { one: "1" }\nby: [member]\ncompute: { y: sum(one) }',
    elements: keyed('member'),
  },
  'mapValues map x -> (x, 1); reduceByKey add': {
    rule: 'let: { one: "1" }\nby: [member]\ncompute: { reduced: sum(one), y: reduced + 10 }',
    elements: keyed('member'),
  },
  window: { ...countOfValue, elements: (points) => points.flatMap(membersOf) },
  groupByKeyAndWindow: { rule: 'by: [k, member]\ncompute: { y: count() }', elements: grouped },
};

/** The values that a point of `countOfValue` stands for. */
function membersOf({ tags, fields }: Point): number[] {
  return Array.from({ length: fields.y as number }, () => Number(tags.member));
}

function grouped(points: readonly Point[]): unknown[] {
  const byKey = Map.groupBy(points, ({ tags }) => tags.k);
  return [...byKey].map(([k, own]) => [k, own.flatMap(membersOf).sort((a, b) => a - b)]);
}

/** One test for each vector of a family. */
export function testDStreams(family: string): void {
  for (const vector of vectorsOf(family)) {
    test(`${vector.id}: ${vector.case}`, () => {
      const { op, params } = vector;
      const windowed = ofWindows[[op, params.pre].filter(Boolean).join(' ')];
      if (op === 'foreachBatch') checkForEach(vector);
      else if (windowed !== undefined) checkWindows(vector, windowed);
      else checkElements(vector, ofElements[[op, params.fn].filter(Boolean).join(' ')]!);
    });
  }
}

function checkElements(vector: Vector, { rule, elements }: Adapter): void {
  const expected = vector.expected as unknown[][];
  const { batches } = playEach(vector, rule);
  assert.equal(batches.length, expected.length);
  for (const [i, { points }] of batches.entries()) assertSame(elements(points), expected[i]!, vector.compare);
}

/** An output operation sees each batch, and each of its elements. */
function checkForEach(vector: Vector): void {
  const { batches } = playEach(vector, '');
  const seen = batches.filter(({ points }) => points.length > 0).length;
  const elements = batches.flatMap(({ points }) => points).length;
  assert.deepEqual({ batches_seen: seen, elements_seen: elements }, vector.expected);
}

function playEach(vector: Vector, rule: string): ReturnType<typeof play> {
  const { devices, batches } = streamsOf(vector);
  const names = devices.map((text) => /^device: (.*)$/m.exec(text)![1]);
  return play(planOf(devices, ruleText(`from: [${names.join(', ')}]\n${rule}`)), batches);
}

/** Windows up to the last one that Spark was run for; later ones end after its test. */
function checkWindows(vector: Vector, { rule, elements }: Adapter): void {
  const expected = vector.expected as unknown[][];
  const batchS = vector.params.batch_s as number;
  const lengthS = (vector.params.window_s as number | undefined) ?? batchS;
  const slideS = (vector.params.slide_s as number | undefined) ?? batchS;
  const { batches } = streamsOf(vector);
  const text = `from: s\n${windowText(lengthS, slideS)}\n${rule}`;
  const { batches: told, atEnd } = play(planOf([deviceText('s', 'lateness: 0s')], ruleText(text)), batches);
  const points = [...told.flatMap((one) => one.points), ...atEnd];
  for (const [i, wanted] of expected.entries()) {
    const endMs = (i + 1) * slideS * 1000;
    assertSame(elements(points.filter(({ timeMs }) => timeMs === endMs)), wanted, vector.compare);
  }
  const elsewhere = points.filter(({ timeMs }) => timeMs <= 0 || timeMs % (slideS * 1000) !== 0);
  assert.deepEqual(elsewhere, [], 'no window ends elsewhere');
}

/** The devices that send a vector's streams, and their batches. */
function streamsOf({ input, params }: Vector): { devices: string[]; batches: Batch[] } {
  const batchMs = (params.batch_s as number) * 1000;
  if (!Array.isArray(input)) {
    const streams = input as Readonly<Record<string, Element[][]>>;
    const names = Object.keys(streams);
    const batches = streams[names[0]!]!.map((_, i) =>
      Object.fromEntries(names.map((name) => [name, readingsOf(streams[name]![i]!, i * batchMs)])),
    );
    return { devices: names.map((name) => deviceText(name)), batches };
  }
  const batches = (input as Element[][]).map((batch, i) => ({ s: readingsOf(batch, i * batchMs) }));
  const devices = [deviceText('s')];
  // A stream and what a function made of it: two devices that listen to one topic.
  if (params.streams !== undefined) {
    assert.deepEqual(params.streams, ['s', 's.map(x + 4)']);
    devices.push(deviceText('s').replace('device: s', 'device: plus4').replace('x: {}', 'x: { offset: 4 }'));
  }
  return { devices, batches };
}

/** Pairs are of a key and a number; a millisecond between two elements keeps them apart and in order. */
function readingsOf(batch: readonly Element[], startMs: number): Reading[] {
  return batch.map((element, i) => {
    const [k, value] = Array.isArray(element) ? element : [undefined, element];
    const typed = typeof value === 'number' ? { x: value } : { s: value };
    return { t: startMs + i, k, member: String(value), ...typed };
  });
}
