import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldValue } from '../core/types.ts';
import { compileText } from './compile.ts';
import { type Compiled, chunkRows } from './rows.ts';
import { createFleet, rowsOf, type TestRow, tableOf, testScope, valueAt, valuesOf } from './testing.ts';

type Value = FieldValue | null;

const sites = ['north', 'south', 'east'];
const fleetRows = { north: { capacity: 78, kind: 'bus' }, south: { capacity: null, kind: null } };
const empty: TestRow = { x: null, y: null, d: null, s: null, series: 0 };

function compiled(text: string, fleet = createFleet(fleetRows)): Compiled {
  const { compiled: result, problems } = compileText(text, testScope(fleet));
  assert.ok(result, `${text}: ${problems.map(({ message }) => message).join('; ')}`);
  return result;
}

function evaluate(text: string, row: Partial<TestRow> = {}): Value {
  return valuesOf(compiled(text), rowsOf([{ ...empty, ...row }], tableOf(sites)))[0]!;
}

test('arithmetic is on doubles, and null where an operand is null', () => {
  const cases: readonly (readonly [string, Value])[] = [
    ['7 / 2', 3.5],
    ['x / 2', 5],
    ['-x % 3', -1],
    ['x + y', null],
    ['1 / 0', Number.POSITIVE_INFINITY],
    ['-1 / 0', Number.NEGATIVE_INFINITY],
    ['0 / 0', null],
    ['x - limit', 5],
    ['2 * x + 1 == 21', true],
  ];
  for (const [text, value] of cases) assert.equal(evaluate(text, { x: 10 }), value, text);
});

test('logic has three values', () => {
  const cases: readonly (readonly [string, Value])[] = [
    ['false && d', false],
    ['d && false', false],
    ['true && d', null],
    ['true || d', true],
    ['d || true', true],
    ['false || d', null],
    ['!d', null],
    ['d ? 1 : 2', null],
    ['x > 1', null],
    ['x == y', null],
    ['x != 1', null],
    ['s == "a"', null],
    ['s < "a"', null],
    ['x in [1, 2]', null],
    ['s in []', null],
    ['site in []', false],
    ['s + "a"', null],
    ['s.contains("a")', null],
    ['x == null', true],
    ['null != x', false],
    ['has(x)', false],
    ['has(s) || has(d)', false],
    ['has(site)', true],
    ['null == null', true],
    ['(x > 1) == null', true],
    ['true ? x : 1', null],
    ['false ? x : 1', 1],
    ['d == null ? "none" : s', 'none'],
  ];
  for (const [text, value] of cases) assert.equal(evaluate(text), value, text);
});

test('strings', () => {
  const cases: readonly (readonly [string, Value])[] = [
    ['s + "-" + site', 'büs🚌-north'],
    ['s.size()', 4],
    ['size(s) > 3', true],
    ['s.contains("ü")', true],
    ['s.startsWith("bü") && !s.endsWith("b")', true],
    ['s.matches("^b.s")', true],
    ['matches(site, "^(north|south)$")', true],
    ['"a" < "b" && "Z" < "a"', true],
    ['s in ["büs🚌", "tram"]', true],
    ['double("12.5") + double(" -3e0 ")', 9.5],
    ['double(s)', null],
    ['double("0x10")', null],
    ['string(0.5) + string(true) + string(s)', '0.5truebüs🚌'],
    ['string(x)', null],
  ];
  for (const [text, value] of cases) assert.equal(evaluate(text, { s: 'büs🚌' }), value, text);
});

test('functions of numbers', () => {
  const cases: readonly (readonly [string, Value])[] = [
    ['abs(-3)', 3],
    ['floor(-1.5)', -2],
    ['ceil(-1.5)', -1],
    ['round(2.5)', 3],
    ['round(-2.5)', -3],
    ['round(0.49999999999999994)', 0],
    ['sqrt(9)', 3],
    ['sqrt(-1)', null],
    ['pow(2, 10)', 1024],
    ['pow(x, 0)', null],
    ['exp(0)', 1],
    ['ln(exp(2))', 2],
    ['log10(1000)', 3],
    ['least(3, 1, 2)', 1],
    ['greatest(3, 1, 2, 9)', 9],
    ['least(3, x)', null],
    ['clamp(7, 0, 5)', 5],
    ['clamp(-7, 0, 5)', 0],
    ['clamp(x, 0, 5)', null],
  ];
  for (const [text, value] of cases) assert.equal(evaluate(text), value, text);
});

