/**
 * What the parser stumbled over, in the words of someone who writes rules: the message and the remedy.
 *
 * Not here: finding the mistake; the parser gives its code and place.
 */

import { ExpressionError } from './error.ts';

/** Words and signs of other languages → what CEL writes. Tried at the place of the mistake, longest first. */
const foreign: readonly (readonly [pattern: RegExp, written: string])[] = [
  [/^and\b/i, '&&'],
  [/^or\b/i, '||'],
  [/^=>/, '>='],
  [/^=</, '<='],
  [/^=/, '=='],
  [/^&/, '&&'],
  [/^\|/, '||'],
  [/^≥/, '>='],
  [/^≤/, '<='],
  [/^≠/, '!='],
  [/^[“”„]/, '"'],
  [/^[‘’‚]/, "'"],
  [/^[×·]/, '*'],
  [/^÷/, '/'],
  [/^−/, '-'],
  [/^\^/, 'pow(x, y)'],
];

/** Makes the error for what the parser reports: its `code`, its own words, and the offsets. */
export function explainSyntax(
  text: string,
  code: string,
  summary: string,
  start: number,
  end: number,
): ExpressionError {
  const at = text.slice(start);
  const wrong = text.slice(start, Math.max(end, start + (at.codePointAt(0)! > 0xffff ? 2 : 1)));
  const error = (message: string, remedy: string): ExpressionError =>
    new ExpressionError(message, start, start + wrong.length, remedy);

  if (text.trim() === '')
    return error('the expression is empty', 'write a condition or a value, such as temp > 90');
  if (code.startsWith('unterminated')) return error('a string without its closing quote', 'add the quote');
  if (code === 'newline_in_string')
    return error('a string ends at the end of its line', 'write \\n for a new line');
  if (code === 'reserved_identifier' && wrong === 'if') {
    return error('there is no `if`', 'write condition ? value : other');
  }
  if (code === 'reserved_identifier') {
    return error(
      `\`${wrong}\` is a word that CEL keeps for itself`,
      'give the field, tag or computed value another name',
    );
  }
  if (code === 'invalid_macro_argument') {
    const name = /^\w+/.exec(summary)?.[0] ?? wrong;
    return error(
      `\`${name}\` works on lists; a reading has none`,
      'compare single values, joined with && or ||',
    );
  }
  if (code.startsWith('invalid_')) return invalidLiteral(code, summary, wrong, error);
  return (
    besideNumber(text, start) ?? beforeOperand(text, start, wrong) ?? misplaced(text, start, wrong, error)
  );
}

type MakeError = (message: string, remedy: string) => ExpressionError;

/** Words and signs that stand before the place at which the parser stops. */
function beforeOperand(text: string, start: number, wrong: string): ExpressionError | undefined {
  const before = text.slice(0, start).trimEnd();
  const at = (sign: string, remedy: string): ExpressionError =>
    new ExpressionError(`\`${sign}\` is not an operator`, before.length - sign.length, before.length, remedy);
  if (/(^|[^<])<$/.test(before) && wrong === '>') {
    return new ExpressionError('`<>` is not an operator', before.length - 1, start + 1, 'write !=');
  }
  const not = /\bnot$/i.exec(before)?.[0];
  return not ? at(not, 'write !, such as !door or !(a > 5)') : undefined;
}

/** A decimal comma, or a unit: what people write behind a number. */
function besideNumber(text: string, start: number): ExpressionError | undefined {
  const number = /(?<![\w.])\d+(?:\.\d+)?$/.exec(text.slice(0, start).trimEnd())?.[0];
  if (number === undefined) return undefined;
  const decimals = /^,(\d+)\b/.exec(text.slice(start));
  if (decimals) {
    const from = start - number.length;
    return new ExpressionError(
      'a number has a point, not a comma',
      from,
      start + decimals[0].length,
      `write ${number}.${decimals[1]}`,
    );
  }
  // Words right behind a number, and durations, have a message of their own.
  const unit = /^(?:°\s*\p{L}*|[µ‰€][\p{L}\d/]*)/u.exec(text.slice(start))?.[0] ?? spacedUnit(text, start);
  if (unit === undefined) return undefined;
  return new ExpressionError(
    `\`${unit}\` does not fit behind a number`,
    start,
    start + unit.length,
    `write numbers without their unit: ${number}; between two values an operator is missing`,
  );
}

