/**
 * A checked expression → a kernel over columns.
 *
 * Each node is a closure that runs a tight loop over the chunk and leaves its column in a register. Registers below the
 * root are shared by all kernels of the process: a node at register r uses r and those above it, and no kernel runs
 * inside another one but in registers above. The root's column is its own, and grows to the largest chunk it has seen,
 * so that thousands of rules over few rows stay small; a bare field or name gives the column of the rows themselves.
 * What depends on the series alone (tags, lookups, constants) is worked out once for each series and remembered, until
 * the table of series or a lookup table is another one.
 * No code is generated from text.
 */

import type { ValueType } from '../core/types.ts';
import { check } from './check.ts';
import { ExpressionError, type ExpressionProblem } from './error.ts';
import { parse } from './parse.ts';
import { remember } from './remember.ts';
import {
  type Column,
  type Compiled,
  capacityFor,
  chunkRows,
  type NumberColumn,
  type Rows,
  type StringColumn,
} from './rows.ts';
import type { LookupColumn, Scope } from './scope.ts';
import type { Typed } from './typed.ts';

export interface CompiledText {
  /** Absent when the expression is wrong. */
  readonly compiled?: Compiled;
  readonly problems: readonly ExpressionProblem[];
}

/** Parses, checks and compiles; `wanted` as for `check`. */
export function compileText(
  text: string,
  scope: Scope,
  wanted?: { type: ValueType; what: string },
): CompiledText {
  try {
    const { typed, problems } = check(parse(text), scope, wanted);
    return typed ? { compiled: compile(typed), problems } : { problems };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { problems: [error] };
  }
}

/** Every kernel's until it is run. */
const noRows = new Float64Array(0);

/** The kernel of a checked expression. Reads the rows it is given; keeps nothing of them but what is by series. */
export function compile(typed: Typed): Compiled {
  if (typed.kind === 'column') return { type: typed.type, kernel: columnNode(typed.slot) } as Compiled;
  const target: Register = { column: typed.type === 'string' ? [] : noRows };
  const node = compileNode(typed, 0, 'rows', target);
  const kernel = (rows: Rows): Column => {
    if (rows.n > chunkRows) throw new RangeError(`a chunk of ${rows.n} rows; at most ${chunkRows}`);
    if (target.column instanceof Float64Array && rows.n > target.column.length) {
      target.column = new Float64Array(capacityFor(rows.n));
    }
    return node(rows);
  };
  return { type: typed.type, kernel } as Compiled;
}

/** Where a node leaves its column. Looked up at each call, since an output may grow. */
interface Register {
  column: Column;
}

type Node = (rows: Rows) => Column;

const numberRegisters: Register[] = [];
const stringRegisters: Register[] = [];

function register(type: ValueType, index: number): Register {
  const registers = type === 'string' ? stringRegisters : numberRegisters;
  registers[index] ??= { column: type === 'string' ? [] : new Float64Array(chunkRows) };
  return registers[index];
}

/** Whether the rows stand for readings or results, or for the series themselves: one row each, tags alone. */
type Over = 'rows' | 'series';

/** A node that may use the registers from `first` on, and leaves its column in `target`. */
function compileNode(typed: Typed, first: number, over: Over, target = register(typed.type, first)): Node {
  if (over === 'rows' && (typed.kind === 'lookup' || (typed.kind === 'apply' && typed.varies === 'series'))) {
    return bySeries(typed, first, target);
  }
  switch (typed.kind) {
    case 'constant':
      return constant(typed, target);
    case 'column':
      return columnNode(typed.slot);
    case 'tag':
      return tag(typed.index, target);
    case 'lookup':
      return lookup(typed, target);
    case 'apply':
      return application(typed, first, over, target);
  }
}

/** By slot: they keep nothing, and of thousands of rules most of what is compiled is bare names. */
const columnNodes: Node[] = [];

function columnNode(slot: number): Node {
  columnNodes[slot] ??= (rows) => rows.columns[slot]!;
  return columnNodes[slot];
}

function constant({ type, value }: Typed & { kind: 'constant' }, target: Register): Node {
  if (type === 'string') {
    const text = value as string | null;
    return ({ n }) => {
      const out = target.column as StringColumn;
      for (let i = 0; i < n; i++) out[i] = text;
      return out;
    };
  }
  const number = value === null ? Number.NaN : Number(value);
  return ({ n }) => (target.column as NumberColumn).fill(number, 0, n);
}

/** A tag that a series does not have is null, as a field that a reading lacks. */
function tag(index: number, target: Register): Node {
  return ({ n, series, table }) => {
    const out = target.column as StringColumn;
    const values = table.tags[index]!;
    for (let i = 0; i < n; i++) out[i] = values[series[i]!]! || null;
    return out;
  };
}

function lookup({ column, tag, type }: Typed & { kind: 'lookup' }, target: Register): Node {
  return ({ n, series, table }) => {
    const keys = table.tags[tag]!;
    const out = target.column;
    for (let i = 0; i < n; i++) {
      const value = column.value(keys[series[i]!]!);
      out[i] = type === 'string' ? (value as string | null) : value === null ? Number.NaN : Number(value);
    }
    return out;
  };
}

function application(
  { operation, args }: Typed & { kind: 'apply' },
  first: number,
  over: Over,
  target: Register,
): Node {
  const [one, two, three] = args.map((arg, i) => compileNode(arg, first + i, over));
  const loop = operation.run as (out: Column, n: number, a: Column, b?: Column, c?: Column) => void;
  return (rows) => {
    const a = one!(rows);
    const b = two?.(rows);
    const c = three?.(rows);
    loop(target.column, rows.n, a, b, c);
    return target.column;
  };
}

/** A node whose value the series decides: worked out once for each series, then gathered for the rows. */
function bySeries(typed: Typed, first: number, target: Register): Node {
  const columns = lookupColumns(typed);
  const versions = (): number => columns.reduce((sum, { version }) => sum + version, 0);
  const known = remember(typed.type, compileNode(typed, first, 'series'), versions);
  return ({ n, series, table }) => {
    const values = known(table);
    if (typed.type === 'string')
      gatherStrings(target.column as StringColumn, n, series, values as StringColumn);
    else gatherNumbers(target.column as NumberColumn, n, series, values as NumberColumn);
    return target.column;
  };
}

function gatherNumbers(out: NumberColumn, n: number, series: Int32Array, values: NumberColumn): void {
  for (let i = 0; i < n; i++) out[i] = values[series[i]!]!;
}

function gatherStrings(
  out: StringColumn,
  n: number,
  series: Int32Array,
  values: readonly (string | null)[],
): void {
  for (let i = 0; i < n; i++) out[i] = values[series[i]!]!;
}

function lookupColumns(typed: Typed): LookupColumn[] {
  if (typed.kind === 'lookup') return [typed.column];
  return typed.kind === 'apply' ? typed.args.flatMap(lookupColumns) : [];
}
