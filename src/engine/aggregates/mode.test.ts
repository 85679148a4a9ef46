import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exactModes, modeError } from './mode.ts';
import { fold, make, resultOf, values } from './testing.ts';

test('the most frequent value of any type', () => {
  assert.equal(resultOf('mode', values(3, 1, 3, 2, null, null, null)), 3);
  assert.equal(resultOf('mode', values('run', 'idle', 'run')), 'run');
  assert.equal(resultOf('mode', values(false, true, false)), 0);
});

test('of several the smallest', () => {
  assert.equal(resultOf('mode', values(3, -1, 3, -1, 2)), -1);
  assert.equal(resultOf('mode', values('b', 'a', 'B')), 'B');
  assert.equal(resultOf('mode', values(true, false)), 0);
});

test('exact up to the bound of different values', () => {
  const all = Array.from({ length: exactModes }, (_, i) => i);
  assert.equal(resultOf('mode', values(...all, 700, ...all)), 700);
});

test('when no value comes twice the result is one of them, however many there are', () => {
  for (const n of [exactModes + 1, 10 * exactModes]) {
    const result = resultOf('mode', values(...Array.from({ length: n }, (_, i) => i * 2)));
    assert.ok(typeof result === 'number' && result % 2 === 0 && result >= 0 && result < 2 * n);
  }
});

test('beyond the bound its count is within the stated error of the highest, merged too', () => {
  // Values with falling frequencies, so that many are near the highest.
  const skewed = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
    minLength: 20_000,
    maxLength: 20_000,
  });
  fc.assert(
    fc.property(skewed, fc.integer({ min: 1, max: 4 }), (draws, power) => {
      const xs = draws.map((draw) => Math.floor(draw ** power * 6000));
      const counts = new Map<number, number>();
      for (const x of xs) counts.set(x, (counts.get(x) ?? 0) + 1);
      const most = Math.max(...counts.values());
      const aggregate = make({ fn: 'mode', parameters: [], type: 'number' });
      fold(aggregate, 1, values(...xs));
      fold(aggregate, 2, values(...xs.slice(0, 9000)));
      fold(aggregate, 3, values(...xs.slice(9000)));
      for (const slot of [2, 3]) aggregate.merge(0, slot);
      for (const result of [aggregate.result(1), aggregate.result(0)]) {
        const short = most - (counts.get(result as number) ?? Number.NEGATIVE_INFINITY);
        assert.ok(short <= modeError * xs.length, `${short} of ${xs.length}`);
      }
    }),
    { numRuns: 8 },
  );
});