/** A word after a number and a blank. */
function spacedUnit(text: string, start: number): string | undefined {
  if (!/\s$/.test(text.slice(0, start))) return undefined;
  const word = /^[\p{L}][\p{L}\d/²³]*/u.exec(text.slice(start))?.[0];
  const isOther =
    word === undefined || /^(ms|[smhd])$/.test(word) || foreign.some(([pattern]) => pattern.test(word));
  return isOther ? undefined : word;
}

function misplaced(text: string, start: number, wrong: string, error: MakeError): ExpressionError {
  const before = text.slice(0, start).trimEnd();
  const word = foreign.find(([pattern]) => pattern.test(text.slice(start)));
  if (word) {
    const written = word[0].exec(text.slice(start))![0];
    if (/^["']$/.test(word[1]))
      return error(`\`${written}\` is a quote of typesetting`, `write a straight one: ${word[1]}`);
    const what = /^[!-~]/.test(written) ? 'an operator' : 'a sign of CEL';
    return error(`\`${written}\` is not ${what}`, `write ${word[1]}`);
  }
  if (start >= text.length) return endsEarly(before, error);
  const isUnit = /^(ms|[smhd])$/.test(wrong);
  const spaced = isUnit ? /([\d.]+)\s+$/.exec(text.slice(0, start))?.[1] : undefined;
  if (spaced)
    return error(`\`${wrong}\` does not fit here`, `write a duration without a space: ${spaced}${wrong}`);
  const number = /[\d.]+$/.exec(text.slice(0, start))?.[0];
  if (number && /^[A-Za-z_]/.test(wrong)) {
    const remedy = 'write the number alone; durations are written 500ms, 30s, 5m, 1h or 7d';
    return new ExpressionError(
      `\`${number}${wrong}\` is neither a number nor a duration`,
      start - number.length,
      start + wrong.length,
      remedy,
    );
  }
  if (wrong === ')') return error('a `)` without its `(`', 'remove it, or add the `(`');
  if (wrong === '.') return error('a number starts with a digit', 'write 0.5, not .5');
  if (wrong === ';') return error('an expression has no `;`', 'remove it');
  const shown = wrong.length > 40 ? `${wrong.slice(0, 39)}…` : wrong;
  return error(
    `\`${shown}\` does not fit here`,
    'an operator or a value is missing before it, or it is not needed',
  );
}

function endsEarly(before: string, error: MakeError): ExpressionError {
  if (/%$/.test(before))
    return error('a value is missing after `%`', 'write a percentage as a number: 0.9 for 90 %');
  const operator = /(&&|\|\||[<>=!]=|[-+*/<>!?:,.]|\bin)$/.exec(before)?.[0];
  if (operator)
    return error(
      `a value is missing after \`${operator}\``,
      'complete the expression or remove the operator',
    );
  if (/\?[^:]*$/.test(before)) return error('a `?` without its `:`', 'write condition ? value : other');
  return error('the expression ends too early', 'a closing ) or ] is missing');
}

function invalidLiteral(code: string, summary: string, wrong: string, error: MakeError): ExpressionError {
  if (code.includes('escape') || code.includes('surrogate')) {
    return error(`\`${wrong}\` is no character`, 'write \\\\ for a backslash, or r"…" for raw text');
  }
  if (code === 'invalid_number')
    return error(`${wrong} does not fit a double`, 'the largest number is about 1.8e308');
  return error(summary.charAt(0).toLowerCase() + summary.slice(1), 'write a number such as 12, 0.5 or 1.5e3');
}
