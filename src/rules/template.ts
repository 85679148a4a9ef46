/**
 * Messages of alerts: text with expressions in braces, `"Bus {vehicle}: {share:.0%} full"`.
 *
 * `{{` and `}}` are braces. After the expression a format for numbers may follow (format.ts). `{rule}` and
 * `{severity}` are known everywhere unless a name of the rule hides them.
 * Invariant: rendering never fails; what is missing shows as `–`.
 */

import { GatewayError } from '../core/errors.ts';
import type { Severity, ValueType } from '../core/types.ts';
import { check } from '../expression/check.ts';
import { compile } from '../expression/compile.ts';
import { ExpressionError, type ExpressionProblem } from '../expression/error.ts';
import { parse } from '../expression/parse.ts';
import type { Column, Compiled, Rows } from '../expression/rows.ts';
import type { Scope } from '../expression/scope.ts';
import { missing, type NumberFormat, parseFormat } from './format.ts';
import type { MessageTemplate } from './plan.ts';
import { type Piece, piecesOf } from './template-pieces.ts';

export interface CompiledTemplate {
  /** Absent when the message is wrong. */
  readonly template?: MessageTemplate;
  readonly problems: readonly ExpressionProblem[];
}

type Part = string | { readonly compiled: Compiled; readonly show: (value: Column[number]) => string };

/** Compiles a message over the rows of a scope. Offsets of problems are into the whole message. */
export function compileTemplate(message: string, scope: Scope): CompiledTemplate {
  const { pieces, problems: syntax } = piecesOf(message);
  const problems = [...syntax];
  const parts: Part[] = [];
  for (const piece of pieces) {
    if (typeof piece === 'string') parts.push(piece);
    else {
      const part = compilePiece(piece, scope, problems);
      if (part) parts.push(part);
    }
  }
  return problems.length > 0 ? { problems } : { template: rendererOf(parts), problems };
}

/** A scope in which `{rule}` and `{severity}` are known as well. */
export function messageScope(scope: Scope, rule: string, severity: Severity): Scope {
  const known: Readonly<Record<string, string>> = { rule, severity };
  return {
    ...scope,
    resolve: (name) =>
      scope.resolve(name) ??
      (Object.hasOwn(known, name) ? { kind: 'constant', value: known[name]! } : undefined),
    names: () => [...scope.names(), ...Object.keys(known)],
  };
}

type ExpressionPiece = Exclude<Piece, string>;

function compilePiece(piece: ExpressionPiece, scope: Scope, problems: ExpressionProblem[]): Part | undefined {
  const moved = (problem: ExpressionProblem): ExpressionProblem => ({
    message: problem.message,
    start: problem.start + piece.start,
    end: problem.end + piece.start,
    ...(problem.remedy !== undefined && { remedy: problem.remedy }),
  });
  const format = formatOf(piece, problems);
  try {
    const checked = check(parse(piece.expression), scope);
    problems.push(...checked.problems.map(moved));
    if (!checked.typed || !format) return undefined;
    const { type } = checked.typed;
    if (piece.spec !== undefined && type !== 'number') {
      problems.push(formatNeedsNumber(piece, type));
      return undefined;
    }
    return { compiled: compile(checked.typed), show: shower(type, format) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    problems.push(moved(error));
    return undefined;
  }
}

function formatOf(piece: ExpressionPiece, problems: ExpressionProblem[]): NumberFormat | undefined {
  try {
    return parseFormat(piece.spec?.text ?? '');
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { start, text } = piece.spec!;
    problems.push({
      message: error.message,
      start,
      end: start + text.length,
      ...(error.remedy && { remedy: error.remedy }),
    });
    return undefined;
  }
}

function formatNeedsNumber({ expression, spec }: ExpressionPiece, type: ValueType): ExpressionProblem {
  const { start, text } = spec!;
  return {
    message: `format \`${text}\` is for numbers; \`${expression.trim()}\` is a ${type}`,
    start,
    end: start + text.length,
    remedy: `write {${expression.trim()}}`,
  };
}

function shower(type: ValueType, format: NumberFormat): (value: Column[number]) => string {
  return (value) => {
    if (value === null || Number.isNaN(value)) return missing;
    if (type === 'string') return String(value);
    return type === 'boolean' ? String(value === 1) : format(value as number);
  };
}

function rendererOf(parts: readonly Part[]): MessageTemplate {
  return (rows, row) => {
    const single = rowOf(rows, row);
    return parts
      .map((part) => (typeof part === 'string' ? part : part.show(part.compiled.kernel(single)[0]!)))
      .join('');
  };
}

/** One row by itself: a message is about one, and the others need not be evaluated for it. */
function rowOf(rows: Rows, row: number): Rows {
  return {
    n: 1,
    columns: rows.columns.map((column) => column.slice(row, row + 1)),
    series: rows.series.slice(row, row + 1),
    eventMs: rows.eventMs.slice(row, row + 1),
    arrivalMs: rows.arrivalMs.slice(row, row + 1),
    table: rows.table,
  };
}
