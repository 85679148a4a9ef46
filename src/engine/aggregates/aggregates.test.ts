import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ValueType } from '../../core/types.ts';
import type { Column } from '../../expression/rows.ts';
import type { AggregatePlan } from '../../rules/plan.ts';
import { rowsOf } from '../testing.ts';
import type { Aggregate } from './aggregate.ts';
import { heldReadings } from './counter.ts';
import { aggregates } from './index.ts';
import { exactValues, relativeError } from './percentile.ts';

type Reading = readonly [timeMs: number, value: number];

function make(fn: string, parameters: number[] = [], type: ValueType | 'none' = 'number'): Aggregate {
  const argumentType = type === 'none' ? undefined : type;
  const plan: AggregatePlan = { fn, parameters, argumentType, resultType: argumentType ?? 'number' };
  const aggregate = aggregates[fn]!(plan);
  aggregate.grow(8);
  for (let slot = 0; slot < 8; slot++) aggregate.reset(slot);
  return aggregate;
}

function fold(aggregate: Aggregate, slot: number, readings: readonly Reading[], column?: Column): void {
  const { rows } = rowsOf(readings.map(([t, x]) => ({ key: 0, t, x, arrivalMs: t })));
  const slots = new Int32Array(readings.length).fill(slot);
  aggregate.fold(slots, 0, readings.length, rows, column ?? rows.columns[0]!);
}

function resultOf(fn: string, readings: readonly Reading[], parameters: number[] = []): number {
  const aggregate = make(fn, parameters);
  fold(aggregate, 1, readings);
  return aggregate.result(1) as number;
}

const values = (...xs: number[]): Reading[] => xs.map((x, i) => [i * 1000, x]);
const missing = Number.NaN;

test('of nothing, and of nothing but nulls', () => {
  for (const fn of Object.keys(aggregates).filter((name) => name !== 'count')) {
    for (const readings of [[], values(missing, missing)]) {
      assert.ok(Number.isNaN(resultOf(fn, readings, [50])), `${fn} of ${readings.length} nulls`);
    }
  }
  assert.equal(resultOf('count', []), 0);
});

test('of one value', () => {
  const expected: Record<string, number> = {
    sum: 7,
    avg: 7,
    min: 7,
    max: 7,
    first: 7,
    last: 7,
    median: 7,
    percentile: 7,
  };
  for (const [fn, value] of Object.entries(expected)) assert.equal(resultOf(fn, values(7), [95]), value, fn);
  for (const fn of ['delta', 'rate', 'stddev', 'variance'])
    assert.ok(Number.isNaN(resultOf(fn, values(7))), fn);
});

test('nulls are skipped', () => {
  assert.equal(resultOf('avg', values(1, missing, 3)), 2);
  assert.equal(resultOf('last', values(1, 2, missing)), 2);
  assert.equal(resultOf('delta', values(1, missing, 4)), 3);
});

test('count() counts readings, count(cond) those for which it holds', () => {
  const all = make('count', [], 'none');
  fold(all, 0, values(1, missing, 3));
  assert.equal(all.result(0), 3);
  const some = make('count', [], 'boolean');
  fold(some, 0, values(1, missing, 0, 1));
  assert.equal(some.result(0), 2);
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
  const aggregate = make('last', [], 'string');
  fold(aggregate, 2, values(0, 0, 0), ['open', 'shut', null]);
  assert.equal(aggregate.result(2), 'shut');
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
  assert.ok(
    Number.isNaN(
      resultOf('rate', [
        [0, 1],
        [0, 2],
      ]),
    ),
  );
});

test('delta stays exact beyond the readings it holds', () => {
  const many = Array.from({ length: 3 * heldReadings }, (_, i): Reading => [i * 10, i % 1000]);
  let expected = 0;
  for (let i = 1; i < many.length; i++) expected += i % 1000 === 0 ? 0 : 1;
  assert.equal(resultOf('delta', many), expected);
});

test('percentiles interpolate between ranks', () => {
  assert.equal(resultOf('percentile', values(15, 20, 35, 40, 50), [40]), 29);
  assert.equal(resultOf('median', values(4, 1, 3, 2)), 2.5);
  assert.equal(resultOf('percentile', values(3, 1, 2), [0]), 1);
  assert.equal(resultOf('percentile', values(3, 1, 2), [100]), 3);
});

test('percentiles of many values stay within the stated error', () => {
  const many = Array.from(
    { length: 10 * exactValues },
    (_, i): Reading => [i, ((i * 7919) % 40_960) - 20_000],
  );
  const sorted = many.map(([, x]) => x).sort((a, b) => a - b);
  for (const p of [1, 10, 25, 75, 90, 99]) {
    const exact = sorted[Math.round((p / 100) * (sorted.length - 1))]!;
    const error = Math.abs(resultOf('percentile', many, [p]) - exact) / Math.abs(exact);
    assert.ok(error <= relativeError * 1.1, `p${p}: ${error}`);
  }
});

test('an unknown slot is left alone', () => {
  for (const fn of Object.keys(aggregates)) {
    const aggregate = make(fn, [50]);
    fold(aggregate, -1, values(1, 2, 3));
    const untouched = aggregate.result(0);
    assert.ok(untouched === 0 || Number.isNaN(untouched), fn);
  }
});

const readingsArbitrary = fc.array(
  fc.tuple(
    fc.nat(100),
    fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -50, max: 50 }) }, fc.constant(missing)),
  ),
  { maxLength: 40 },
);

test('contract: panes merged are the whole, a saved slot is the slot', () => {
  fc.assert(
    fc.property(readingsArbitrary, fc.nat(100), (readings, cutMs) => {
      const early = readings.filter(([t]) => t < cutMs);
      const late = readings.filter(([t]) => t >= cutMs);
      for (const fn of Object.keys(aggregates)) {
        const whole = make(fn, [90]);
        fold(whole, 3, readings);
        const split = make(fn, [90]);
        fold(split, 1, early);
        fold(split, 2, late);
        split.merge(0, 1);
        split.merge(0, 2);
        const restored = make(fn, [90]);
        restored.load(structuredClone(split.save(Int32Array.of(1, 2))), Int32Array.of(5, 4));
        restored.merge(6, 5);
        restored.merge(6, 4);
        const expected = whole.result(3) as number;
        for (const result of [split.result(0), restored.result(6)] as number[]) {
          const near = Math.abs(result - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
          assert.ok(
            near || (Number.isNaN(result) && Number.isNaN(expected)),
            `${fn}: ${result} for ${expected}`,
          );
        }
      }
    }),
  );
});
