import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FieldConfig } from '../config/schema.ts';
import { compileField } from './field.ts';

function fieldOf(config: Partial<FieldConfig>) {
  const read = compileField('f', { type: 'number', scale: 1, offset: 0, outside: 'drop', ...config });
  return (value: unknown): unknown => {
    const reports: string[] = [];
    const result = read(value, (reason, detail) => reports.push(`${reason}: ${detail}`));
    return reports.length === 0 ? result : [result, ...reports];
  };
}

function check(
  config: Partial<FieldConfig>,
  cases: readonly (readonly [sent: unknown, result: unknown])[],
): void {
  const read = fieldOf(config);
  for (const [sent, result] of cases) assert.deepEqual(read(sent), result, `${typeof sent} ${String(sent)}`);
}

const none = [
  [null, null],
  [undefined, null],
] as const;

test('number: finite numbers and decimal text', () => {
  check({ type: 'number' }, [
    ...none,
    [23.5, 23.5],
    [0, 0],
    [-0, 0],
    ['23.5', 23.5],
    [' -1.5e3\r', -1500],
    ['.5', 0.5],
    ['5.', 5],
    ['+7', 7],
    ['', [null, 'wrong type: f: expected a number, found text ""']],
    ['NaN', [null, 'wrong type: f: expected a number, found text "NaN"']],
    ['0x10', [null, 'wrong type: f: expected a number, found text "0x10"']],
    ['23,5', [null, 'wrong type: f: expected a number, found text "23,5"']],
    ['1 2', [null, 'wrong type: f: expected a number, found text "1 2"']],
    [true, [null, 'wrong type: f: expected a number, found boolean true']],
    [{}, [null, 'wrong type: f: expected a number, found an object']],
    [[1], [null, 'wrong type: f: expected a number, found an array']],
    [Number.POSITIVE_INFINITY, [null, 'not finite: f: number Infinity is too large']],
    ['1e999', [null, 'not finite: f: text "1e999" is too large']],
    [2n ** 60n, [null, 'beyond 2^53: f: 1152921504606846976 cannot be held exactly']],
  ]);
});

test('integer: whole numbers that a double holds exactly', () => {
  check({ type: 'integer' }, [
    ...none,
    [7, 7],
    ['7', 7],
    ['7.0', 7],
    ['1e3', 1000],
    [-0, 0],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [-(2 ** 53) + 1, -(2 ** 53) + 1],
    [2 ** 53, [null, 'beyond 2^53: f: 9007199254740992 cannot be held exactly']],
    ['9007199254740993', [null, 'beyond 2^53: f: 9007199254740992 cannot be held exactly']],
    [1.5, [null, 'not an integer: f: expected a whole number, found 1.5']],
    [Number.NEGATIVE_INFINITY, [null, 'not finite: f: the number is too large']],
    ['x', [null, 'wrong type: f: expected a number, found text "x"']],
  ]);
});

test('boolean: the usual words, in any case', () => {
  check({ type: 'boolean' }, [
    ...none,
    ...[true, 1, '1', 'true', 'TRUE', 'On', ' yes\n'].map((sent) => [sent, 1] as const),
    ...[false, 0, '0', 'False', 'off', 'NO'].map((sent) => [sent, 0] as const),
    [2, [null, 'wrong type: f: expected true or false, found number 2']],
    ['', [null, 'wrong type: f: expected true or false, found text ""']],
    ['maybe', [null, 'wrong type: f: expected true or false, found text "maybe"']],
    [[], [null, 'wrong type: f: expected true or false, found an array']],
  ]);
});

test('string: text, numbers and booleans as text', () => {
  check({ type: 'string' }, [
    ...none,
    ['on', 'on'],
    ['', ''],
    [' kept ', ' kept '],
    [23.5, '23.5'],
    [false, 'false'],
    [2n ** 63n, '9223372036854775808'],
    [{ a: 1 }, [null, 'wrong type: f: expected text, found an object']],
  ]);
});

test('scale comes before offset; an integer is checked as it was sent', () => {
  check({ scale: 0.1, offset: -40 }, [[235, -16.5]]);
  check({ type: 'integer', scale: 0.5 }, [
    [3, 1.5],
    [3.5, [null, 'not an integer: f: expected a whole number, found 3.5']],
  ]);
  check({ scale: 1e300 }, [[1e300, [null, 'not finite: f: number 1e+300 is too large']]]);
  check({ type: 'boolean', scale: 10, range: [5, 6] }, [[1, 1]]);
});

test('outside its range a value is dropped, clamped or kept', () => {
  const range = [0, 300] as const;
  check({ range, unit: 'degC' }, [
    [0, 0],
    [300, 300],
    [300.1, [null, 'out of range: f: 300.1 degC is outside 0 … 300 degC']],
    [-1, [null, 'out of range: f: -1 degC is outside 0 … 300 degC']],
  ]);
  check({ range, scale: 100, outside: 'clamp' }, [
    [-1, 0],
    [4, 300],
    [2, 200],
  ]);
  check({ range, outside: 'keep' }, [[1e9, 1e9]]);
});

test('a very long text is refused in no time, in a short message', () => {
  const [result, report] = fieldOf({})(`${'1'.repeat(300_000)}x`) as [unknown, string];
  assert.equal(result, null);
  assert.ok(report.length < 200);
});

test('whatever is sent gives a finite number, text or null; null is either silent or reported once', () => {
  const types = fc.constantFrom('number', 'integer', 'boolean', 'string') as fc.Arbitrary<
    FieldConfig['type']
  >;
  const outside = fc.constantFrom('drop', 'clamp', 'keep') as fc.Arbitrary<FieldConfig['outside']>;
  const sent = fc.anything({ withBigInt: true });
  fc.assert(
    fc.property(types, outside, sent, (type, beyond, value) => {
      const found = fieldOf({ type, outside: beyond, range: [0, 10], scale: 2 })(value);
      if (Array.isArray(found)) return assert.equal(found.length, 2);
      if (found === null) return assert.ok(value === null || value === undefined);
      assert.ok(type === 'string' ? typeof found === 'string' : Number.isFinite(found));
    }),
    { numRuns: 1000 },
  );
});
