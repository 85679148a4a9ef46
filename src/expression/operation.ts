/**
 * What an operator or function does, as a loop over columns.
 *
 * Invariant: element by element, so `out` may be one of the arguments. Null is NaN in number and boolean columns,
 * null in string columns; a loop gives null where an argument is null, unless its doc says otherwise.
 * Not here: which operation a call means (check.ts).
 */

import type { FieldValue, ValueType } from '../core/types.ts';
import type { Column, NumberColumn, StringColumn } from './rows.ts';

export interface Operation {
  readonly arguments: readonly ValueType[];
  readonly result: ValueType;
  /** Columns of the types of `arguments` and `result`: the checker sees to it, so callers cast. */
  readonly run: (out: never, n: number, a: never, b: never, c: never) => void;
}

/** Runs an operation over columns that are of its types. */
export function run({ run }: Operation, out: Column, n: number, args: readonly Column[]): void {
  run(out as never, n, args[0] as never, args[1] as never, args[2] as never);
}

/** The value of an operation on constants of its types. */
export function runOnce(operation: Operation, args: readonly (FieldValue | null)[]): FieldValue | null {
  const columns = args.map((value, i) => columnOf(operation.arguments[i]!, value));
  const out: Column = columnOf(operation.result, null);
  run(operation, out, 1, columns);
  const value = out[0]!;
  if (value === null || Number.isNaN(value)) return null;
  return operation.result === 'boolean' ? value === 1 : value;
}

function columnOf(type: ValueType, value: FieldValue | null): Column {
  return type === 'string'
    ? [value as string | null]
    : Float64Array.of(value === null ? Number.NaN : Number(value));
}

// The makers below call `f` for each row: for what is rarely used. Operators have loops of their own (operators.ts).

export function ofNumber(f: (x: number) => number): Operation {
  function each(out: NumberColumn, n: number, a: NumberColumn): void {
    for (let i = 0; i < n; i++) out[i] = f(a[i]!);
  }
  return { arguments: ['number'], result: 'number', run: each };
}

export function ofTwoNumbers(f: (x: number, y: number) => number): Operation {
  function each(out: NumberColumn, n: number, a: NumberColumn, b: NumberColumn): void {
    for (let i = 0; i < n; i++) out[i] = f(a[i]!, b[i]!);
  }
  return { arguments: ['number', 'number'], result: 'number', run: each };
}

export function ofThreeNumbers(f: (x: number, y: number, z: number) => number): Operation {
  function each(out: NumberColumn, n: number, a: NumberColumn, b: NumberColumn, c: NumberColumn): void {
    for (let i = 0; i < n; i++) out[i] = f(a[i]!, b[i]!, c[i]!);
  }
  return { arguments: ['number', 'number', 'number'], result: 'number', run: each };
}

/** `f` gives a number, or a truth value for `result` boolean. */
export function ofString(result: 'number' | 'boolean', f: (text: string) => number | boolean): Operation {
  function each(out: NumberColumn, n: number, a: StringColumn): void {
    for (let i = 0; i < n; i++) out[i] = a[i] === null ? Number.NaN : Number(f(a[i]!));
  }
  return { arguments: ['string'], result, run: each };
}

export function ofTwoStrings(f: (text: string, other: string) => boolean): Operation {
  function each(out: NumberColumn, n: number, a: StringColumn, b: StringColumn): void {
    for (let i = 0; i < n; i++) {
      const [x, y] = [a[i]!, b[i]!];
      out[i] = x === null || y === null ? Number.NaN : Number(f(x, y));
    }
  }
  return { arguments: ['string', 'string'], result: 'boolean', run: each };
}

export function stringOf(type: 'number' | 'boolean', f: (x: number) => string): Operation {
  function each(out: StringColumn, n: number, a: NumberColumn): void {
    for (let i = 0; i < n; i++) out[i] = Number.isNaN(a[i]!) ? null : f(a[i]!);
  }
  return { arguments: [type], result: 'string', run: each };
}

export function stringOfString(f: (text: string) => string): Operation {
  function each(out: StringColumn, n: number, a: StringColumn): void {
    for (let i = 0; i < n; i++) out[i] = a[i] === null ? null : f(a[i]!);
  }
  return { arguments: ['string'], result: 'string', run: each };
}

/** `x in [constants]`: one operation for each list. */
export function memberOf(type: ValueType, values: readonly FieldValue[]): Operation {
  const set = new Set<FieldValue>(type === 'string' ? values : values.map(Number));
  function each(out: NumberColumn, n: number, a: Column): void {
    for (let i = 0; i < n; i++) {
      const x = a[i]!;
      out[i] = x === null || Number.isNaN(x) ? Number.NaN : Number(set.has(x));
    }
  }
  return { arguments: [type], result: 'boolean', run: each };
}
