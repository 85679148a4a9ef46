/** The names an expression, a message or a whole rule reads. Not here: whether they are known. */

import type { RuleConfig } from '../config/schema.ts';
import { type Ast, childrenOf } from '../expression/ast.ts';
import { ExpressionError } from '../expression/error.ts';
import { parse } from '../expression/parse.ts';
import { piecesOf } from './template-pieces.ts';

/** Names, and the tables of `table.column`. None of a text that is wrong. */
export function namesIn(text: string): readonly string[] {
  try {
    return collect(parse(text));
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return [];
  }
}

function collect(node: Ast): readonly string[] {
  return node.kind === 'name' ? [node.name] : childrenOf(node).flatMap(collect);
}

/** Those in the braces of a message. */
export function namesInMessage(message: string): readonly string[] {
  return piecesOf(message).pieces.flatMap((piece) =>
    typeof piece === 'string' ? [] : namesIn(piece.expression),
  );
}

/** In all of a rule's expressions; a name that is only defined is not read. */
export function namesReadIn({ where, let: lets, compute, alert }: RuleConfig): ReadonlySet<string> {
  const expressions = [
    ...(where === undefined ? [] : [where]),
    ...Object.values(lets),
    ...Object.values(compute),
    ...alert.flatMap(({ when, clear }) => (clear === undefined ? [when] : [when, clear])),
  ];
  const messages = alert.flatMap(({ message }) => (message === undefined ? [] : [message]));
  return new Set([...expressions.flatMap(namesIn), ...messages.flatMap(namesInMessage)]);
}
