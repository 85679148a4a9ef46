/** What every detector keeps to. A new one runs this suite in its test. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialize } from 'node:v8';
import fc from 'fast-check';
import type { Detector, MakeDetector } from './detector.ts';
import { answers, createNoise, dayMs, hourMs, minuteMs, type Reading, series, times } from './testing.ts';

export interface Traits {
  readonly parameters: readonly number[];
  /** What x → a × x + b, a > 0, makes of the answers; `none` for what depends on the size of values. */
  readonly ofLinear: 'unchanged' | 'as x' | 'none';
  /** Knows the hours of the day. */
  readonly knowsDay: boolean;
  /** How close answers are to those that never saw a wild value, when the memory of it should be over. */
  readonly tolerance: number;
}

const millisecond = fc.integer({ min: 0, max: 3 * dayMs });
const anyReading: fc.Arbitrary<Reading> = fc.tuple(
  millisecond,
  fc.oneof(
    fc.double(),
    fc.integer({ min: -5, max: 5 }),
    fc.constantFrom(0, -0, 1e308, -1e308, 1e100, 5e-324, Number.NaN),
    fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_SAFE_INTEGER),
  ),
);
const plainReading: fc.Arbitrary<Reading> = fc.tuple(millisecond, fc.integer({ min: -20, max: 20 }));
const runs = { numRuns: 60 };

/** Sorted, with a few that come late. */
const inOrder = (readings: readonly Reading[]): Reading[] =>
  readings.map((reading, i) => [i % 9 === 4 ? reading[0] : i * 20 * minuteMs, reading[1]]);

const noise = createNoise();
const noisy = series(
  times(3000, (i) => Math.round(100 * noise()) + (i > 1500 ? 1000 : 0)),
  5 * minuteMs,
);

export function detectorContract(name: string, makeDetector: MakeDetector, traits: Traits): void {
  const make = (): Detector => makeDetector(traits.parameters);
  const says = (readings: readonly Reading[]): number[] => answers(make(), readings);

  test(`${name}: of a value that never changes it says one thing, once it can`, () => {
    const said = says(series(times(3000, () => 20.1)));
    assert.ok(Number.isFinite(said.at(-1)));
    assert.equal(new Set(said.slice(1500)).size, 1);
  });

  test(`${name}: never says anything infinite, whatever it is told`, () => {
    fc.assert(
      fc.property(fc.array(anyReading, { maxLength: 300 }), (readings) => {
        for (const told of [readings, inOrder(readings)]) {
          for (const answer of says(told)) assert.ok(Number.isNaN(answer) || Number.isFinite(answer));
        }
      }),
      runs,
    );
  });

  test(`${name}: says nothing of NaN`, () => {
    const detector = make();
    answers(detector, noisy);
    assert.equal(detector.judge(0, noisy.at(-1)![0] + 1, Number.NaN), Number.NaN);
  });

  test(`${name}: NaN and infinities are not learnt`, () => {
    const detector = make();
    answers(detector, noisy.slice(0, 500));
    const before = serialize(detector.save(1));
    const nextMs = noisy[500]![0];
    for (const x of [Number.NaN, Number.POSITIVE_INFINITY, -1e308]) detector.learn(0, nextMs, x);
    assert.deepEqual(serialize(detector.save(1)), before);
  });

  test(`${name}: judging changes nothing`, () => {
    const detector = make();
    answers(detector, noisy.slice(0, 700));
    const before = serialize(detector.save(1));
    const newestMs = noisy[699]![0];
    for (const tMs of [newestMs, newestMs + minuteMs, newestMs - hourMs, newestMs + 5 * dayMs]) {
      const first = detector.judge(0, tMs, 55);
      assert.equal(detector.judge(0, tMs, 55), first);
    }
    assert.deepEqual(serialize(detector.save(1)), before);
  });

  test(`${name}: saved and loaded anywhere, it goes on as if nothing had been`, () => {
    fc.assert(
      fc.property(fc.array(anyReading, { maxLength: 200 }), fc.nat(200), (readings, cut) => {
        const told = inOrder(readings);
        const first = make();
        const said = answers(first, told.slice(0, cut));
        const second = make();
        second.load(structuredClone(first.save(1)));
        assert.deepEqual([...said, ...answers(second, told.slice(cut))], says(told));
      }),
      runs,
    );
  });

  test(`${name}: what was saved does not change with what is learnt later`, () => {
    const detector = make();
    answers(detector, noisy.slice(0, 300));
    const saved = detector.save(1);
    const before = serialize(saved);
    answers(detector, noisy.slice(300, 600));
    assert.deepEqual(serialize(saved), before);
  });

  test(`${name}: a key knows nothing of others`, () => {
    const detector = make();
    const said = noisy.map((reading, i) => {
      const other = i % 2 === 0 ? 0 : 2 + Math.floor(i / 100);
      answers(detector, [[reading[0] - hourMs, -7 * i]], other);
      return answers(detector, [reading], 1)[0];
    });
    assert.deepEqual(said, says(noisy));
  });

  test(`${name}: a key takes as much room after a year as at first`, () => {
    const detector = make();
    answers(detector, series([1, 2, 3]));
    const bytes = serialize(detector.save(1)).length;
    answers(detector, noisy);
    answers(detector, series([1, 2, 3], dayMs, 400 * dayMs));
    assert.equal(serialize(detector.save(1)).length, bytes);
  });

  test(`${name}: the date makes no difference`, () => {
    const step = traits.knowsDay ? dayMs : 1;
    fc.assert(
      fc.property(
        fc.array(plainReading, { maxLength: 200 }),
        fc.integer({ min: -20_000, max: 20_000 }),
        (readings, by) => {
          const told = inOrder(readings);
          const moved = told.map(([tMs, x]): Reading => [tMs + by * step, x]);
          assert.deepEqual(says(moved), says(told));
        },
      ),
      runs,
    );
  });

  if (traits.ofLinear !== 'none') {
    test(`${name}: other units make no difference`, () => {
      const [a, b] = [4, 3000];
      const said = says(noisy);
      const scaled = says(noisy.map(([tMs, x]) => [tMs, a * x + b]));
      for (const [i, answer] of said.entries()) {
        const expected = traits.ofLinear === 'unchanged' ? answer : a * answer + b;
        const isClose = Math.abs(scaled[i]! - expected) <= 1e-6 * Math.max(1, Math.abs(expected));
        assert.ok(Object.is(scaled[i], expected) || isClose, `${i}: ${scaled[i]} for ${expected}`);
      }
    });
  }

  test(`${name}: gets over a wild value`, () => {
    for (const wild of [1e308, 1e99, -1e99, 4_294_967_295, Number.NEGATIVE_INFINITY]) {
      const told = noisy.map(([tMs, x], i): Reading => [tMs, i === 1000 ? wild : x]);
      const said = says(told).slice(2800);
      const without = says(noisy.filter((_, i) => i !== 1000)).slice(2799);
      for (const [i, answer] of said.entries()) {
        const isClose = Math.abs(answer - without[i]!) <= traits.tolerance;
        assert.ok(isClose, `after ${wild}: ${answer}, else ${without[i]}`);
      }
    }
  });

  test(`${name}: a late value does not upset it`, () => {
    const late = noisy.flatMap(([tMs, x], i): Reading[] =>
      i % 50 === 49
        ? [
            [tMs, x],
            [tMs - 40 * dayMs, -5000],
            [tMs - 3 * minuteMs, x],
          ]
        : [[tMs, x]],
    );
    for (const answer of says(late).slice(500)) assert.ok(Number.isFinite(answer));
  });
}
