/** The text of a message → plain text and what stands in braces. Not here: what the expressions mean. */

import type { ExpressionProblem } from '../expression/error.ts';

export type Piece =
  | string
  | {
      readonly expression: string;
      /** Offset of the expression in the message. */
      readonly start: number;
      /** What follows the colon. */
      readonly spec?: { readonly text: string; readonly start: number };
    };

export interface Pieces {
  readonly pieces: readonly Piece[];
  readonly problems: readonly ExpressionProblem[];
}

/** Takes a message apart. A brace that is not closed, or not opened, is a problem at its place. */
export function piecesOf(message: string): Pieces {
  const pieces: Piece[] = [];
  const problems: ExpressionProblem[] = [];
  let at = 0;
  while (at < message.length) {
    const next = message.slice(at).search(/[{}]/);
    const brace = next < 0 ? message.length : at + next;
    if (brace > at) pieces.push(message.slice(at, brace));
    const sign = message[brace];
    if (sign === undefined) break;
    if (message[brace + 1] === sign) {
      pieces.push(sign);
      at = brace + 2;
    } else if (sign === '}') {
      problems.push({
        message: 'a `}` without its `{`',
        start: brace,
        end: brace + 1,
        remedy: 'write }} for the sign',
      });
      at = brace + 1;
    } else {
      const end = closingBrace(message, brace + 1);
      if (end === undefined) {
        problems.push({
          message: 'a `{` without its `}`',
          start: brace,
          end: brace + 1,
          remedy: 'add the `}`, or write {{ for the sign',
        });
        break;
      }
      pieces.push(splitFormat(message.slice(brace + 1, end), brace + 1));
      at = end + 1;
    }
  }
  return { pieces, problems };
}

/** Strings, and signs that matter, in an expression. */
const signs = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{}:?[\]()]/g;

function closingBrace(message: string, from: number): number | undefined {
  for (const match of message.slice(from).matchAll(signs)) {
    if (match[0] === '}') return from + match.index;
    if (match[0] === '{') return undefined;
  }
  return undefined;
}

/** The last colon starts the format, unless it belongs to `condition ? a : b`. */
function splitFormat(inside: string, start: number): Exclude<Piece, string> {
  const found = [...inside.matchAll(signs)];
  const questions = found.filter(([sign]) => sign === '?').length;
  const colons = found.filter(([sign]) => sign === ':');
  if (colons.length <= questions) return { expression: inside, start };
  const colon = colons.at(-1)!.index;
  const written = inside.slice(colon + 1);
  const text = written.trim();
  const expression = inside.slice(0, colon);
  if (text === '') return { expression, start };
  return { expression, start, spec: { text, start: start + colon + 1 + written.indexOf(text) } };
}

/** Text as it stands in a message. */
export function escapeBraces(text: string): string {
  return text.replace(/[{}]/g, '$&$&');
}
