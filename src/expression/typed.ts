/**
 * A checked expression: every name bound, every operator and function chosen, constants worked out.
 *
 * Invariant: made by check.ts alone; the arguments of an `apply` have the types its operation takes.
 */

import type { FieldValue, ValueType } from '../core/types.ts';
import type { Operation } from './operation.ts';
import type { LookupColumn } from './scope.ts';

/** How often a value has to be worked out: once for all, for each series (its tags decide), or for each row. */
export type Varies = 'never' | 'series' | 'row';

export type Typed =
  | { readonly kind: 'constant'; readonly type: ValueType; readonly value: FieldValue | null }
  | { readonly kind: 'column'; readonly type: ValueType; readonly slot: number }
  | { readonly kind: 'tag'; readonly type: 'string'; readonly index: number }
  | { readonly kind: 'lookup'; readonly type: ValueType; readonly tag: number; readonly column: LookupColumn }
  | {
      readonly kind: 'apply';
      readonly type: ValueType;
      readonly operation: Operation;
      readonly args: readonly Typed[];
      readonly varies: Varies;
    };

export function variesOf(typed: Typed): Varies {
  switch (typed.kind) {
    case 'constant':
      return 'never';
    case 'column':
      return 'row';
    case 'tag':
    case 'lookup':
      return 'series';
    case 'apply':
      return typed.varies;
  }
}
