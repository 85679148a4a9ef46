/**
 * Facts about values, and how they join: between which numbers a value lies, which texts it may be, its unit.
 *
 * Invariant: facts hold for every value but null; fewer facts are always true as well. Truth values are 0 and 1.
 */

import type { Ast } from '../ast.ts';
import { anything, hull, type Interval, meet, nothing } from './interval.ts';
import { either, type Unit } from './units.ts';

export interface Facts extends Interval {
  /** All texts it may be; absent: any, or it is no text. */
  readonly texts?: readonly string[];
  readonly unit?: Unit;
  /** Where the bounds come from, for people: what there is to say, and what to do where that is a surprise. */
  readonly bound?: Bound;
}

export interface Bound {
  readonly why: string;
  readonly remedy: string;
}

/** What is known of names and of calls that are no functions of expressions. */
export interface Known {
  name(name: string): Facts | undefined;
  member(object: string, member: string): Facts | undefined;
  call(node: Ast & { readonly kind: 'call' }): Facts | undefined;
  /** What is known besides of parts, by their print: they hold where something else is assumed to. */
  readonly narrowed: ReadonlyMap<string, Facts>;
  /** Within an assumption no further ones are tried, or the work would double with each level of an expression. */
  readonly isAssumption?: boolean;
}

export const unknown: Facts = anything;
export const truth: Facts = { low: 0, high: 1, isWhole: true };

/** Names nothing. */
export const noNames: Known = {
  name: () => undefined,
  member: () => undefined,
  call: () => undefined,
  narrowed: new Map(),
};

export function canBeTrue({ low, high }: Facts): boolean {
  return low <= 1 && high >= 1;
}

export function canBeFalse({ low, high }: Facts): boolean {
  return low <= 0 && high >= 0;
}

/** The facts of a truth value that can be so. */
export function truthOf(canHold: boolean, canFail: boolean): Facts {
  return canHold || canFail ? { low: canFail ? 0 : 1, high: canHold ? 1 : 0, isWhole: true } : nothing;
}

/** Facts of a value that is one or the other. */
export function joinFacts(a: Facts, b: Facts): Facts {
  const unit = either(a.unit, b.unit);
  const bound = a.bound?.why === b.bound?.why ? a.bound : undefined;
  return {
    ...hull(a, b),
    ...(a.texts && b.texts && { texts: [...new Set([...a.texts, ...b.texts])] }),
    ...(unit !== undefined && { unit }),
    ...(bound && { bound }),
  };
}

/** Facts of a value for which both are known. Bounds that moved come from elsewhere. */
export function meetFacts(a: Facts, b: Facts): Facts {
  const both = meet(a, b);
  const texts = a.texts && b.texts ? a.texts.filter((text) => b.texts!.includes(text)) : (a.texts ?? b.texts);
  const { bound, ...rest } = a;
  const isAsBefore = both.low === a.low && both.high === a.high && texts?.length === a.texts?.length;
  return { ...rest, ...both, ...(texts && { texts }), ...(bound && isAsBefore && { bound }) };
}

/** Whether there is a value at all. */
export function hasValue({ low, high, texts }: Facts): boolean {
  return low <= high && texts?.length !== 0;
}
