import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Aggregate } from './aggregate.ts';
import { aggregates } from './index.ts';
import { exactValues, relativeError } from './percentile.ts';
import { fold, make, orNull, type Reading, resultOf, type Variant, values, variants } from './testing.ts';
import { heldReadings } from './trace.ts';

test('of nothing, and of nothing but nulls', () => {
  const counting = ['count', 'distinct'];
  for (const { fn } of variants) {
    for (const readings of [
      [],
      [[0, null, 1] as const],
      [[0, 1, null] as const].slice(takesPair(fn) ? 0 : 1),
    ]) {
      assert.equal(resultOf(fn, readings, [50]), counting.includes(fn) ? 0 : null, fn);
    }
  }
  const every = make({ fn: 'count', parameters: [], type: undefined });
  assert.equal(every.result(0), 0);
});

const takesPair = (fn: string): boolean => fn === 'argmax' || fn === 'argmin';

/** Of a single 7, or of a single `true`. */
const ofOne: Readonly<Record<string, number | null>> = {
  ...{ count: 1, sum: 7, avg: 7, twa: 7, min: 7, max: 7, first: 7, last: 7, argmax: 7, argmin: 7, mode: 7 },
  ...{ distinct: 1, any: 1, all: 1, fraction: 1, time_in: 0, median: 7, percentile: 7 },
  ...{ delta: null, rate: null, slope: null, stddev: null, variance: null },
};

test('of one value', () => {
  assert.deepEqual(Object.keys(ofOne).sort(), Object.keys(aggregates).sort());
  for (const { fn, type } of variants) {
    if (type === 'number') assert.equal(resultOf(fn, [[5, 7, 1]], [95]), ofOne[fn], fn);
    if (type === 'boolean') {
      const expected = ofOne[fn] === 7 ? 1 : ofOne[fn];
      assert.equal(resultOf(fn, [[5, true, 1]], [95]), expected, fn);
    }
  }
});

test('of none, one and two values made compact, as panes of a sliding window are', () => {
  for (const variant of variants.filter(({ type }) => type === 'number')) {
    for (const readings of [[], [[5, 7, 1]], [[5, 7, 1] as const, [5, 9, 2] as const]] as const) {
      const aggregate = make({ ...variant, parameters: [95] });
      fold(aggregate, 1, readings, 'number');
      const plain = aggregate.result(1);
      aggregate.compact?.(1);
      aggregate.merge(2, 1);
      aggregate.compact?.(2);
      assert.deepEqual([aggregate.result(1), aggregate.result(2)], [plain, plain], variant.fn);
    }
  }
});

test('nulls are skipped', () => {
  assert.equal(resultOf('avg', values(1, null, 3)), 2);
  assert.equal(resultOf('last', values(1, 2, null)), 2);
  assert.equal(resultOf('delta', values(1, null, 4)), 3);
});

test('count() counts readings, count(cond) those for which it holds', () => {
  const all = make({ fn: 'count', parameters: [], type: undefined });
  fold(all, 0, [[0], [1], [2]]);
  assert.equal(all.result(0), 3);
  assert.equal(resultOf('count', values(true, null, false, true)), 2);
});

test('sums do not lose small values beside large ones', () => {
  assert.equal(resultOf('sum', values(1e16, 1, -1e16)), 1);
  assert.equal(
    resultOf(
      'sum',
      Array.from({ length: 10_000 }, (_, i): Reading => [i, 0.1]),
    ),
    1000,
  );
  assert.equal(resultOf('sum', values(Number.POSITIVE_INFINITY, 1)), Number.POSITIVE_INFINITY);
});

test('stddev is of a sample, and stable far from zero', () => {
  assert.equal(resultOf('variance', values(2, 4, 4, 4, 5, 5, 7, 9)), 32 / 7);
  assert.equal(resultOf('stddev', values(1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16)), Math.sqrt(30));
  const fine = Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 1009) / 2 ** 20);
  const far = fine.map((x) => 1e9 + x);
  const offsets = far.map((x) => x - 1e9);
  const exact = resultOf('variance', values(...offsets)) as number;
  const error = (resultOf('variance', values(...far)) as number) / exact - 1;
  assert.ok(Math.abs(error) < 1e-12, `${error}`);
});

