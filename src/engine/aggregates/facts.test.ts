/** What `check` takes for granted of aggregates (rules/aggregate-facts.ts) holds for what they give. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { interval } from '../../expression/facts/interval.ts';
import { type Facts, truth } from '../../expression/facts/known.ts';
import { factsOfAggregate } from '../../rules/examine/aggregate-facts.ts';
import { aggregateNamed } from '../../rules/functions.ts';
import { fold, make, orNull, type Reading, type Value, variants } from './testing.ts';

const windowMs = 60_000;

/** Readings in one window, in any order; a third of them whole numbers, so that sums and ranks meet their bounds. */
function readingsOf(value: fc.Arbitrary<Value>, low: number, high: number): fc.Arbitrary<Reading[]> {
  const second = fc.oneof(fc.double({ min: low, max: high, noNaN: true }), fc.constantFrom(low, high));
  const reading = fc.tuple(fc.integer({ min: 0, max: windowMs - 1 }), value, second);
  return fc.array(reading, { minLength: 1, maxLength: 60 }) as unknown as fc.Arbitrary<Reading[]>;
}

const bounds = fc
  .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 0, max: 1e6, noNaN: true }))
  .map(([low, size]) => [low, low + size] as const);

function assertWithin(result: number | string | null, facts: Facts, fn: string): void {
  if (typeof result !== 'number') return;
  const isWhole = !facts.isWhole || Number.isInteger(result);
  assert.ok(
    result >= facts.low && result <= facts.high && isWhole,
    `${fn}: ${result} is not in ${JSON.stringify(facts)}`,
  );
}

for (const variant of variants.filter(({ type }) => type !== 'string')) {
  const { fn, type } = variant;
  test(`${fn} of ${type ?? 'all readings'} gives what it may`, () => {
    const property = fc.property(
      bounds.chain(([low, high]) => {
        const number = fc.oneof(fc.double({ min: low, max: high, noNaN: true }), fc.constantFrom(low, high));
        const value: fc.Arbitrary<Value> = type === 'boolean' ? fc.boolean() : number;
        const withNulls = fc.oneof(
          { weight: 9, arbitrary: value },
          { weight: 1, arbitrary: fc.constant(null) },
        );
        return fc.tuple(fc.constant([low, high] as const), readingsOf(withNulls, low, high));
      }),
      ([[low, high], readings]) => {
        const x = type === undefined ? undefined : type === 'boolean' ? truth : interval(low, high);
        const aggregate = make(variant);
        const width = type === undefined ? 0 : aggregateNamed(fn)!.takes.length;
        fold(
          aggregate,
          1,
          readings.map((reading) => reading.slice(0, 1 + width) as unknown as Reading),
        );
        assertWithin(orNull(aggregate.result(1)), factsOfAggregate(fn, x, windowMs), fn);
      },
    );
    fc.assert(property, { numRuns: 200 });
  });
}

test('averages of one number many times stay within rounding of it', () => {
  for (const x of [0.1, -0.7, 1 / 3, 1e-300, 299.99]) {
    const readings = Array.from({ length: 5000 }, (_, i): Reading => [i * 10, x]);
    for (const fn of ['avg', 'twa', 'median', 'percentile', 'min', 'max']) {
      const aggregate = make(variants.find((one) => one.fn === fn)!);
      fold(aggregate, 1, readings);
      assertWithin(orNull(aggregate.result(1)), factsOfAggregate(fn, interval(x, x), windowMs), fn);
    }
  }
});
