/** What a comparison that holds leaves of its sides. */

import type { BinaryOperator } from '../ast.ts';
import { above, below, interval } from './interval.ts';
import type { Facts } from './known.ts';

export type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!=';

export const opposite: Readonly<Record<Comparison, Comparison>> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  '==': '!=',
  '!=': '==',
};

export const mirrored: Readonly<Record<Comparison, Comparison>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '==': '==',
  '!=': '!=',
};

export function isComparison(operator: BinaryOperator): operator is Comparison {
  return Object.hasOwn(opposite, operator);
}

/** What is left of `a` where it compares so with `b`. */
export function remaining(comparison: Comparison, a: Facts, b: Facts): Facts {
  switch (comparison) {
    case '<':
      return interval(-Infinity, below(b.high));
    case '<=':
      return interval(-Infinity, b.high);
    case '>':
      return interval(above(b.low), Infinity);
    case '>=':
      return interval(b.low, Infinity);
    case '==':
      return { low: b.low, high: b.high, isWhole: b.isWhole, ...(b.texts && { texts: b.texts }) };
    case '!=':
      return without(a, b);
  }
}

/** A single value can be taken from the ends of an interval, and out of a list of texts. */
function without(a: Facts, b: Facts): Facts {
  if (a.texts && b.texts?.length === 1) {
    return { ...a, texts: a.texts.filter((text) => text !== b.texts![0]) };
  }
  if (b.low !== b.high || b.texts) return a;
  const low = a.low === b.low ? above(a.low) : a.low;
  const high = a.high === b.low ? below(a.high) : a.high;
  return { ...a, ...interval(low, high, a.isWhole) };
}
