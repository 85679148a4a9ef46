import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FieldValue } from '../../core/types.ts';
import { compileText } from '../compile.ts';
import { parse } from '../parse.ts';
import { createFleet, rowsOf, type TestRow, tableOf, testScope, valuesOf } from '../testing.ts';
import { assume, factsOf } from './facts.ts';
import { interval } from './interval.ts';
import { type Facts, type Known, noNames, truth } from './known.ts';

const names: Readonly<Record<string, Facts>> = {
  x: { ...interval(-3, 4), unit: 'degC' },
  y: { ...interval(0, 3, true), unit: 'kg' },
  d: truth,
  s: { ...interval(-Infinity, Infinity), texts: ['a', 'b'] },
};
const known: Known = { ...noNames, name: (name) => names[name] };

function factsOfText(text: string): Facts {
  return factsOf(parse(text), known);
}

test('bounds follow through operators and functions', () => {
  const cases: Readonly<Record<string, [low: number, high: number]>> = {
    x: [-3, 4],
    '-x': [-4, 3],
    'x + 1': [-2, 5],
    'x * y': [-9, 12],
    'x * x': [-12, 16],
    'x / 2': [-1.5, 2],
    '1 / x': [-Infinity, Infinity],
    '6 / (y + 1)': [1.5, 6],
    'x % 2': [-2, 2],
    'y % 10': [0, 3],
    'abs(x)': [0, 4],
    'round(x / 2)': [-2, 2],
    'clamp(x, 0, 100)': [0, 4],
    'greatest(x, y)': [0, 4],
    'least(x, 1, y)': [-3, 1],
    'size(s)': [0, Infinity],
    'd ? x : 10': [-3, 10],
    'x > 0 ? x : 0': [0, 4],
    'has(x) ? x : null': [-3, 4],
    'pow(x, 2)': [-Infinity, Infinity],
    'sqrt(x)': [0, 2],
    'double("7")': [-Infinity, Infinity],
    'x > 4': [0, 0],
    'x >= -3': [1, 1],
    'y != 2.5': [1, 1],
    'y == 2': [0, 1],
    's == "c"': [0, 0],
    's in ["a", "b"]': [0, 1],
    's in ["c", "d"]': [0, 0],
    '!(x > 4)': [1, 1],
    'x > 2 && x < 1': [0, 0],
    'x > 2 || x <= 2': [1, 1],
    'x > 2 && d && x < 1': [0, 0],
    's == "a" && s != "a"': [0, 0],
    'y > 1 && y < 2': [0, 0],
    'x > 1 && x < 2': [0, 1],
    '!(x > 2 || x < 1) && x > 2': [0, 0],
  };
  for (const [text, [low, high]] of Object.entries(cases)) {
    const facts = factsOfText(text);
    assert.deepEqual([facts.low + 0, facts.high + 0], [low, high], text);
  }
});

test('units follow where nothing was converted', () => {
  const cases: Readonly<Record<string, string | undefined>> = {
    x: 'degC',
    'y + y': 'kg',
    'x - x': undefined,
    'x + 273.15': undefined,
    'x * 1.8': undefined,
    'y / y': undefined,
    'abs(-y)': 'kg',
    'greatest(y, 0)': 'kg',
    'clamp(y, 0, 1)': 'kg',
    'd ? y : 0': 'kg',
    'd ? y : x': undefined,
    '2 * 3': '',
  };
  for (const [text, unit] of Object.entries(cases)) assert.equal(factsOfText(text).unit, unit, text);
});

const text = fc.letrec<{ number: string; boolean: string }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'd' },
    fc.constantFrom('x', 'y', 'x', '0', '1', '2', '2.5', '-3', '1e300', 'size(s)'),
    fc
      .tuple(tie('number'), fc.constantFrom('+', '-', '*', '/', '%'), tie('number'))
      .map(([a, sign, b]) => `(${a} ${sign} ${b})`),
    fc
      .tuple(fc.constantFrom('abs', 'floor', 'ceil', 'round', 'sqrt', 'exp', '-', 'double'), tie('number'))
      .map(([name, a]) => `${name}(${a})`),
    fc
      .tuple(fc.constantFrom('least', 'greatest'), tie('number'), tie('number'))
      .map(([name, a, b]) => `${name}(${a}, ${b})`),
    fc
      .tuple(tie('boolean'), tie('number'), tie('number'))
      .map(([test, yes, no]) => `(${test} ? ${yes} : ${no})`),
  ),
  boolean: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'd' },
    fc.constantFrom('d', 'true', '(s == "a")', '(s != "b")', '(s in ["b", "c"])', 'has(x)', '(y == null)'),
    fc
      .tuple(tie('number'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('number'))
      .map(([a, sign, b]) => `(${a} ${sign} ${b})`),
    fc.tuple(tie('number'), fc.constantFrom('[1, 2]', '[2.5]')).map(([a, list]) => `(${a} in ${list})`),
    fc
      .tuple(tie('boolean'), fc.constantFrom('&&', '||', '=='), tie('boolean'))
      .map(([a, sign, b]) => `(${a} ${sign} ${b})`),
    tie('boolean').map((a) => `!(${a})`),
  ),
}));

const orNull = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 8, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) });
const row: fc.Arbitrary<TestRow> = fc.record({
  x: orNull(fc.oneof(fc.double({ min: -3, max: 4, noNaN: true }), fc.integer({ min: -3, max: 4 }))),
  y: orNull(fc.integer({ min: 0, max: 3 })),
  d: orNull(fc.boolean()),
  s: orNull(fc.constantFrom('a', 'b')),
  series: fc.constant(0),
});

function evaluate(expression: string, rows: readonly TestRow[]): (FieldValue | null)[] {
  const { compiled, problems } = compileText(expression, testScope(createFleet({})));
  assert.deepEqual(problems, [], expression);
  return valuesOf(compiled!, rowsOf(rows, tableOf(['north'])));
}

function assertWithin(value: FieldValue | null, facts: Facts, message: string): void {
  if (value === null) return;
  const number = Number(value);
  const isIn = number >= facts.low && number <= facts.high;
  const isWhole = !facts.isWhole || !Number.isFinite(number) || Number.isInteger(number);
  assert.ok(isIn && isWhole, `${message}: ${value} is not in ${JSON.stringify(facts)}`);
}

test('every value an expression has is among its facts', () => {
  const property = fc.property(
    fc.oneof(text.number, text.boolean),
    fc.array(row, { minLength: 1, maxLength: 20 }),
    (expression, rows) => {
      const facts = factsOfText(expression);
      for (const value of evaluate(expression, rows)) assertWithin(value, facts, expression);
    },
  );
  fc.assert(property, { numRuns: 1500 });
});

test('what is assumed of a condition holds where it is true, and where it is false', () => {
  const property = fc.property(
    text.boolean,
    fc.oneof(text.number, text.boolean),
    fc.array(row, { minLength: 1, maxLength: 20 }),
    (condition, expression, rows) => {
      const [holds, values] = [evaluate(condition, rows), evaluate(expression, rows)];
      for (const truthValue of [true, false]) {
        const facts = factsOf(parse(expression), assume(parse(condition), truthValue, known));
        for (const [i, value] of values.entries()) {
          if (holds[i] === truthValue)
            assertWithin(value, facts, `${expression} where ${condition} is ${truthValue}`);
        }
      }
    },
  );
  fc.assert(property, { numRuns: 1500 });
});

test('a long condition takes no time', () => {
  const parts = Array.from({ length: 45 }, (_, i) => `(x > ${i} || y > ${i})`);
  assert.equal(factsOfText(parts.join(' && ')).high, 0);
});
