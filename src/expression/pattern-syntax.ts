/**
 * The text of a regular expression → its tree. Syntax as RE2 has it; what cannot be matched in linear time
 * (backreferences, lookaround) is refused, as there. `(?i)` at the start ignores case.
 */

import { GatewayError } from '../core/errors.ts';

export type Pattern =
  | { readonly kind: 'set'; readonly has: (codePoint: number) => boolean }
  | { readonly kind: 'edge'; readonly holds: (before: number, after: number) => boolean }
  | { readonly kind: 'sequence'; readonly items: readonly Pattern[] }
  | { readonly kind: 'either'; readonly options: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly item: Pattern; readonly min: number; readonly max: number };

type Test = (codePoint: number) => boolean;

/** As RE2. */
const maxRepeat = 1000;
const maxGroups = 50;

interface Reader {
  /** One code point each. */
  readonly characters: readonly string[];
  at: number;
  depth: number;
  readonly ignoreCase: boolean;
}

/** Parses; throws `GatewayError` with a remedy. */
export function parsePattern(source: string): Pattern {
  const ignoreCase = source.startsWith('(?i)');
  const reader = { characters: [...source.slice(ignoreCase ? 4 : 0)], at: 0, depth: 0, ignoreCase };
  const pattern = parseEither(reader);
  if (reader.at < reader.characters.length)
    throw wrong('the pattern has a `)` without its `(`', 'write \\) for the sign');
  return pattern;
}

function wrong(message: string, remedy: string): GatewayError {
  return new GatewayError(message, { remedy });
}

function parseEither(reader: Reader): Pattern {
  const options = [parseSequence(reader)];
  while (reader.characters[reader.at] === '|') {
    reader.at += 1;
    options.push(parseSequence(reader));
  }
  return options.length === 1 ? options[0]! : { kind: 'either', options };
}

function parseSequence(reader: Reader): Pattern {
  const items: Pattern[] = [];
  for (;;) {
    const next = reader.characters[reader.at];
    if (next === undefined || next === '|' || next === ')') return { kind: 'sequence', items };
    items.push(parseRepeat(reader, parseAtom(reader)));
  }
}

function parseRepeat(reader: Reader, item: Pattern): Pattern {
  const bounds = readBounds(reader);
  if (!bounds) return item;
  // Whether it is greedy decides what matches, not whether.
  if (reader.characters[reader.at] === '?') reader.at += 1;
  if (readBounds(reader)) throw wrong('the pattern repeats a repetition', 'write (?:…) around the first one');
  return { kind: 'repeat', item, min: bounds[0], max: bounds[1] };
}

function readBounds(reader: Reader): [number, number] | undefined {
  const next = reader.characters[reader.at];
  const simple = { '*': [0, Number.POSITIVE_INFINITY], '+': [1, Number.POSITIVE_INFINITY], '?': [0, 1] };
  if (next === '*' || next === '+' || next === '?') {
    reader.at += 1;
    return simple[next] as [number, number];
  }
  if (next !== '{') return undefined;
  // {1000,1000} is the longest; a brace that counts nothing is an ordinary character.
  const counted = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(
    reader.characters.slice(reader.at, reader.at + 16).join(''),
  );
  if (!counted) return undefined;
  reader.at += counted[0].length;
  const min = Number(counted[1]);
  const max =
    counted[2] === undefined ? min : counted[3] === '' ? Number.POSITIVE_INFINITY : Number(counted[3]);
  if (min > maxRepeat || (max > maxRepeat && max !== Number.POSITIVE_INFINITY) || max < min) {
    throw wrong(
      `the pattern repeats ${counted[0]}`,
      `the first number is the smaller one, and at most ${maxRepeat}`,
    );
  }
  return [min, max];
}

function parseAtom(reader: Reader): Pattern {
  const character = reader.characters[reader.at]!;
  reader.at += 1;
  switch (character) {
    case '(':
      return parseGroup(reader);
    case '[':
      return set(parseClass(reader));
    case '.':
      return set((c) => c !== 10);
    case '^':
      return { kind: 'edge', holds: (before) => before < 0 };
    case '$':
      return { kind: 'edge', holds: (_, after) => after < 0 };
    case '\\':
      return parseEscape(reader);
    case '*':
    case '+':
    case '?':
      throw wrong(
        `the pattern has a \`${character}\` with nothing to repeat`,
        `write \\${character} for the sign`,
      );
    default:
      return set(anyCase(reader, is(character.codePointAt(0)!)));
  }
}

function parseGroup(reader: Reader): Pattern {
  reader.depth += 1;
  if (reader.depth > maxGroups)
    throw wrong(`the pattern nests more than ${maxGroups} groups`, 'write it flatter');
  const rest = reader.characters.slice(reader.at, reader.at + 64).join('');
  const opening = /^\?(:|P?<[A-Za-z_]\w*>)/.exec(rest)?.[0] ?? '';
  if (opening === '' && rest.startsWith('?')) throw refusedGroup(rest);
  reader.at += opening.length;
  const inner = parseEither(reader);
  if (reader.characters[reader.at] !== ')')
    throw wrong('the pattern has a `(` without its `)`', 'write \\( for the sign');
  reader.at += 1;
  reader.depth -= 1;
  return inner;
}

