/** What the parts of the checker share: notes of what is wrong, and how an operation is put on its arguments. */

import type { Ast } from './ast.ts';
import type { ExpressionProblem } from './error.ts';
import { type Operation, runOnce } from './operation.ts';
import type { Scope } from './scope.ts';
import { type Typed, variesOf } from './typed.ts';

/** What the parts of one check share. */
export interface Check {
  readonly scope: Scope;
  readonly problems: ExpressionProblem[];
  /** The typed form of a part; undefined when something in it is wrong, which is then reported. */
  part(node: Ast): Typed | undefined;
  /** The same where `null` itself may stand. */
  partOrNull(node: Ast): Typed | 'null' | undefined;
}

/** Notes a problem at a node; gives undefined, for `return report(…)`. */
export function report(
  check: Check,
  { start, end }: { start: number; end: number },
  message: string,
  remedy?: string,
) {
  check.problems.push({ message, start, end, ...(remedy !== undefined && { remedy }) });
  return undefined;
}

/** The operation on its arguments; worked out at once when they are constants. */
export function apply(operation: Operation, args: readonly Typed[]): Typed {
  const type = operation.result;
  if (args.every((arg) => arg.kind === 'constant')) {
    return {
      kind: 'constant',
      type,
      value: runOnce(
        operation,
        args.map((arg) => arg.value),
      ),
    };
  }
  const varies = args.some((arg) => variesOf(arg) === 'row') ? 'row' : 'series';
  return { kind: 'apply', type, operation, args, varies };
}

/** The first operation that takes arguments of these types. */
export function fitting(operations: readonly Operation[], args: readonly Typed[]): Operation | undefined {
  return operations.find((operation) => operation.arguments.every((type, i) => type === args[i]?.type));
}
