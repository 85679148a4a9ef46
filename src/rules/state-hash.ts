/**
 * The hash of what shapes a rule's state: kept state fits a rule as long as it stays the same.
 *
 * In it: devices, key, window, aggregates with their arguments, and the `let`s these use; all in one spelling, so that
 * blanks do not matter. Not in it: `where`, conditions, messages, severities, and what is computed from aggregates:
 * they may change while state is kept.
 */

import { createHash } from 'node:crypto';
import type { RuleConfig } from '../config/schema.ts';
import { type Ast, childrenOf, print } from '../expression/ast.ts';
import { parse } from '../expression/parse.ts';
import type { Computed } from './compile-computes.ts';
import type { RuleContext } from './rule-context.ts';

/** Hexadecimal SHA-256; of a rule without mistakes. */
export function stateHashOf({ rule, by, devices }: RuleContext, { aggregates, calls }: Computed): string {
  const readKeys = devices.filter((device) => device.rule).map(({ tags }) => tags);
  const shape = {
    // Of the saved form: a checkpoint with another one begins anew.
    version: 2,
    from: rule.from,
    by,
    window: rule.window ?? null,
    aggregates: aggregates.map(({ argumentType, resultType }, i) => [
      print(calls[i]!),
      argumentType,
      resultType,
    ]),
    lets: letsOf(rule, calls),
    // Keys of the rules that are read; a reset of one is none of those that read it.
    ...(readKeys.length > 0 && { readKeys }),
  };
  return createHash('sha256').update(JSON.stringify(shape)).digest('hex');
}

/** The `let`s that the calls use, directly or by way of others, in their order. */
function letsOf(rule: RuleConfig, calls: readonly Ast[]): [name: string, expression: string][] {
  const lets = new Map(Object.entries(rule.let).map(([name, text]) => [name, parse(text)]));
  const used = new Set<string>();
  const use = (node: Ast): void => {
    const definition = node.kind === 'name' && !used.has(node.name) ? lets.get(node.name) : undefined;
    if (definition && node.kind === 'name') {
      used.add(node.name);
      use(definition);
    }
    childrenOf(node).forEach(use);
  };
  calls.forEach(use);
  return [...lets].filter(([name]) => used.has(name)).map(([name, expression]) => [name, print(expression)]);
}
