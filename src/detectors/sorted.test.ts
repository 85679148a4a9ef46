import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { insertSorted, medianDistance, medianOf, removeSorted, replaceSorted } from './sorted.ts';

const numbers = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 40 });

function placed(values: readonly number[]): Float64Array {
  const cells = new Float64Array(50);
  for (const [i, x] of values.entries()) insertSorted(cells, 3, i, x);
  return cells;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

test('keeps order through inserting and removing', () => {
  fc.assert(
    fc.property(numbers, fc.nat(), (values, which) => {
      const cells = placed(values);
      const out = values[which % values.length]!;
      removeSorted(cells, 3, values.length, out);
      const left = values.toSpliced(values.indexOf(out), 1).sort((a, b) => a - b);
      assert.deepEqual([...cells.slice(3, 2 + values.length)], left);
      assert.deepEqual([...cells.slice(0, 3)], [0, 0, 0]);
    }),
  );
});

test('median and median distance are those of sorting', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const cells = placed(values);
      const middle = median(values);
      assert.equal(medianOf(cells, 3, values.length), middle);
      const distances = values.map((x) => Math.abs(x - middle));
      assert.equal(medianDistance(cells, 3, values.length, middle), median(distances));
    }),
  );
});

test('a ring keeps the last so many, in order', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const cells = new Float64Array(8);
      let place = 0;
      for (const [i, x] of values.entries()) {
        place = replaceSorted(cells, 0, 4, 4, Math.min(i, 4), place, x);
      }
      const last = values.slice(-4);
      assert.deepEqual(
        [...cells.slice(4, 4 + last.length)],
        last.sort((a, b) => a - b),
      );
    }),
  );
});
