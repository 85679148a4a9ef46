import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from '../parse.ts';
import {
  complement,
  exampleOf,
  intersection,
  isSubset,
  union,
  type ValueSet,
  valuesOf,
  within,
} from './value-set.ts';

const end = fc.integer({ min: -6, max: 6 });
const comparison = fc.tuple(fc.constantFrom('<', '<=', '>', '>=', '==', '!='), end);

interface Condition {
  readonly text: string;
  readonly of: (x: number) => boolean;
}
const compare: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  '<': (x, y) => x < y,
  '<=': (x, y) => x <= y,
  '>': (x, y) => x > y,
  '>=': (x, y) => x >= y,
  '==': (x, y) => x === y,
  '!=': (x, y) => x !== y,
};
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    comparison.map(([sign, y]) => ({ text: `t ${sign} ${y}`, of: (x: number) => compare[sign]!(x, y) })),
    comparison.map(([sign, y]) => ({ text: `${y} ${sign} t`, of: (x: number) => compare[sign]!(y, x) })),
    tie('condition').map((a) => ({ text: `!(${a.text})`, of: (x: number) => !a.of(x) })),
    fc
      .tuple(tie('condition'), tie('condition'))
      .map(([a, b]) => ({ text: `(${a.text}) && (${b.text})`, of: (x: number) => a.of(x) && b.of(x) })),
    fc
      .tuple(tie('condition'), tie('condition'))
      .map(([a, b]) => ({ text: `(${a.text}) || (${b.text})`, of: (x: number) => a.of(x) || b.of(x) })),
  ),
}));
const x = fc.oneof(end, fc.double({ noNaN: true }), fc.double({ min: -7, max: 7, noNaN: true }));

function has(set: ValueSet, value: number): boolean {
  return set.some(([low, high]) => low <= value && value <= high);
}

test('a set has the values for which its condition is true', () => {
  const property = fc.property(condition, x, ({ text, of }, value) => {
    const { values, variable } = valuesOf(parse(text))!;
    assert.equal(variable, 't');
    assert.equal(has(values, value), of(value));
    assert.equal(has(complement(values), value), !of(value));
    assert.ok(values.every(([low, high], i) => low <= high && (i === 0 || values[i - 1]![1] < low)));
  });
  fc.assert(property, { numRuns: 1000 });
});

test('subsets, and what lies within an interval', () => {
  const property = fc.property(condition, condition, x, (one, other, value) => {
    const [a, b] = [valuesOf(parse(one.text))!.values, valuesOf(parse(other.text))!.values];
    assert.ok(isSubset(intersection(a, b), a) && isSubset(a, union(a, b)));
    if (isSubset(a, b) && has(a, value)) assert.ok(has(b, value));
    const example = exampleOf(a);
    assert.equal(example === undefined, a.length === 0);
  });
  fc.assert(property);
  assert.deepEqual(within([[1.5, 1.9]], { low: 0, high: 9, isWhole: true }), []);
  assert.deepEqual(within([[1.5, 12]], { low: 0, high: 9, isWhole: true }), [[1.5, 9]]);
});

test('an example is easy to read', () => {
  const example = (text: string): number | undefined => exampleOf(valuesOf(parse(text))!.values);
  assert.equal(example('t > 5 && t < 8'), 6);
  assert.equal(example('t > 0.9 && t < 0.95'), 0.925);
  assert.equal(example('t > 5'), 6);
  assert.equal(example('t < -5'), -6);
  assert.equal(example('t > -5'), 0);
  assert.equal(example('t > 5 && t < 5'), undefined);
});

test('a condition about anything else has no set', () => {
  for (const text of ['t', 't > u', 't > 5 && u > 3', 't in [1, 2]', 't == "a"', 'true', 't == null']) {
    assert.equal(valuesOf(parse(text)), undefined, text);
  }
  assert.equal(valuesOf(parse('avg(t) > 2 * 30'))?.variable, 'avg(t)');
});
