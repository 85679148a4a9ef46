/** Cases of the CEL specification that are over what rules know, and where rules differ on purpose. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { FieldValue } from '../core/types.ts';
import { compileText } from './compile.ts';
import type { Column } from './rows.ts';
import type { Scope } from './scope.ts';
import { rowsOf, tableOf, valuesOf } from './testing.ts';

type CelValue = Readonly<Record<string, string | number | boolean>>;

interface Case {
  readonly file: string;
  readonly section: string;
  readonly name: string;
  readonly expr: string;
  readonly bindings?: Readonly<Record<string, { readonly value: CelValue }>>;
  readonly value?: CelValue;
  readonly evalError?: string;
}

const path = new URL('./testdata/cel-conformance.json', import.meta.url);
const cases: readonly Case[] = JSON.parse(readFileSync(path, 'utf8'));

const nan = 'NaN is null here, and a comparison with null is null';
const infinite = 'numbers are doubles: 1/0 is infinite, 0/0 and x % 0 are null';
const noOverflow = 'numbers are doubles: they do not overflow at 2^63';

/** By section and name: what rules give instead, and why. */
const differences: Readonly<Record<string, { readonly ours: FieldValue | null; readonly why: string }>> = {
  'fp_math/mod_not_support': { ours: 3.5, why: 'all numbers are of one type, so % takes them all' },
  'int64_math/mod_zero': { ours: null, why: infinite },
  'int64_math/divide_zero': { ours: Number.POSITIVE_INFINITY, why: infinite },
  'int64_math/int64_overflow_mul_positive': { ours: 25e18, why: noOverflow },
  'int64_math/int64_min_negate': { ours: 2 ** 63, why: noOverflow },
  'eq_literal/not_eq_double_nan': { ours: null, why: nan },
  'ne_literal/ne_double_nan': { ours: null, why: nan },
  'AND/error_right': { ours: true, why: infinite },
};

/** By section and name: what rule expressions leave out, and what they say. */
const refusals: Readonly<Record<string, readonly string[]>> = {
  'bytes_literals/raw_single_quoted_escapes': [
    '`\' \\\\ \\? \\" \\` \\a \\b \\f \\t \\v \\n \\r \\000…` does not fit here',
  ],
  'self_eval_zeroish/self_eval_uint_zero': ['unsigned numbers such as 0u do not exist here'],
  'self_eval_zeroish/self_eval_empty_map': ['maps and optional values are not part of rule expressions'],
  'self_eval_zeroish/self_eval_empty_list': ['a list is no value'],
  'quoted_map_fields/field_access_dash': ['``` does not fit here'],
  'lt_literal/lt_bool_false_first': [
    '`false` is a boolean: `<` compares numbers or strings',
    '`true` is a boolean: `<` compares numbers or strings',
  ],
  'lt_literal/not_lt_dyn_int_big_lossy_double': [
    '9223372036854775807 has no exact double: whole numbers are exact up to 2^53',
  ],
};

function celValue(value: CelValue): FieldValue {
  const [[kind, content]] = Object.entries(value) as [[string, FieldValue]];
  return kind === 'int64Value' || kind === 'doubleValue' ? Number(content) : content;
}

/** Bindings as columns of one row. */
function bound(bindings: Case['bindings'] = {}): { scope: Scope; columns: Column[] } {
  const entries = Object.entries(bindings).map(([name, { value }]) => ({ name, value: celValue(value) }));
  const scope: Scope = {
    resolve(name) {
      const slot = entries.findIndex((entry) => entry.name === name);
      const type = typeof entries[slot]?.value as 'number' | 'boolean' | 'string';
      return slot < 0 ? undefined : { kind: 'column', slot, type };
    },
    resolveMember: () => undefined,
    names: () => [],
    unknown: (name) => `unknown ${name}`,
  };
  const columns = entries.map(({ value }) =>
    typeof value === 'string' ? [value] : Float64Array.of(Number(value)),
  );
  return { scope, columns };
}

function outcome({ expr, bindings }: Case): FieldValue | null | string[] {
  const { scope, columns } = bound(bindings);
  const { compiled, problems } = compileText(expr, scope);
  if (!compiled) return problems.map(({ message }) => message);
  const row = { x: null, y: null, d: null, s: null, series: 0 };
  return valuesOf(compiled, { ...rowsOf([row], tableOf([''])), columns })[0]!;
}

for (const one of cases) {
  const id = `${one.section}/${one.name}`;
  test(`CEL ${one.file}/${id}: ${one.expr}`, () => {
    const refusal = refusals[id];
    if (refusal !== undefined) return assert.deepEqual(outcome(one), refusal);
    const difference = differences[id];
    if (difference === undefined) return assert.equal(outcome(one), celValue(one.value!));
    assert.equal(outcome(one), difference.ours, difference.why);
    assert.notEqual(one.value && celValue(one.value), difference.ours, 'no longer a difference');
  });
}

test('every difference and refusal is of a case', () => {
  const ids = new Set(cases.map(({ section, name }) => `${section}/${name}`));
  const unused = [...Object.keys(differences), ...Object.keys(refusals)].filter((id) => !ids.has(id));
  assert.deepEqual(unused, []);
});
