/**
 * The fast path of strptime: patterns of `%Y %m %d %H %M %S` and literal text, where every number has its full width.
 *
 * Invariant: gives the same as d3-time-format with its results checked, or says it does not know. A test compares them.
 */

import { civilMs, fourDigits, twoDigits } from './civil.ts';

const parts = ['%Y', '%m', '%d', '%H', '%M', '%S'];

/** Gives the UTC ms of a text; undefined when the text has another layout, or the whole pattern is another kind. */
export function compileFixedLayout(
  pieces: readonly string[],
): ((text: string) => number | undefined) | undefined {
  const positions = [-1, -1, -1, -1, -1, -1];
  const literals: { readonly at: number; readonly text: string }[] = [];
  let length = 0;
  for (const piece of pieces) {
    const part = parts.indexOf(piece);
    if (part === -1 && piece.startsWith('%')) return undefined;
    if (part === -1) literals.push({ at: length, text: piece });
    else if (positions[part] !== -1) return undefined;
    else positions[part] = length;
    length += part === -1 ? piece.length : part === 0 ? 4 : 2;
  }
  const [year, month, day, hour, minute, second] = positions as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < 0 || month < 0 || day < 0) return undefined;
  const time = (text: string, at: number): number => (at < 0 ? 0 : twoDigits(text, at));
  return (text) => {
    if (text.length !== length) return undefined;
    for (const literal of literals) if (!text.startsWith(literal.text, literal.at)) return undefined;
    const y = fourDigits(text, year);
    const ms = civilMs(
      y,
      twoDigits(text, month),
      twoDigits(text, day),
      time(text, hour),
      time(text, minute),
      time(text, second),
    );
    return y < 1000 || Number.isNaN(ms) ? undefined : ms;
  };
}
