import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fewestDistances, learnDistance, rarity, tailWidth, usualEnd } from './tail.ts';
import { createNoise, times } from './testing.ts';

function learnt(distances: readonly number[]): Float64Array {
  const cells = new Float64Array(tailWidth);
  for (const distance of distances) learnDistance(cells, 0, distance);
  return cells;
}

test('nothing is rare until there have been enough', () => {
  const few = learnt(times(fewestDistances - 1, () => 1));
  assert.equal(rarity(few, 0, 1e9), 1);
  learnDistance(few, 0, 1);
  assert.ok(rarity(few, 0, 1e9) < 1e-6);
});

test('of normal distances it is near the truth, on the careful side', () => {
  const noise = createNoise();
  const cells = learnt(times(50_000, () => Math.abs(noise())));
  const truth: readonly (readonly [deviations: number, probability: number])[] = [
    [3, 2.7e-3],
    [4, 6.3e-5],
    [5, 5.7e-7],
  ];
  for (const [deviations, probability] of truth) {
    const found = rarity(cells, 0, deviations);
    assert.ok(found > probability / 3 && found < probability * 60, `${deviations}: ${found}`);
  }
  assert.equal(rarity(cells, 0, 2), 1);
});

test('wild distances among the first are not taken for usual', () => {
  const noise = createNoise();
  const usual = times(1000, () => Math.abs(noise()));
  const cells = learnt(usual.with(3, 1e30).with(50, 1e20));
  assert.ok(rarity(cells, 0, 10) < 1e-5);
});

test('where all were the same value, one wild distance is not usual from then on', () => {
  const cells = learnt(times(300, () => 0));
  assert.equal(rarity(cells, 0, 1), 0);
  learnDistance(cells, 0, 1e30);
  assert.equal(rarity(cells, 0, 1), 0);
  learnDistance(cells, 0, 1);
  assert.ok(rarity(cells, 0, 1) > 0);
  assert.ok(rarity(cells, 0, 30) < 1e-6);
});

test('a larger distance is never less rare', () => {
  const distance = fc.double({ min: 0, max: 1e100, noNaN: true });
  const told = fc.array(distance, { minLength: fewestDistances, maxLength: 300 });
  fc.assert(
    fc.property(told, distance, distance, (distances, a, b) => {
      const cells = learnt(distances);
      const [small, large] = [rarity(cells, 0, Math.min(a, b)), rarity(cells, 0, Math.max(a, b))];
      assert.ok(small >= large && large >= 0 && small <= 1);
      assert.ok(usualEnd(cells, 0) >= 0);
    }),
  );
});
