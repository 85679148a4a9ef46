/**
 * Lines that are not indented like their neighbours, and where they should begin.
 *
 * Invariant: looks at columns alone; what the lines mean the parser has given up to tell.
 */

interface Line {
  /** Columns from 0: of the first sign, and of the key after any dashes. */
  readonly indent: number;
  readonly key: number;
  readonly isItem: boolean;
}

function lineOf(text: string): Line {
  const [, blanks = '', dashes = ''] = /^( *)((?:- +)*)/.exec(text) ?? [];
  return {
    indent: blanks.length,
    key: blanks.length + dashes.length,
    isItem: dashes !== '' || /^ *-$/.test(text),
  };
}

/** The offset of the first sign of the line that `offset` is in. */
export function startOfLine(text: string, offset: number): number {
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  return from + lineOf(text.slice(from)).indent;
}

/** "begin it in column 9; now it begins in column 8": where the nearest of the lines above has its keys, or its dashes. */
export function indentRemedy(text: string, offset: number): string {
  const from = text.lastIndexOf('\n', offset - 1) + 1;
  const own = lineOf(text.slice(from));
  const here = own.isItem ? own.indent : own.key;
  const columns = openColumns(text.slice(0, from), own.isItem).filter((column) => column !== here);
  if (columns.length === 0) return 'line it up with the keys it belongs to';
  const nearest = columns.reduce((best, one) => (Math.abs(one - here) < Math.abs(best - here) ? one : best));
  return `begin it in column ${nearest + 1}, like its neighbours; now it begins in column ${here + 1}`;
}

/** Columns of keys (of dashes) above that a line may still line up with, the innermost first. */
function openColumns(above: string, ofItems: boolean): number[] {
  const columns: number[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const text of above.split('\n').toReversed()) {
    if (/^\s*(#.*)?$/.test(text)) continue;
    const { indent, key, isItem } = lineOf(text);
    if (ofItems ? isItem && indent < least : key < least) columns.push(ofItems ? indent : key);
    least = Math.min(least, indent);
  }
  return columns;
}
