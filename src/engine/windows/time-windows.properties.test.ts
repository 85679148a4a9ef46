/** Windows of any readings, cut into any batches, are those of the definition (testing-model.ts). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ModelReading, type ModelResult, model } from './testing-model.ts';
import {
  type Cuts,
  functions,
  type Given,
  minute,
  modelSettings,
  play,
  windowOf,
} from './testing-windows.ts';
import type { TimeWindowPlan } from './time-windows.ts';

const options = {
  latenessMs: [5000, 12_000],
  idleDelayMs: 12_000,
  idleAfterMs: 40_000,
  functions,
};

const steps = fc.array(
  fc.record({
    key: fc.nat(2),
    // Whole numbers: their sums are exact in any order.
    x: fc.integer({ min: 0, max: 100 }),
    late: fc.oneof({ weight: 4, arbitrary: fc.nat(3000) }, fc.nat(200_000)),
    pause: fc.oneof({ weight: 6, arbitrary: fc.nat(15_000) }, fc.nat(300_000)),
    input: fc.nat(1),
  }),
  { maxLength: 60 },
);

const readingsArbitrary = steps.map((all) => {
  let arrivalMs = 1_700_000_000_000;
  return all.map(({ key, x, late, pause, input }): ModelReading => {
    arrivalMs += pause;
    return { key, x, t: arrivalMs - late, arrivalMs, input };
  });
});

const shapes: readonly TimeWindowPlan[] = [
  windowOf(minute),
  windowOf(minute, minute, { offsetMs: 7000 }),
  windowOf(minute, 10_000),
  windowOf(50_000, 20_000, { offsetMs: 3000 }),
  // Beyond a few overlapping ones partial results are kept.
  windowOf(minute, 5000, { offsetMs: 2000 }),
  windowOf(200_000, 2000),
  windowOf(100_000, 7000),
];

const plans = fc.record({
  shape: fc.constantFrom(...shapes),
  emitMs: fc.constantFrom(undefined, undefined, 7000, 30_000),
  keepMs: fc.constantFrom(undefined, undefined, 20_000, 10 * minute),
  watermark: fc.constantFrom('key' as const, 'key' as const, 'global' as const),
});

const cutsArbitrary: fc.Arbitrary<Cuts> = fc.record({
  after: fc.array(fc.nat(59)),
  restores: fc.boolean(),
  asks: fc.boolean(),
});

type Shown = Pick<ModelResult, 'key' | 'stage' | 'endMs' | 'atMs' | 'results'>;

/** Of each key in the order given: between keys it depends on when time passes. */
function byKey(results: readonly Shown[]): Shown[] {
  return results
    .filter(({ stage }) => stage !== 'revised')
    .map(({ key, stage, endMs, atMs, results: values }) => ({ key, stage, endMs, atMs, results: values }))
    .sort((a, b) => a.key - b.key);
}

/** What a database holds that keeps the last of the points of one key and time. */
function lastWritten(given: readonly Given[]): Map<string, Given['results']> {
  return new Map(given.map(({ key, endMs, results }) => [`${key} ${endMs}`, results]));
}

const inOrder = <V>(map: ReadonlyMap<string, V>): [string, V][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

test('any readings, cut into any batches: the windows of the definition', () => {
  fc.assert(
    fc.property(readingsArbitrary, plans, cutsArbitrary, (readings, { shape, ...timing }, cuts) => {
      const plan = { ...shape, ...timing };
      const actual = play(plan, readings, options, cuts);
      const expected = model(readings, modelSettings(plan, options));
      assert.deepEqual(byKey(actual.given), byKey(expected.given));
      assert.deepEqual(inOrder(lastWritten(actual.given)), inOrder(expected.last));
      assert.equal(actual.late, expected.late);
    }),
    { numRuns: 500 },
  );
});

test('one watermark for all closes windows in order of end, then key', () => {
  const plan = windowOf(minute, 10_000, { watermark: 'global' });
  // Without idle keys.
  const patient = { ...options, idleAfterMs: 1e12 };
  fc.assert(
    fc.property(readingsArbitrary, cutsArbitrary, (readings, cuts) => {
      const order = (given: readonly Shown[]): string[] => given.map(({ key, endMs }) => `${endMs} ${key}`);
      const expected = model(readings, modelSettings(plan, patient));
      assert.deepEqual(order(play(plan, readings, patient, cuts).given), order(expected.given));
    }),
  );
});

const wholly: Cuts = { after: [], restores: false, asks: false };
const summing = {
  ...options,
  functions: ['sum', 'avg', 'variance', 'slope', 'twa', 'rate', 'delta', 'percentile'],
};

test('floating point results have the same bits, however often it is restarted or asked', () => {
  const floats = readingsArbitrary.chain((readings) =>
    fc
      .array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), {
        minLength: readings.length,
        maxLength: readings.length,
      })
      .map((xs) => readings.map((reading, i) => ({ ...reading, x: xs[i]! }))),
  );
  fc.assert(
    fc.property(floats, plans, cutsArbitrary, (readings, { shape, ...timing }, cuts) => {
      const plan = { ...shape, ...timing };
      const actual = play(plan, readings, summing, cuts).given;
      const expected = play(plan, readings, summing, wholly).given;
      assert.deepEqual(byKey(actual), byKey(expected));
      assert.deepEqual(inOrder(lastWritten(actual)), inOrder(lastWritten(expected)));
    }),
    { numRuns: 300 },
  );
});

test('readings within the lateness may come in any order', () => {
  const permuted = steps.chain((all) => {
    let t = 1_700_000_000_000;
    const readings = all.map(({ key, x, pause }) => {
      // At different times: of one time, `first` and `last` tell which came first.
      t += 1 + Math.min(pause, 20_000);
      return { key, x, t, input: 0 };
    });
    const shifts = fc.array(fc.nat(4900), { minLength: all.length, maxLength: all.length });
    return shifts.map((delays) => {
      const arriving = readings.map((one, i) => ({ ...one, arrivalMs: one.t + delays[i]! }));
      return { inOrder: readings, arriving: arriving.sort((a, b) => a.arrivalMs - b.arrivalMs) };
    });
  });
  const patient = { ...options, idleAfterMs: 1e12 };
  fc.assert(
    fc.property(permuted, fc.constantFrom(...shapes), ({ inOrder: ordered, arriving }, plan) => {
      const punctual = ordered.map((one) => ({ ...one, arrivalMs: one.t + 5000 }));
      const shuffled = play(plan, arriving, patient, wholly);
      assert.equal(shuffled.late, 0);
      assert.deepEqual(byKey(shuffled.given), byKey(play(plan, punctual, patient, wholly).given));
    }),
  );
});
