/**
 * The differential test: expressions are made together with a function that says what they mean, row by row; it shares
 * no code with the compiler.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FieldValue } from '../core/types.ts';
import { compileText } from './compile.ts';
import { createFleet, rowsOf, type TestRow, tableOf, testScope, valuesOf } from './testing.ts';

type Value = FieldValue | null;

const sites = ['north', 'south', 'east'];
const fleetRows = { north: { capacity: 78, kind: 'bus' }, south: { capacity: null, kind: null } };

interface Meant<T extends Value = Value> {
  readonly text: string;
  readonly of: (row: TestRow) => T | null;
}
type Meanings = { number: Meant<number>; boolean: Meant<boolean>; string: Meant<string> };

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
const site = (row: TestRow): string => sites[row.series]!;
const bus = (row: TestRow): { capacity: number | null; kind: string | null } | undefined =>
  (fleetRows as Record<string, { capacity: number | null; kind: string | null }>)[site(row)];

/** Null where a part is null. */
function strict<A, B, R extends Value>(
  a: (row: TestRow) => A | null,
  b: (row: TestRow) => B | null,
  f: (a: A, b: B) => R | null,
) {
  return (row: TestRow): R | null => {
    const [x, y] = [a(row), b(row)];
    return x === null || y === null ? null : f(x, y);
  };
}

const constants = fc.constantFrom<number[]>(0, 1, 2, 5, 0.5, 78, 1e300);
const words = fc.constantFrom<string[]>('', 'a', 'ab', 'north', 'bus');
const compare: Readonly<Record<string, (x: number | string, y: number | string) => boolean>> = {
  '<': (x, y) => x < y,
  '<=': (x, y) => x <= y,
  '>': (x, y) => x > y,
  '>=': (x, y) => x >= y,
  '==': (x, y) => x === y,
  '!=': (x, y) => x !== y,
};
const calculate: Readonly<Record<string, (x: number, y: number) => number>> = {
  '+': (x, y) => x + y,
  '-': (x, y) => x - y,
  '*': (x, y) => x * y,
  '/': (x, y) => x / y,
  '%': (x, y) => x % y,
};

