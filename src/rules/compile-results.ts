/**
 * The expressions of `compute` once their aggregates are taken out: over the results of a window, with memory.
 *
 * Each sees the names above it; `lag` and `prev` see all of them, for they speak of windows before.
 */

import type { ValueType } from '../core/types.ts';
import { type Ast, print } from '../expression/ast.ts';
import { check } from '../expression/check.ts';
import { compile } from '../expression/compile.ts';
import type { ExpressionProblem } from '../expression/error.ts';
import type { Binding } from '../expression/scope.ts';
import { createMemoryCalls, type MemoryCalls } from './memory/memory-calls.ts';
import { resultWorld } from './memory/memory-worlds.ts';
import { type Types, typesAhead } from './memory/types-ahead.ts';
import type { NamedCompiled } from './plan.ts';
import type { RuleContext } from './rule-context.ts';
import { type Earlier, resultScope } from './scopes.ts';

export interface CompiledResults {
  readonly computes: readonly NamedCompiled[];
  readonly names: readonly Earlier[];
  readonly memory: MemoryCalls;
}

/** Names and what is left of their expressions; undefined for one that could not be read. */
type Expressions = ReadonlyMap<string, Ast | undefined>;

/** `aggregates` are the result types of the aggregates by slot, undefined for one that is wrong. */
export function compileResults(
  context: RuleContext,
  aggregates: readonly (ValueType | undefined)[],
  expressions: Expressions,
): CompiledResults {
  const { report } = context;
  const types = aheadOf(context, aggregates, expressions);
  const before = report.problems.length;
  const compiled = compileAll(context, aggregates, expressions, types, (name, problems) =>
    report.text(['compute', name], problems),
  );
  const untold = compiled.names.find(({ type }) => type === undefined);
  if (untold && report.problems.length === before && !hasErrors(context)) {
    const message = `the type of \`${untold.name}\` cannot be told: it follows from that of windows before alone`;
    const remedy = 'give it a value for the first window, in quotes: "has(prev.n) ? prev.n + 1 : 1"';
    report.value(['compute', untold.name], message, remedy);
  }
  return compiled;
}

function hasErrors({ report }: RuleContext): boolean {
  return report.problems.some(({ severity }) => severity === 'error');
}

/** Types of names as `lag` and `prev` may read them before they are computed. Most rules do not. */
function aheadOf(
  context: RuleContext,
  aggregates: readonly (ValueType | undefined)[],
  expressions: Expressions,
): Types {
  const mayLookAhead = Object.values(context.rule.compute).some((text) => /\b(lag|prev)\b/.test(text));
  if (!mayLookAhead) return new Map();
  return typesAhead([...expressions.keys()], (assumed) => {
    const { names } = compileAll(context, aggregates, expressions, assumed, () => {});
    return new Map(names.flatMap(({ name, type }) => (type === undefined ? [] : [[name, type]])));
  });
}

function compileAll(
  context: RuleContext,
  aggregates: readonly (ValueType | undefined)[],
  expressions: Expressions,
  ahead: Types,
  tell: (name: string, problems: readonly ExpressionProblem[]) => void,
): CompiledResults {
  const { rule, devices, by, lookups } = context;
  const all = [...expressions.keys()];
  const names: Earlier[] = [];
  const computes: NamedCompiled[] = [];
  const slotOf = (name: string): number => aggregates.length + all.indexOf(name);
  const world = resultWorld(context, aggregates.length + all.length, (name) =>
    all.includes(name) ? bindingOf(ahead.get(name), slotOf(name)) : undefined,
  );
  const memory = createMemoryCalls(world);
  for (const [name, expression] of expressions) {
    const uses = new Set<number>();
    const scope = resultScope({ rule, devices, aggregates, computes: names, by, lookups, place: 'compute' });
    const { typed, problems } = expression
      ? check(expression, memory.over(scope, ['compute', name], uses))
      : { problems: [] };
    tell(name, problems);
    names.push({ name, type: typed?.type });
    if (!typed) continue;
    const compiled = compile(typed);
    computes.push({ name, compiled });
    memory.define(slotOf(name), compiled, uses, () => `${name}: ${print(expression!)}`);
  }
  return { computes, names, memory };
}

function bindingOf(type: ValueType | undefined, slot: number): Binding {
  return type === undefined ? { kind: 'broken' } : { kind: 'column', slot, type };
}
