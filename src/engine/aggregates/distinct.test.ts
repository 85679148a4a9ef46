import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactDistinct } from './distinct.ts';
import { standardError } from './hyperloglog.ts';
import { fold, make, type Reading, resultOf, values } from './testing.ts';

const make1 = (type: 'number' | 'string') => make({ fn: 'distinct', parameters: [], type });

test('different values of any type; null is none', () => {
  assert.equal(resultOf('distinct', values(1, 2, 1, null, 0, -0)), 3);
  assert.equal(resultOf('distinct', values('a', 'b', '', 'a', null)), 3);
  assert.equal(resultOf('distinct', values(true, true)), 1);
});

const makers: Readonly<Record<string, (i: number) => number | string>> = {
  'whole numbers': (i) => i,
  measurements: (i) => 20 + Math.sin(i) * 5,
  'large numbers': (i) => 1e15 + i * 4096,
  names: (i) => `vehicle-${i}`,
  'long names': (i) => `${'x'.repeat(60)}${i}${'y'.repeat(60)}`,
};

test('exact up to the bound, for all kinds of values', () => {
  for (const [kind, valueAt] of Object.entries(makers)) {
    const many = Array.from({ length: exactDistinct }, (_, i) => valueAt(i));
    assert.equal(resultOf('distinct', values(...many, ...many)), exactDistinct, kind);
  }
});

test('beyond it within three standard errors', () => {
  for (const [kind, valueAt] of Object.entries(makers)) {
    for (const n of [exactDistinct + 1, 3000, 12_000, 50_000]) {
      const estimated = resultOf('distinct', values(...Array.from({ length: n }, (_, i) => valueAt(i))));
      assert.ok(Math.abs((estimated as number) / n - 1) < 3 * standardError, `${n} ${kind}: ${estimated}`);
      assert.ok((estimated as number) > exactDistinct);
    }
  }
});

test('a merge of estimates, and of exact numbers with estimates, is the estimate of all', () => {
  const cut = (from: number, to: number): Reading[] =>
    values(...Array.from({ length: to - from }, (_, i) => `v${from + i}`));
  const aggregate = make1('string');
  fold(aggregate, 1, cut(0, 5000));
  fold(aggregate, 2, cut(4000, 4900));
  fold(aggregate, 3, cut(4000, 9000));
  fold(aggregate, 4, cut(0, 9000));
  for (const slot of [2, 1, 3]) aggregate.merge(0, slot);
  assert.equal(aggregate.result(0), aggregate.result(4));
  const restored = make1('string');
  restored.load(structuredClone(aggregate.save(Int32Array.of(0))), Int32Array.of(5));
  assert.equal(restored.result(5), aggregate.result(4));
});
