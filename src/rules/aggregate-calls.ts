/**
 * The aggregate calls in `compute`: taken out of their expressions, each once for the rule, and understood.
 *
 * Invariant: what is left of an expression has the name of the result in place of the call, at the call's place.
 */

import type { ValueType } from '../core/types.ts';
import { type Ast, print, rewrite } from '../expression/ast.ts';
import { check } from '../expression/check.ts';
import { compile } from '../expression/compile.ts';
import type { ExpressionProblem } from '../expression/error.ts';
import type { Compiled } from '../expression/rows.ts';
import type { Scope } from '../expression/scope.ts';
import type { Typed } from '../expression/typed.ts';
import { constantOf } from './constant.ts';
import { type AggregateEntry, aggregateNamed } from './functions.ts';
import { aggregateName } from './scopes.ts';

export type AggregateCall = Ast & { readonly kind: 'call' };

/** The calls of a rule by their place in `RulePlan.aggregates`; equal ones share a place. */
export interface FoundCalls {
  /** Takes the calls out of an expression; `found` is called for each one that is new. */
  take(expression: Ast, found: (call: AggregateCall) => void): Ast;
}

export function createFoundCalls(): FoundCalls {
  const slots = new Map<string, number>();
  return {
    take: (expression, found) =>
      rewrite(expression, (node) => {
        if (node.kind !== 'call' || node.receiver || !aggregateNamed(node.name)) return undefined;
        const identity = print(node);
        let slot = slots.get(identity);
        if (slot === undefined) {
          slot = slots.size;
          slots.set(identity, slot);
          found(node);
        }
        return {
          kind: 'name',
          name: aggregateName(slot),
          written: identity,
          start: node.start,
          end: node.end,
        };
      }),
  };
}

export interface Understood {
  readonly parameters: readonly number[];
  /** Empty for `count()`. */
  readonly arguments: readonly Compiled[];
  readonly resultType: ValueType;
}

type Wrong = (message: string, node: { start: number; end: number }, remedy: string) => undefined;

/** Checks a call over the readings of one device; undefined when it is wrong, which `report` is told. */
export function understandCall(
  call: AggregateCall,
  scope: Scope,
  report: (problems: readonly ExpressionProblem[]) => void,
): Understood | undefined {
  const entry = aggregateNamed(call.name)!;
  const wrong: Wrong = (message, { start, end }, remedy) => {
    report([{ message, start, end, remedy }]);
    return undefined;
  };
  const counts = countOf(entry);
  if (!counts.includes(call.args.length)) {
    const given = `\`${call.name}\` takes ${counts.join(' or ')} argument${counts.at(-1) === 1 ? '' : 's'}, not ${call.args.length}`;
    return wrong(given, call, `write ${entry.signature}`);
  }
  const columns = call.args.slice(0, entry.takes.length);
  const constants = call.args.slice(entry.takes.length);
  const parameters = constants.map((node, i) => parameterOf(node, entry.parameters[i]!, wrong));
  const typed = columns.map((node, i) => {
    const checked = check(node, scope);
    report(checked.problems);
    return checked.typed && fittingType(call.name, entry, i, node, checked.typed, wrong);
  });
  if (parameters.includes(undefined) || typed.includes(undefined)) return undefined;
  const compiled = (typed as Typed[]).map(compile);
  const resultType = entry.resultType === 'as argument' ? compiled[0]!.type : entry.resultType;
  return { parameters: parameters as number[], arguments: compiled, resultType };
}

/** The argument at place `i`, if its type is one that goes there. */
function fittingType(
  name: string,
  entry: AggregateEntry,
  i: number,
  node: Ast,
  typed: Typed,
  wrong: Wrong,
): Typed | undefined {
  const takes = entry.takes[i]!;
  if (takes.includes(typed.type)) return typed;
  const remedy = entry.remedy?.(print(node), typed.type) ?? `write ${entry.signature}`;
  const what = takes[0] === 'boolean' ? 'a condition' : `a ${takes[0]}`;
  const where = entry.takes.length > 1 ? ' there' : '';
  return wrong(`\`${name}\` takes ${what}${where}; \`${print(node)}\` is a ${typed.type}`, node, remedy);
}

function countOf(entry: AggregateEntry): number[] {
  const most = entry.takes.length + entry.parameters.length;
  return entry.argumentOptional ? [0, most] : [most];
}

function parameterOf(
  node: Ast,
  { name, min, max }: { name: string; min: number; max: number },
  wrong: Wrong,
): number | undefined {
  const value = constantOf(node);
  if (typeof value !== 'number') {
    return wrong(
      `\`${print(node)}\` is not a constant number`,
      node,
      `write ${name} out: a number from ${min} to ${max}`,
    );
  }
  if (value >= min && value <= max) return value;
  return wrong(
    `${name} is ${value}; it goes from ${min} to ${max}`,
    node,
    `write a number from ${min} to ${max}`,
  );
}
