/**
 * What a name in an expression stands for. The one who compiles an expression brings the scope.
 *
 * Invariant: bindings are of the rows the kernels will run over: slots of their columns, tags of their series table.
 */

import type { FieldValue, ValueType } from '../core/types.ts';
import type { Ast } from './ast.ts';
import type { ExpressionProblem } from './error.ts';

/** One column of a static table, by the key of its rows. The table behind it may be swapped: `version` then grows. */
export interface LookupColumn {
  readonly type: ValueType;
  readonly version: number;
  /** Null for keys the table does not have, and for empty cells. */
  value(key: string): FieldValue | null;
}

export type Binding =
  /** Known, but its own definition is wrong, which is reported there: what uses it is not judged. */
  | { readonly kind: 'broken' }
  | { readonly kind: 'constant'; readonly value: FieldValue }
  | { readonly kind: 'column'; readonly slot: number; readonly type: ValueType }
  /** The index of a tag in `SeriesTable.tags`. */
  | { readonly kind: 'tag'; readonly index: number }
  /** A value of a table, by the tag of that index. */
  | { readonly kind: 'lookup'; readonly tag: number; readonly column: LookupColumn };

export interface Scope {
  resolve(name: string): Binding | undefined;
  /** `object.member`, such as a column of a lookup table. */
  resolveMember(object: string, member: string): Binding | undefined;
  /**
   * What a call as a whole stands for, such as a column that is worked out elsewhere; undefined for a function of
   * expressions. `tell` is told what is wrong with it; the binding is then broken.
   */
  resolveCall?(
    call: Ast & { readonly kind: 'call' },
    tell: (problem: ExpressionProblem) => void,
  ): Binding | undefined;
  /** All that can be written here, members as `object.member`: for suggestions. */
  names(): readonly string[];
  /** What an unknown name is called: "unknown field `tmp` of device press". */
  unknown(name: string): string;
  /** The remedy for a name (`object.member` for members) that is known elsewhere; before any suggestion. */
  hint?(name: string): string | undefined;
  /** Functions that can be written here beside those of every expression: for suggestions. */
  moreFunctions?(): readonly string[];
  /** What to say of a function that is known, but not here: its message and remedy. `written` is the call, printed. */
  misplacedFunction?(
    name: string,
    written: string,
  ): { readonly message: string; readonly remedy: string } | undefined;
}
