/**
 * Conditions that can never be true, or never false: found by what is known of their values, and put into words.
 *
 * Invariant: only what is certain; a condition may be null at any time, which is neither. A condition without a name in
 * it (`true`) is meant so. Not here: which conditions a rule has, and what follows from one (src/rules).
 */

import { type Ast, childrenOf } from '../ast.ts';
import { describe } from '../wording.ts';
import { factsOf } from './facts.ts';
import { type Bound, canBeFalse, canBeTrue, type Facts, type Known } from './known.ts';

/** The smallest parts that are never true, each for itself; the whole may be true all the same where `||` joins them. */
export function neverTrueParts(node: Ast, known: Known): readonly Ast[] {
  if (!hasName(node)) return [];
  const joined = partsJoinedBy(node, node.kind === 'logical' ? node.operator : undefined);
  const parts = joined.length > 1 ? joined.flatMap((part) => neverTrueParts(part, known)) : [];
  const isOr = node.kind === 'logical' && node.operator === '||';
  return isOr || parts.length > 0 || canBeTrue(factsOf(node, known)) ? parts : [node];
}

/** `a && b && c` has three. */
function partsJoinedBy(node: Ast, operator: '&&' | '||' | undefined): readonly Ast[] {
  if (node.kind !== 'logical' || node.operator !== operator) return [node];
  return [...partsJoinedBy(node.left, operator), ...partsJoinedBy(node.right, operator)];
}

/** Whether it is true whenever it is not null. */
export function isAlwaysTrue(node: Ast, known: Known): boolean {
  const facts = factsOf(node, known);
  return hasName(node) && canBeTrue(facts) && !canBeFalse(facts);
}

/** Whether it depends on anything. */
export function hasName(node: Ast): boolean {
  return ['name', 'member', 'call'].includes(node.kind) || childrenOf(node).some(hasName);
}

/** Why a condition can only be so: what its parts are known to be; and what to do about it. */
export interface Reason {
  /** "`load` is at most 300, its `range`"; empty when there is nothing to say. */
  readonly why: string;
  readonly remedy: string;
}

export function reasonOf(node: Ast, known: Known): Reason {
  if (node.kind === 'unary' && node.operator === '!') return reasonOf(node.operand, known);
  if (node.kind === 'logical')
    return { why: 'its parts exclude each other', remedy: 'join them with || for one or the other' };
  const sides = node.kind === 'binary' ? [node.left, node.right] : [node];
  const told = sides
    .filter(hasName)
    .map((side) => ({ side, facts: factsOf(side, known) }))
    .map(({ side, facts }) => ({ words: wordsOf(facts), side, bound: facts.bound }))
    .filter(({ words }) => words !== undefined);
  const why = told.map(({ side, words, bound }) => `${describe(side)} ${words}${because(bound)}`).join(', ');
  const remedy = told.find(({ bound }) => bound)?.bound?.remedy ?? 'correct it, or remove it';
  return { why, remedy };
}

function because(bound: Bound | undefined): string {
  return bound ? `, ${bound.why}` : '';
}

/** "is from 0 to 300"; undefined when nothing is known. */
function wordsOf({ low, high, texts }: Facts): string | undefined {
  if (texts) return texts.length === 0 ? undefined : `is ${texts.map((text) => `"${text}"`).join(' or ')}`;
  if (low > high) return undefined;
  if (low === high) return `is ${shown(low)}`;
  if (Number.isFinite(low) && Number.isFinite(high)) return `is from ${shown(low)} to ${shown(high)}`;
  if (Number.isFinite(low)) return `is at least ${shown(low)}`;
  return Number.isFinite(high) ? `is at most ${shown(high)}` : undefined;
}

/** Ends that were moved to the next double, or widened for rounding, are shown where they come from. */
function shown(x: number): string {
  return String(Number(x.toPrecision(9)));
}