const meanings = fc.letrec<Meanings>((tie) => {
  const pair = <K extends keyof Meanings>(kind: K, operators: readonly string[]) =>
    fc.tuple(tie(kind), fc.constantFrom(...operators), tie(kind));
  const chosen = <K extends keyof Meanings>(kind: K) =>
    fc.tuple(tie('boolean'), tie(kind), tie(kind)).map(([test, yes, no]) => ({
      text: `(${test.text} ? ${yes.text} : ${no.text})`,
      of: (row: TestRow) => (test.of(row) === null ? null : test.of(row) ? yes.of(row) : no.of(row)),
    }));
  const anything = fc.oneof(tie('number'), tie('boolean'), tie('string')) as fc.Arbitrary<Meant>;
  return {
    number: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'd', withCrossShrink: true },
      fc.constantFrom<Meant<number>>(
        { text: 'x', of: ({ x }) => x },
        { text: 'y', of: ({ y }) => y },
        { text: 'fleet.capacity', of: (row: TestRow) => bus(row)?.capacity ?? null },
        { text: 'limit', of: () => 5 },
      ),
      constants.map((value) => ({ text: String(value), of: () => value })),
      pair('number', Object.keys(calculate)).map(([a, operator, b]) => ({
        text: `(${a.text} ${operator} ${b.text})`,
        of: strict(a.of, b.of, (x, y) => orNull(calculate[operator]!(x, y))),
      })),
      tie('number').map((a) => ({
        text: `-(${a.text})`,
        of: (row: TestRow) => (a.of(row) === null ? null : -a.of(row)!),
      })),
      tie('string').map((a) => ({
        text: `size(${a.text})`,
        of: (row: TestRow) => (a.of(row) === null ? null : [...a.of(row)!].length),
      })),
      pair('number', [', ']).map(([a, , b]) => ({
        text: `greatest(${a.text}, ${b.text})`,
        of: strict(a.of, b.of, (x, y) => Math.max(x, y)),
      })),
      chosen('number') as fc.Arbitrary<Meant<number>>,
    ),
    boolean: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'd', withCrossShrink: true },
      fc.constantFrom<Meant<boolean>>(
        { text: 'd', of: ({ d }) => d },
        { text: 'true', of: () => true },
        { text: 'false', of: () => false },
      ),
      pair('number', Object.keys(compare)).map(([a, operator, b]) => ({
        text: `(${a.text} ${operator} ${b.text})`,
        of: strict(a.of, b.of, (x, y) => compare[operator]!(x, y)),
      })),
      pair('string', Object.keys(compare)).map(([a, operator, b]) => ({
        text: `(${a.text} ${operator} ${b.text})`,
        of: strict(a.of, b.of, (x, y) => compare[operator]!(x, y)),
      })),
      pair('boolean', ['&&']).map(([a, , b]) => ({
        text: `(${a.text} && ${b.text})`,
        of: (row: TestRow) => {
          const both = [a.of(row), b.of(row)];
          return both.includes(false) ? false : both.includes(null) ? null : true;
        },
      })),
      pair('boolean', ['||']).map(([a, , b]) => ({
        text: `(${a.text} || ${b.text})`,
        of: (row: TestRow) => {
          const both = [a.of(row), b.of(row)];
          return both.includes(true) ? true : both.includes(null) ? null : false;
        },
      })),
      tie('boolean').map((a) => ({
        text: `!${a.text}`,
        of: (row: TestRow) => (a.of(row) === null ? null : !a.of(row)),
      })),
      anything.map((a) => ({ text: `has(${a.text})`, of: (row: TestRow) => a.of(row) !== null })),
      anything.map((a) => ({ text: `(${a.text} == null)`, of: (row: TestRow) => a.of(row) === null })),
      fc.tuple(tie('number'), fc.array(constants, { maxLength: 3 })).map(([a, list]) => ({
        text: `(${a.text} in [${list.join(', ')}])`,
        of: (row: TestRow) => (a.of(row) === null ? null : list.includes(a.of(row)!)),
      })),
      pair('string', ['.contains']).map(([a, , b]) => ({
        text: `(${a.text}).contains(${b.text})`,
        of: strict(a.of, b.of, (x, y) => x.includes(y)),
      })),
      chosen('boolean') as fc.Arbitrary<Meant<boolean>>,
    ),
    string: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'd', withCrossShrink: true },
      fc.constantFrom<Meant<string>>(
        { text: 's', of: ({ s }) => s },
        { text: 'site', of: site },
        { text: 'fleet.kind', of: (row: TestRow) => bus(row)?.kind ?? null },
      ),
      words.map((word) => ({ text: JSON.stringify(word), of: () => word })),
      pair('string', ['+']).map(([a, , b]) => ({
        text: `(${a.text} + ${b.text})`,
        of: strict(a.of, b.of, (x, y) => x + y),
      })),
      chosen('string') as fc.Arbitrary<Meant<string>>,
    ),
  };
});

const numbers = fc.option(
  fc.oneof(constants, fc.constantFrom(-0, -1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)),
);
const testRow: fc.Arbitrary<TestRow> = fc.record({
  x: numbers,
  y: numbers,
  d: fc.option(fc.boolean()),
  s: fc.option(words),
  series: fc.nat({ max: sites.length - 1 }),
});

test('compiled expressions give what a second computation gives, row by row', () => {
  const expression = fc.oneof(meanings.number, meanings.boolean, meanings.string) as fc.Arbitrary<Meant>;
  fc.assert(
    fc.property(
      expression,
      fc.array(fc.array(testRow, { maxLength: 20 }), { minLength: 1, maxLength: 3 }),
      (meant, chunks) => {
        fc.pre(meant.text.length < 4000);
        const { compiled: kernel, problems } = compileText(meant.text, testScope(createFleet(fleetRows)));
        assert.ok(kernel, `${meant.text}: ${problems[0]?.message}`);
        for (const chunk of chunks) {
          const expected = chunk.map((row) => meant.of(row));
          assert.deepEqual(
            valuesOf(kernel, rowsOf(chunk, tableOf(sites))).map(plusZero),
            expected.map(plusZero),
            meant.text,
          );
        }
      },
    ),
    { seed: 1, numRuns: 1500 },
  );
});

/** -0 and 0 are one number to whoever writes rules. */
function plusZero(value: Value): Value {
  return value === 0 ? 0 : value;
}
