/**
 * Text in columns of a terminal: how wide it is, cut and padded to a width, and made safe to print.
 *
 * Invariant: what leaves here has no control characters: a tag from the network cannot steer the terminal.
 * Widths follow Unicode's East Asian Width (UAX #11), wide and full-width as 2; a terminal may differ on new emoji.
 */

/** Control characters, line separators, and what reorders text (UAX #9). */
const unsafe = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const unsafeInJson = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const plain = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Code point ranges of width 2, from EastAsianWidth.txt, joined where only unassigned points lie between. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x17000, 0x1b2ff],
  [0x1f200, 0x1f2ff],
  [0x20000, 0x3fffd],
];

/** The text with every character that could steer a terminal replaced by `·`. */
export function printable(text: string): string {
  return plain.test(text) ? text : text.replace(unsafe, '·');
}

/** A value as JSON that is the same value, and whose text could not steer a terminal either. */
export function printableJson(value: unknown, indent?: number): string {
  return escapeUnsafe(JSON.stringify(value, null, indent));
}

/** The same for JSON text: JSON itself escapes the first 32 control characters, and leaves the others. */
export function escapeUnsafe(json: string): string {
  return json.replace(unsafeInJson, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Columns a text takes; it must be printable. */
export function widthOf(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += widthOfGrapheme(segment);
  return width;
}

function widthOfGrapheme(grapheme: string): number {
  if (/\p{Emoji_Presentation}|\ufe0f/u.test(grapheme)) return 2;
  const point = grapheme.codePointAt(0)!;
  if (wide.some(([first, last]) => point >= first && point <= last)) return 2;
  return /^[\p{M}\p{Cf}]/u.test(grapheme) ? 0 : 1;
}

/** The text in at most `width` columns; what was longer ends in `…`. */
export function cut(text: string, width: number): string {
  const safe = printable(text);
  if (widthOf(safe) <= width) return safe;
  if (width < 1) return '';
  let kept = '';
  let used = 0;
  for (const { segment } of segmenter.segment(safe)) {
    used += widthOfGrapheme(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** The text in exactly `width` columns: cut, or filled with spaces after it (`left`) or before it (`right`). */
export function fit(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const short = cut(text, width);
  const space = ' '.repeat(Math.max(0, width - widthOf(short)));
  return side === 'left' ? short + space : space + short;
}