test('first and last go by event time, arrival breaks ties', () => {
  const readings: Reading[] = [
    [5, 1],
    [3, 2],
    [9, 3],
    [9, 4],
    [3, 5],
  ];
  assert.equal(resultOf('first', readings), 2);
  assert.equal(resultOf('last', readings), 4);
});

test('first and last keep strings', () => {
  assert.equal(resultOf('first', values(null, 'open', 'shut')), 'open');
  assert.equal(resultOf('last', values('open', 'shut', null)), 'shut');
});

test('delta and rate know counter resets and order by time', () => {
  assert.equal(resultOf('delta', values(10, 15, 3, 8)), 5 + 3 + 5);
  assert.equal(
    resultOf('delta', [
      [3000, 8],
      [0, 10],
      [2000, 3],
      [1000, 15],
    ]),
    13,
  );
  assert.equal(
    resultOf('rate', [
      [0, 100],
      [10_000, 150],
    ]),
    5,
  );
  assert.equal(
    resultOf('rate', [
      [0, 1],
      [0, 2],
    ]),
    null,
  );
});

test('delta stays exact beyond the readings it holds', () => {
  const many = Array.from({ length: 3 * heldReadings }, (_, i): Reading => [i * 10, i % 1000]);
  let expected = 0;
  for (let i = 1; i < many.length; i++) expected += i % 1000 === 0 ? 0 : 1;
  assert.equal(resultOf('delta', many), expected);
});

test('many readings merged with many that overlap them in time: no step back is taken for a reset', () => {
  const counter = (from: number, to: number): Reading[] =>
    Array.from({ length: to - from }, (_, i) => [from + i, from + i]);
  const aggregate = make({ fn: 'delta', parameters: [], type: 'number' });
  const half = 2 * heldReadings;
  fold(aggregate, 1, [...counter(0, half), [half + 5, half + 5]]);
  fold(aggregate, 2, [...counter(half, half + 5), ...counter(half + 6, 2 * half)]);
  aggregate.merge(0, 1);
  aggregate.merge(0, 2);
  const grown = aggregate.result(0) as number;
  assert.ok(Math.abs(grown - 2 * half) < 10, `${grown}`);
});

test('percentiles interpolate between ranks', () => {
  assert.equal(resultOf('percentile', values(15, 20, 35, 40, 50), [40]), 29);
  assert.equal(resultOf('median', values(4, 1, 3, 2)), 2.5);
  assert.equal(resultOf('percentile', values(3, 1, 2), [0]), 1);
  assert.equal(resultOf('percentile', values(3, 1, 2), [100]), 3);
});

test('percentiles beside infinite values, and of values whose distance is', () => {
  const infinite = Number.POSITIVE_INFINITY;
  assert.equal(resultOf('median', values(1, 2, infinite)), 2);
  assert.equal(resultOf('median', values(-infinite, 2, 3)), 2);
  assert.equal(resultOf('median', values(2, infinite)), infinite);
  assert.equal(resultOf('median', values(-infinite, infinite)), null);
  assert.equal(resultOf('percentile', values(-1e308, 1e308), [0]), -1e308);
  assert.equal(resultOf('median', values(-1e308, 1e308)), 0);
});

test('percentiles of many values stay within the stated error', () => {
  const many = Array.from(
    { length: 10 * exactValues },
    (_, i): Reading => [i, ((i * 7919) % 40_960) - 20_000],
  );
  const sorted = many.map(([, x]) => x as number).sort((a, b) => a - b);
  for (const p of [1, 10, 25, 75, 90, 99]) {
    const exact = sorted[Math.round((p / 100) * (sorted.length - 1))]!;
    const error = Math.abs((resultOf('percentile', many, [p]) as number) - exact) / Math.abs(exact);
    assert.ok(error <= relativeError * 1.1, `p${p}: ${error}`);
  }
});

