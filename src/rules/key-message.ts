/**
 * Messages about a key without a row: a key that has fallen silent has no values to show, only its tags.
 *
 * `{vehicle}` is a tag, `{key}` all of them, `{{` and `}}` are braces. Rule and severity are filled in when the rule is
 * compiled, tags when the message is sent.
 */

import { formatDuration } from '../config/duration.ts';
import { closest } from '../core/suggest.ts';
import type { Severity } from '../core/types.ts';
import type { ExpressionProblem } from '../expression/error.ts';
import { missing } from './format.ts';
import { escapeBraces, type Piece, piecesOf } from './template-pieces.ts';

export interface CheckedKeyMessage {
  /** With `{key}` and tags still in braces. */
  readonly message: string;
  readonly problems: readonly ExpressionProblem[];
}

/** Checks a message against the tags of the key, and fills in the rule and the severity. */
export function checkKeyMessage(
  text: string,
  rule: string,
  severity: Severity,
  by: readonly string[],
): CheckedKeyMessage {
  const { pieces, problems: syntax } = piecesOf(text);
  const problems = [...syntax];
  const constants: Readonly<Record<string, string>> = { rule, severity };
  const names = [...by, 'key', ...Object.keys(constants)];
  const message = pieces.map((piece) => {
    if (typeof piece === 'string') return escapeBraces(piece);
    const name = nameOf(piece);
    if (by.includes(name) || name === 'key') return `{${name}}`;
    if (Object.hasOwn(constants, name)) return escapeBraces(constants[name]!);
    problems.push(unknownName(piece, name, names));
    return '';
  });
  return { message: message.join(''), problems };
}

export function defaultKeyMessage(afterMs: number): string {
  return `{key} is silent: no reading for ${formatDuration(afterMs)}`;
}

/** The message for one key. `tags` in the order of the key; one without a value is not among them. */
export function renderKeyMessage(message: string, tags: Readonly<Record<string, string>>): string {
  return piecesOf(message)
    .pieces.map((piece) => {
      if (typeof piece === 'string') return piece;
      const name = nameOf(piece);
      if (Object.hasOwn(tags, name)) return tags[name] || missing;
      return name === 'key' ? Object.values(tags).filter(Boolean).join(' ') || 'device' : missing;
    })
    .join('');
}

function nameOf(piece: Exclude<Piece, string>): string {
  return piece.expression.trim();
}

function unknownName(
  piece: Exclude<Piece, string>,
  name: string,
  names: readonly string[],
): ExpressionProblem {
  const near = closest(name, names);
  return {
    message: `unknown name \`${name}\`: the message about a silent key has no values, only tags of the key`,
    start: piece.start,
    end: piece.start + piece.expression.length,
    remedy: near ? `did you mean \`${near}\`?` : `known here: ${names.join(', ')}`,
  };
}
