/**
 * For which values of its one variable a condition is true, exactly: `x > 5 && x != 7` is (5, 7) and (7, ∞).
 *
 * Invariant: closed intervals of doubles, ascending and apart. Undefined for a condition that is about anything else but
 * comparisons of one part with numbers.
 */

import { type Ast, print } from '../ast.ts';
import { hasName } from './conditions.ts';
import { factsOf } from './facts.ts';
import { above, below, type Interval } from './interval.ts';
import { noNames } from './known.ts';
import { isComparison, mirrored, type opposite } from './narrowing.ts';

export type ValueSet = readonly (readonly [low: number, high: number])[];

export interface OneVariable {
  /** As printed. */
  readonly variable: string;
  readonly node: Ast;
  readonly values: ValueSet;
  /** What it is compared with is whole. */
  readonly isWhole: boolean;
}

export function valuesOf(condition: Ast): OneVariable | undefined {
  switch (condition.kind) {
    case 'unary':
      return condition.operator === '!' ? mapped(valuesOf(condition.operand), complement) : undefined;
    case 'logical': {
      const [left, right] = [valuesOf(condition.left), valuesOf(condition.right)];
      if (!left || !right || left.variable !== right.variable) return undefined;
      const values =
        condition.operator === '&&'
          ? intersection(left.values, right.values)
          : union(left.values, right.values);
      return { ...left, values, isWhole: left.isWhole && right.isWhole };
    }
    case 'binary':
      return ofComparison(condition);
    default:
      return undefined;
  }
}

function mapped(one: OneVariable | undefined, change: (values: ValueSet) => ValueSet) {
  return one && { ...one, values: change(one.values) };
}

function ofComparison({ operator, left, right }: Ast & { kind: 'binary' }): OneVariable | undefined {
  if (!isComparison(operator)) return undefined;
  const [leftNumber, rightNumber] = [constantOf(left), constantOf(right)];
  if (rightNumber !== undefined && leftNumber === undefined) return compared(left, operator, rightNumber);
  if (leftNumber === undefined || rightNumber !== undefined) return undefined;
  return compared(right, mirrored[operator], leftNumber);
}

function compared(node: Ast, operator: keyof typeof opposite, x: number): OneVariable {
  const sets = {
    '<': [[-Infinity, below(x)]],
    '<=': [[-Infinity, x]],
    '>': [[above(x), Infinity]],
    '>=': [[x, Infinity]],
    '==': [[x, x]],
    '!=': [
      [-Infinity, below(x)],
      [above(x), Infinity],
    ],
  } as const;
  return { variable: print(node), node, values: sets[operator], isWhole: Number.isInteger(x) };
}

/** A finite number that is written out. */
function constantOf(node: Ast): number | undefined {
  if (hasName(node)) return undefined;
  const { low, high, texts } = factsOf(node, noNames);
  return low === high && Number.isFinite(low) && !texts ? low : undefined;
}

export function complement(set: ValueSet): ValueSet {
  const gaps: [number, number][] = [];
  let from = -Infinity;
  for (const [low, high] of set) {
    if (low > from || (low === from && low !== -Infinity)) gaps.push([from, below(low)]);
    from = above(high);
  }
  if (set.at(-1)?.[1] !== Infinity) gaps.push([from, Infinity]);
  return gaps.filter(([low, high]) => low <= high);
}

export function intersection(a: ValueSet, b: ValueSet): ValueSet {
  const pairs = a.flatMap(([low, high]) => b.map(([l, h]) => [Math.max(low, l), Math.min(high, h)] as const));
  return pairs.filter(([low, high]) => low <= high).toSorted((x, y) => x[0] - y[0]);
}

export function union(a: ValueSet, b: ValueSet): ValueSet {
  const merged: [number, number][] = [];
  for (const [low, high] of [...a, ...b].toSorted((x, y) => x[0] - y[0] || x[1] - y[1])) {
    const last = merged.at(-1);
    if (last && low <= above(last[1])) last[1] = Math.max(last[1], high);
    else merged.push([low, high]);
  }
  return merged;
}

/** Those that lie in an interval, too; of whole numbers only those that hold one. */
export function within(set: ValueSet, { low, high, isWhole }: Interval): ValueSet {
  const inside = intersection(set, [[low, high]]);
  return isWhole ? inside.filter(([l, h]) => Math.ceil(l) <= Math.floor(h)) : inside;
}

export function isSubset(a: ValueSet, b: ValueSet): boolean {
  return a.every(([low, high]) => b.some(([l, h]) => l <= low && high <= h));
}

/** One value of a set that is easy to read: whole where there is one, near zero. */
export function exampleOf(set: ValueSet): number | undefined {
  const [first] = set;
  if (!first) return undefined;
  const [low, high] = first;
  const [least, most] = [Math.ceil(low), Math.floor(high)];
  if (least > most) return Number(((low + high) / 2).toPrecision(6));
  if (least <= 0 && most >= 0) return 0;
  // In the middle of what is bounded, so that it is clear that the end itself is not meant.
  if (Number.isFinite(least) && Number.isFinite(most)) return Math.floor((least + most) / 2);
  return least > 0 ? least : most;
}
