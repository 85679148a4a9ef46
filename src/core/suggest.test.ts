import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closest, editDistance } from './suggest.ts';

test('the nearest word within a third of its length', () => {
  const words = ['tumbling', 'sliding', 'every', 'offset', 'where', 'when'];
  const cases: [string, string | undefined][] = [
    ['tumblin', 'tumbling'],
    ['tubmling', 'tumbling'],
    ['Sliding', 'sliding'],
    ['wehn', 'when'],
    ['wher', 'where'],
    ['evry', 'every'],
    ['session', undefined],
    ['x', undefined],
    ['', undefined],
  ];
  for (const [word, near] of cases) assert.equal(closest(word, words), near, word);
});

test('distance is symmetric, zero only for the same, and at most the longer length', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const distance = editDistance(a, b);
      assert.equal(distance, editDistance(b, a));
      assert.equal(distance === 0, a === b);
      assert.ok(distance <= Math.max(a.length, b.length) && distance >= Math.abs(a.length - b.length));
    }),
  );
});