test('lookups give the value for the tag of the row, null for keys the table lacks', () => {
  const rows = rowsOf(
    sites.map((_, series) => ({ ...empty, x: 39, series })),
    tableOf(sites),
  );
  assert.deepEqual(valuesOf(compiled('x / fleet.capacity'), rows), [0.5, null, null]);
  assert.deepEqual(valuesOf(compiled('fleet.kind == "bus" ? site : null'), rows), ['north', null, null]);
});

test('what the series decides is worked out once for each, until the table is another one or is swapped', () => {
  const asked: string[] = [];
  const fleet = createFleet(fleetRows);
  const counting = {
    ...fleet.columns.capacity!,
    get version() {
      return fleet.columns.capacity!.version;
    },
    value(key: string) {
      asked.push(key);
      return fleet.columns.capacity!.value(key);
    },
  };
  const scope = testScope({ ...fleet, columns: { capacity: counting } });
  const { compiled: kernel } = compileText('fleet.capacity * 2 > 100', scope);
  const growing = ['north'];
  const table = tableOf(growing);
  const rows = (count: number) =>
    rowsOf(
      Array.from({ length: 5 }, (_, i) => ({ ...empty, series: i % count })),
      table,
    );

  assert.deepEqual(valuesOf(kernel!, rows(1)), [true, true, true, true, true]);
  growing.push('south');
  assert.deepEqual(valuesOf(kernel!, rows(2)), [true, null, true, null, true]);
  assert.deepEqual(asked, ['north', 'south']);

  fleet.swap({ south: { capacity: 60, kind: null } });
  assert.deepEqual(valuesOf(kernel!, rows(2)), [null, true, null, true, null]);
  assert.deepEqual(asked, ['north', 'south', 'north', 'south']);

  const other = rowsOf([empty], tableOf(['south']));
  assert.deepEqual(valuesOf(kernel!, other), [true]);
});

test('a tag that the series does not have is null', () => {
  const rows = rowsOf([empty, { ...empty, series: 1 }], tableOf(['', 'south']));
  assert.deepEqual(valuesOf(compiled('has(site)'), rows), [false, true]);
  assert.deepEqual(valuesOf(compiled('site != "north"'), rows), [null, true]);
  assert.deepEqual(valuesOf(compiled('site == null ? "none" : site'), rows), ['none', 'south']);
});

test('a result stays as it is while other kernels run', () => {
  const rows = rowsOf([{ ...empty, x: 1, y: 2, s: 'a' }], tableOf(sites));
  const texts = [
    'x + y',
    'x - y',
    's + "b"',
    's + "c"',
    'fleet.capacity + x',
    'x + 2 > y',
    '7',
    '"k"',
    'site',
  ];
  const kernels = texts.map((text) => compiled(text));
  const columns = kernels.map(({ kernel }) => kernel(rows));
  const values = columns.map((column, i) => valueAt(kernels[i]!.type, column[0]!));
  assert.deepEqual(values, [3, -1, 'ab', 'ac', 79, true, 7, 'k', 'north']);
});

test("the column of a field is the device's own", () => {
  const rows = rowsOf([{ ...empty, x: 1 }], tableOf(sites));
  assert.equal(compiled('x').kernel(rows), rows.columns[0]);
});

test('chunks may be empty, grow, and be full, but not larger', () => {
  const sum = compiled('x + x * 2 + fleet.capacity');
  const chunk = (n: number) =>
    rowsOf(
      Array.from({ length: n }, (_, i) => ({ ...empty, x: i })),
      tableOf(sites),
    );
  for (const n of [0, 1, 17, chunkRows, 3]) {
    assert.deepEqual(
      valuesOf(sum, chunk(n)),
      Array.from({ length: n }, (_, i) => 3 * i + 78),
    );
  }
  assert.throws(() => sum.kernel(chunk(chunkRows + 1)), RangeError);
});

test('many series are worked out in chunks', () => {
  const many = Array.from({ length: 3000 }, (_, i) => `bus ${i}`);
  const rows = rowsOf(
    [
      { ...empty, series: 2999 },
      { ...empty, series: 1024 },
    ],
    tableOf(many),
  );
  assert.deepEqual(valuesOf(compiled('size(site + "!")'), rows), [9, 9]);
  assert.deepEqual(valuesOf(compiled('site + "!"'), rows), ['bus 2999!', 'bus 1024!']);
});