function refusedGroup(rest: string): GatewayError {
  if (/^\?<?[=!]/.test(rest))
    return wrong('a pattern cannot look ahead or behind', 'combine two matches with && and !');
  return wrong(
    `the pattern has an unknown group (${rest.slice(0, 2)}`,
    'write (…), (?:…), or (?i) at the start',
  );
}

function set(has: Test): Pattern {
  return { kind: 'set', has };
}

function anyCase(reader: Reader, has: Test): Test {
  return reader.ignoreCase ? (c) => has(c) || has(lower(c)) || has(upper(c)) : has;
}

function lower(codePoint: number): number {
  return String.fromCodePoint(codePoint).toLowerCase().codePointAt(0)!;
}
function upper(codePoint: number): number {
  return String.fromCodePoint(codePoint).toUpperCase().codePointAt(0)!;
}

const is =
  (wanted: number): Test =>
  (c) =>
    c === wanted;
const outside =
  (test: Test): Test =>
  (c) =>
    !test(c);
const isDigit: Test = (c) => c >= 48 && c <= 57;
const isWord: Test = (c) => isDigit(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
/** Perl's, which RE2 has: without the vertical tab. */
const isSpace: Test = (c) => c === 32 || c === 9 || c === 10 || c === 12 || c === 13;

const classes: Readonly<Record<string, Test>> = {
  d: isDigit,
  D: outside(isDigit),
  w: isWord,
  W: outside(isWord),
  s: isSpace,
  S: outside(isSpace),
};
const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

function parseEscape(reader: Reader): Pattern {
  const next = reader.characters[reader.at];
  const atWordEdge = (before: number, after: number): boolean => isWord(before) !== isWord(after);
  const edges: Readonly<Record<string, (before: number, after: number) => boolean>> = {
    b: atWordEdge,
    B: (before, after) => !atWordEdge(before, after),
    A: (before) => before < 0,
    z: (_, after) => after < 0,
  };
  const holds = next === undefined ? undefined : edges[next];
  if (holds) {
    reader.at += 1;
    return { kind: 'edge', holds };
  }
  const escaped = readEscape(reader);
  return set(typeof escaped === 'number' ? anyCase(reader, is(escaped)) : escaped);
}

/** What follows a backslash: a class, or one code point. */
function readEscape(reader: Reader): Test | number {
  const next = reader.characters[reader.at];
  reader.at += 1;
  if (next === undefined) throw wrong('the pattern ends in a backslash', 'write \\\\ for the sign');
  const test = classes[next];
  if (test) return test;
  const control = controls[next];
  if (control !== undefined) return control;
  if (next === 'x') return readHex(reader);
  if (/[1-9]/.test(next))
    throw wrong('a pattern cannot refer back to a group', 'compare two fields with == instead');
  if (/[A-Za-z0-9]/.test(next))
    throw wrong(`the pattern has an unknown escape \\${next}`, `write ${next} for the letter`);
  return next.codePointAt(0)!;
}

function readHex(reader: Reader): number {
  const rest = reader.characters.slice(reader.at, reader.at + 10).join('');
  const digits = /^(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})/.exec(rest);
  const codePoint = digits ? Number.parseInt(digits[1] ?? digits[2]!, 16) : Number.NaN;
  if (!(codePoint <= 0x10ffff))
    throw wrong('the pattern has an unknown character code after \\x', 'write \\x41 or \\x{1F68C}');
  reader.at += digits![0].length;
  return codePoint;
}

/** The inside of `[…]`, after its opening bracket. */
function parseClass(reader: Reader): Test {
  const negated = reader.characters[reader.at] === '^';
  if (negated) reader.at += 1;
  const tests: Test[] = [];
  for (let first = true; ; first = false) {
    const next = reader.characters[reader.at];
    if (next === undefined) throw wrong('the pattern has a `[` without its `]`', 'write \\[ for the sign');
    if (next === ']' && !first) break;
    tests.push(parseRange(reader));
  }
  reader.at += 1;
  const any = anyCase(reader, (c) => tests.some((test) => test(c)));
  return negated ? outside(any) : any;
}

function parseRange(reader: Reader): Test {
  const low = classItem(reader);
  if (typeof low === 'function') return low;
  const [dash, after] = reader.characters.slice(reader.at, reader.at + 2);
  if (dash !== '-' || after === ']' || after === undefined) return is(low);
  reader.at += 1;
  const high = classItem(reader);
  if (typeof high === 'function' || high < low) {
    throw wrong('the pattern has a range whose end comes before its start', 'write \\- for the sign');
  }
  return (c) => c >= low && c <= high;
}

function classItem(reader: Reader): Test | number {
  const next = reader.characters[reader.at]!;
  reader.at += 1;
  if (next === '\\') return readEscape(reader);
  if (next === '[' && reader.characters[reader.at] === ':') {
    throw wrong('named classes such as [:alpha:] are not known', 'write the ranges: [A-Za-z]');
  }
  return next.codePointAt(0)!;
}
