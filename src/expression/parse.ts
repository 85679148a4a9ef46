/**
 * The text of an expression → our tree. The only place that knows the parser it comes from.
 *
 * Invariant: throws nothing but `ExpressionError`, whatever the text. Limits: `maxCharacters`, `maxNodes`, `maxDepth`.
 * Not here: what names and functions mean (check.ts).
 */

import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import type { Ast, BinaryOperator } from './ast.ts';
import { type FoundDurations, findDurations } from './durations.ts';
import { ExpressionError } from './error.ts';
import { explainSyntax } from './syntax.ts';

export const maxCharacters = 4096;
export const maxNodes = 1000;
export const maxDepth = 50;

const parser = new Environment({
  unlistedVariablesAreDyn: true,
  limits: {
    maxAstNodes: maxNodes,
    maxDepth,
    maxListElements: maxNodes,
    maxMapEntries: maxNodes,
    maxCallArguments: 32,
  },
});

/** The last trees: a rule's texts are compiled for each of its devices, then looked through for what they say. */
const recent = new Map<string, Ast>();
const maxRecent = 64;

/** Parses; throws `ExpressionError` with the place and a remedy. The same text may give the same tree. */
export function parse(text: string): Ast {
  const known = recent.get(text);
  if (known) return known;
  const tree = parseAnew(text);
  if (recent.size >= maxRecent) recent.delete(recent.keys().next().value!);
  recent.set(text, tree);
  return tree;
}

function parseAnew(text: string): Ast {
  if (text.length > maxCharacters) {
    throw tooLarge(
      `${text.length} characters are too many for an expression: at most ${maxCharacters}`,
      text,
    );
  }
  const durations = findDurations(text);
  return convert(parseTree(durations.parsable, text), { text, durations: durations.at });
}

/** The text as written, and the durations in it that the parser took for names. */
interface Source {
  readonly text: string;
  readonly durations: FoundDurations['at'];
}

function parseTree(parsable: string, text: string): ASTNode {
  try {
    return parser.parse(parsable).ast;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    if (error.code === 'limit_exceeded') {
      throw tooLarge(
        `an expression of more than ${maxNodes} parts, or nested more than ${maxDepth} deep`,
        text,
      );
    }
    const start = Math.min(error.range?.start ?? 0, text.length);
    throw explainSyntax(text, error.code, error.summary, start, error.range?.end ?? start);
  }
}

function tooLarge(message: string, text: string): ExpressionError {
  return new ExpressionError(message, 0, text.length, 'split it with `let`, or use a lookup table');
}

function convert(node: ASTNode, source: Source): Ast {
  const { text } = source;
  const span = wholeSpan(text, node.start, node.end);
  const inner = (child: ASTNode): Ast => convert(child, source);
  switch (node.op) {
    case 'value':
      return {
        kind: 'literal',
        value: literalValue(node.args, text.slice(span.start, span.end), span),
        ...span,
      };
    case 'id': {
      const duration = source.durations.get(node.start);
      return duration === undefined
        ? { kind: 'name', name: node.args, ...span }
        : { kind: 'duration', text: duration, ...span };
    }
    case '.':
      return { kind: 'member', object: inner(node.args[0]), member: node.args[1], ...span };
    case '[]':
      return { kind: 'member', object: inner(node.args[0]), member: constantIndex(node.args[1]), ...span };
    case '!_':
      return { kind: 'unary', operator: '!', operand: inner(node.args), ...span };
    case '-_':
      return { kind: 'unary', operator: '-', operand: inner(node.args), ...span };
    case '&&':
    case '||':
      return {
        kind: 'logical',
        operator: node.op,
        left: inner(node.args[0]),
        right: inner(node.args[1]),
        ...span,
      };
    case '?:': {
      const [test, yes, no] = node.args;
      return { kind: 'conditional', test: inner(test), yes: inner(yes), no: inner(no), ...span };
    }
    case 'call':
      return { kind: 'call', name: node.args[0], args: node.args[1].map(inner), ...span };
    case 'rcall':
      return {
        kind: 'call',
        name: node.args[0],
        receiver: inner(node.args[1]),
        args: node.args[2].map(inner),
        ...span,
      };
    case 'list':
      return { kind: 'list', items: node.args.map(inner), ...span };
    case 'map':
    case '.?':
    case '[?]':
      throw new ExpressionError(
        'maps and optional values are not part of rule expressions',
        span.start,
        span.end,
        'use a lookup table, or `condition ? a : b`',
      );
    default:
      return binary(node.op, inner(node.args[0]), inner(node.args[1]), span);
  }
}

function binary(operator: BinaryOperator, left: Ast, right: Ast, span: Span): Ast {
  return { kind: 'binary', operator, left, right, ...span };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function literalValue(
  value: unknown,
  source: string,
  { start, end }: Span,
): number | string | boolean | null {
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (Number.isFinite(number) && BigInt(number) === value) return number;
    throw new ExpressionError(
      `${source} has no exact double: whole numbers are exact up to 2^53`,
      start,
      end,
      `write ${number.toExponential()}, which is what it would become`,
    );
  }
  if (
    value === null ||
    typeof value === 'number' ||
    typeof value === 'string' ||
    typeof value === 'boolean'
  ) {
    return value;
  }
  const isUnsigned = /^\d/.test(source);
  throw new ExpressionError(
    isUnsigned
      ? `unsigned numbers such as ${source} do not exist here`
      : 'bytes do not exist in rule expressions',
    start,
    end,
    isUnsigned
      ? `all numbers are doubles: write ${source.replace(/u$/i, '')}`
      : 'write a string, without the b before it',
  );
}

/** `fleet["axle load"]` is the member `axle load`; other indexes have nothing to reach into. */
function constantIndex(index: ASTNode): string {
  if (index.op === 'value' && typeof index.args === 'string') return index.args;
  throw new ExpressionError(
    'only a lookup table has columns to reach with [ ], by a name in quotes',
    index.start,
    index.end,
    'write fleet["column"]; elements of a payload are fields of the device profile',
  );
}

/**
 * The parser leaves parentheses out of a node's place, even when only one end of it stood in them: `(a + b) * c` would
 * start at `a`. Widens the place until its parentheses match.
 */
function wholeSpan(text: string, start: number, end: number): Span {
  let open = 0;
  let missing = 0;
  for (const [token] of text
    .slice(start, end)
    .matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\/.*|[()]/gs)) {
    if (token === '(') open += 1;
    else if (token === ')' && open > 0) open -= 1;
    else if (token === ')') missing += 1;
  }
  for (; missing > 0 && start > 0; start -= 1) if (text[start - 1] === '(') missing -= 1;
  for (; open > 0 && end < text.length; end += 1) if (text[end] === ')') open -= 1;
  return { start, end };
}
