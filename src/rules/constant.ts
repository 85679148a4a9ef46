/** Constants that functions of rules ask for: written out, or computed from constants alone. */

import type { FieldValue } from '../core/types.ts';
import type { Ast } from '../expression/ast.ts';
import { check } from '../expression/check.ts';
import type { Scope } from '../expression/scope.ts';

const noNames: Scope = {
  resolve: () => undefined,
  resolveMember: () => undefined,
  names: () => [],
  unknown: (name) => `\`${name}\` is not a constant`,
  hint: () => 'write a number',
};

/** The value of an expression without names; undefined when it has none. */
export function constantOf(node: Ast): FieldValue | undefined {
  const { typed } = check(node, noNames);
  return typed?.kind === 'constant' && typed.value !== null ? typed.value : undefined;
}
