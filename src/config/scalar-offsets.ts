/**
 * From an offset in the text of a YAML scalar, as its reader sees it, to the offset in the file.
 *
 * Exact for plain, quoted and block scalars: what the reader sees is walked along the source, escapes and
 * doubled quotes step over their writing, and white space that was folded is matched as a run.
 * Invariant: answers only when the walk accounts for the whole text; otherwise undefined, and the caller
 * points at the scalar's start.
 */

export type ScalarStyle = 'plain' | 'single' | 'double' | 'block';

/** Source offsets, relative to `source`, of each code unit of `value` and of its end. */
export function sourceOffsets(source: string, value: string, style: ScalarStyle): number[] | undefined {
  const offsets: number[] = [];
  let at = contentStart(source, style);
  while (offsets.length < value.length) {
    const i = offsets.length;
    const step = isSpace(value[i]) && isSpace(source[at]) ? spaceRun : characters;
    const next = step(source, value, at, i, style, offsets);
    if (next === undefined) return undefined;
    at = next;
  }
  offsets.push(at);
  return offsets;
}

type Step = (
  source: string,
  value: string,
  at: number,
  i: number,
  style: ScalarStyle,
  offsets: number[],
) => number | undefined;

/** One character of the source, however it is written. */
const characters: Step = (source, value, at, i, style, offsets) => {
  if (style === 'double' && source[at] === '\\') return escaped(source, value, at, i, offsets);
  if (source[at] !== value[i]) {
    // A line break folded away to nothing, after an escaped one in double quotes.
    return isSpace(source[at]) ? at + runLength(source, at) : undefined;
  }
  offsets.push(at);
  return at + (style === 'single' && source[at] === "'" ? 2 : 1);
};

/** White space: what is left of it after folding is the end of what was written. */
const spaceRun: Step = (source, value, at, i, _style, offsets) => {
  const written = runLength(source, at);
  const folded = /[\r\n]/.test(source.slice(at, at + written));
  const seen = folded ? runLength(value, i) : Math.min(written, runLength(value, i));
  for (let k = seen; k > 0; k -= 1) offsets.push(at + Math.max(0, written - k));
  return at + written;
};

const escapeDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function escaped(
  source: string,
  value: string,
  at: number,
  i: number,
  offsets: number[],
): number | undefined {
  const kind = source[at + 1];
  if (kind === undefined) return undefined;
  if (kind === '\n' || kind === '\r') return at + 1 + runLength(source, at + 1);
  const units = value.codePointAt(i)! > 0xffff ? 2 : 1;
  for (let k = 0; k < units; k += 1) offsets.push(at);
  return at + 2 + (escapeDigits[kind] ?? 0);
}

/** Past the opening quote, or past a block scalar's header line. */
function contentStart(source: string, style: ScalarStyle): number {
  if (style === 'plain') return 0;
  return style === 'block' ? source.indexOf('\n') + 1 : 1;
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t';
}

function runLength(text: string, from: number): number {
  let end = from;
  while (isSpace(text[end])) end += 1;
  return end - from;
}