test('readings of no slot are left alone', () => {
  for (const variant of variants) {
    const aggregate = make(variant);
    const untouched = aggregate.result(0);
    feed(aggregate, -1, variant, [[0, 1, 1]]);
    assert.deepEqual(aggregate.result(0), untouched, variant.fn);
  }
});

type Sample = readonly [timeMs: number, x: number | null, y: number | null];

const value = (max: number) => fc.option(fc.integer({ min: -max, max }), { freq: 9 });
const sample: fc.Arbitrary<Sample> = fc.tuple(fc.nat(100), value(50), value(3));

/** Samples as readings with values of the variant's types. */
function readingsFor({ fn, type }: Variant, samples: readonly Sample[]): Reading[] {
  const typed = (x: number | null) =>
    x === null || type === 'number' ? x : type === 'boolean' ? x > 0 : `s${x % 10}`;
  return samples.map(([t, x, y]) => {
    if (type === undefined) return [t];
    return takesPair(fn) ? [t, typed(x), y] : [t, typed(x)];
  });
}

function feed(aggregate: Aggregate, slot: number, variant: Variant, samples: readonly Sample[]): void {
  fold(aggregate, slot, readingsFor(variant, samples), variant.type);
}

function assertSame(actual: number | string | null, expected: number | string | null, what: string): void {
  const [a, b] = [orNull(actual), orNull(expected)];
  if (typeof a !== 'number' || typeof b !== 'number') assert.equal(a, b, what);
  else assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${what}: ${a} for ${b}`);
}

test('contract: panes merged are the whole, a saved slot is the slot', () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 40 }), fc.nat(100), (samples, cutMs) => {
      for (const variant of variants) {
        const whole = make(variant);
        feed(whole, 3, variant, samples);
        const split = make(variant);
        const early = samples.filter(([t]) => t < cutMs);
        const late = samples.filter(([t]) => t >= cutMs);
        feed(split, 1, variant, early);
        feed(split, 2, variant, late);
        split.merge(0, 1);
        split.merge(0, 2);
        const restored = make(variant);
        restored.load(structuredClone(split.save(Int32Array.of(1, 2))), Int32Array.of(5, 4));
        restored.merge(6, 5);
        restored.merge(6, 4);
        for (const result of [split.result(0), restored.result(6)]) {
          assertSame(result, whole.result(3), variant.fn);
        }
      }
    }),
  );
});

test('contract: a slot used again knows nothing of what it held', () => {
  const before: Sample[] = Array.from({ length: 9 }, (_, i) => [200 - i, 90 + i, 50 - 20 * i]);
  const samples: Sample[] = Array.from({ length: 9 }, (_, i) => [i, 4 - i, i - 4]);
  for (const variant of variants) {
    const [used, fresh] = [make(variant), make(variant)];
    feed(used, 2, variant, before);
    used.reset(2);
    for (const aggregate of [used, fresh]) feed(aggregate, 2, variant, samples);
    assert.deepEqual(used.result(2), fresh.result(2), variant.fn);
  }
});

/** Of readings of one time these tell the first to arrive from the last. */
const knowArrival = ['first', 'last', 'delta', 'rate', 'twa', 'time_in', 'argmax', 'argmin'];

test('contract: the order of arrival changes nothing, but for ties of those that say so', () => {
  const maxLength = 30;
  const shuffled = fc
    .oneof(
      fc.array(sample, { maxLength }),
      fc.uniqueArray(sample, { maxLength, selector: ([timeMs]) => timeMs }),
    )
    .chain((samples) =>
      fc.tuple(fc.constant(samples), fc.shuffledSubarray(samples, { minLength: samples.length })),
    );
  fc.assert(
    fc.property(shuffled, ([samples, others]) => {
      const ties = new Set(samples.map(([t]) => t)).size < samples.length;
      for (const variant of variants) {
        if (ties && knowArrival.includes(variant.fn)) continue;
        const aggregate = make(variant);
        feed(aggregate, 1, variant, samples);
        feed(aggregate, 2, variant, others);
        assertSame(aggregate.result(2), aggregate.result(1), variant.fn);
      }
    }),
  );
});
