/**
 * The operators as loops: each its own, so that the compiler of the runtime sees one operation on one kind of column.
 *
 * Invariant: three-valued logic. A comparison or arithmetic with null is null; `false && null` is false and
 * `true || null` is true, else null; `!null` is null. 1/0 is infinite, 0/0 null; `%` takes the sign of its left side.
 */

import type { ValueType } from '../core/types.ts';
import type { BinaryOperator } from './ast.ts';
import type { Operation } from './operation.ts';
import type { NumberColumn as N, StringColumn as S } from './rows.ts';

const isNull = (x: string | number | null): boolean => x === null || Number.isNaN(x);

function add(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) out[i] = a[i]! + b[i]!;
}
function subtract(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) out[i] = a[i]! - b[i]!;
}
function multiply(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) out[i] = a[i]! * b[i]!;
}
function divide(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) out[i] = a[i]! / b[i]!;
}
function remainder(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) out[i] = a[i]! % b[i]!;
}
function negate(out: N, n: number, a: N): void {
  for (let i = 0; i < n; i++) out[i] = -a[i]!;
}

/** Null, true, false: looked up rather than branched upon, since what a threshold does to real data is hard to predict. */
const truth = Float64Array.of(Number.NaN, 1, 0);

function less(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) {
    const x = a[i]!;
    const y = b[i]!;
    out[i] = truth[Number(x < y) + 2 * Number(x >= y)]!;
  }
}
function lessOrEqual(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) {
    const x = a[i]!;
    const y = b[i]!;
    out[i] = truth[Number(x <= y) + 2 * Number(x > y)]!;
  }
}
function greater(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) {
    const x = a[i]!;
    const y = b[i]!;
    out[i] = truth[Number(x > y) + 2 * Number(x <= y)]!;
  }
}
function greaterOrEqual(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) {
    const x = a[i]!;
    const y = b[i]!;
    out[i] = truth[Number(x >= y) + 2 * Number(x < y)]!;
  }
}
function equal(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) {
    const x = a[i]!;
    const y = b[i]!;
    out[i] = x === y ? 1 : Number.isNaN(x) || Number.isNaN(y) ? Number.NaN : 0;
  }
}
function unequal(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) {
    const x = a[i]!;
    const y = b[i]!;
    out[i] = x === y ? 0 : Number.isNaN(x) || Number.isNaN(y) ? Number.NaN : 1;
  }
}

function concatenate(out: S, n: number, a: S, b: S): void {
  for (let i = 0; i < n; i++) out[i] = a[i] === null || b[i] === null ? null : a[i]! + b[i]!;
}
function compareStrings(f: (x: string, y: string) => boolean) {
  return (out: N, n: number, a: S, b: S): void => {
    for (let i = 0; i < n; i++) {
      const x = a[i]!;
      const y = b[i]!;
      out[i] = x === null || y === null ? Number.NaN : f(x, y) ? 1 : 0;
    }
  };
}

function and(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) {
    const x = a[i]!;
    const y = b[i]!;
    out[i] = x === 0 || y === 0 ? 0 : x * y;
  }
}
function or(out: N, n: number, a: N, b: N): void {
  for (let i = 0; i < n; i++) {
    const x = a[i]!;
    const y = b[i]!;
    out[i] = x === 1 || y === 1 ? 1 : x + y;
  }
}
function not(out: N, n: number, a: N): void {
  for (let i = 0; i < n; i++) out[i] = 1 - a[i]!;
}

function isNullLoop(out: N, n: number, a: N | S): void {
  for (let i = 0; i < n; i++) out[i] = isNull(a[i]!) ? 1 : 0;
}
function isPresentLoop(out: N, n: number, a: N | S): void {
  for (let i = 0; i < n; i++) out[i] = isNull(a[i]!) ? 0 : 1;
}

function selectNumbers(out: N, n: number, test: N, yes: N, no: N): void {
  for (let i = 0; i < n; i++) out[i] = test[i] === 1 ? yes[i]! : test[i] === 0 ? no[i]! : Number.NaN;
}
function selectStrings(out: S, n: number, test: N, yes: S, no: S): void {
  for (let i = 0; i < n; i++) out[i] = test[i] === 1 ? yes[i]! : test[i] === 0 ? no[i]! : null;
}

function operation(args: readonly ValueType[], result: ValueType, run: Operation['run']): Operation {
  return { arguments: args, result, run };
}
const arithmetic = (run: Operation['run']): Operation => operation(['number', 'number'], 'number', run);
const compareNumbers = (run: Operation['run']): Operation => operation(['number', 'number'], 'boolean', run);
const ofStrings = (f: (x: string, y: string) => boolean): Operation =>
  operation(['string', 'string'], 'boolean', compareStrings(f));
const logic = (run: Operation['run']): Operation => operation(['boolean', 'boolean'], 'boolean', run);

/** What each operator takes: the first whose argument types fit is meant. `in` is made for its list (operation.ts). */
export const binaryOperations: Readonly<
  Record<Exclude<BinaryOperator, 'in'> | '&&' | '||', readonly Operation[]>
> = {
  '+': [arithmetic(add), operation(['string', 'string'], 'string', concatenate)],
  '-': [arithmetic(subtract)],
  '*': [arithmetic(multiply)],
  '/': [arithmetic(divide)],
  '%': [arithmetic(remainder)],
  '<': [compareNumbers(less), ofStrings((x, y) => x < y)],
  '<=': [compareNumbers(lessOrEqual), ofStrings((x, y) => x <= y)],
  '>': [compareNumbers(greater), ofStrings((x, y) => x > y)],
  '>=': [compareNumbers(greaterOrEqual), ofStrings((x, y) => x >= y)],
  '==': [compareNumbers(equal), ofStrings((x, y) => x === y), logic(equal)],
  '!=': [compareNumbers(unequal), ofStrings((x, y) => x !== y), logic(unequal)],
  '&&': [logic(and)],
  '||': [logic(or)],
};

export const negation = operation(['number'], 'number', negate);
export const complement = operation(['boolean'], 'boolean', not);

const valueTypes: readonly ValueType[] = ['number', 'boolean', 'string'];

/** `x == null` and `!has(x)`: never null themselves. One for each type. */
export const absence = valueTypes.map((type) => operation([type], 'boolean', isNullLoop));
/** `x != null` and `has(x)`: never null themselves. One for each type. */
export const presence = valueTypes.map((type) => operation([type], 'boolean', isPresentLoop));

/** `test ? yes : no`, null where the test is null. One for each type of its branches. */
export const selections = valueTypes.map((type) =>
  operation(['boolean', type, type], type, type === 'string' ? selectStrings : selectNumbers),
);
