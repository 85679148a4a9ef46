/** Characters of regular expressions: escapes, classes in brackets, ignoring case. Part of pattern-syntax.ts. */

import { GatewayError } from '../core/errors.ts';

export type Test = (codePoint: number) => boolean;

export interface Reader {
  /** One code point each. */
  readonly characters: readonly string[];
  at: number;
  depth: number;
  readonly ignoreCase: boolean;
}

export function wrong(message: string, remedy: string): GatewayError {
  return new GatewayError(message, { remedy });
}

export function anyCase(reader: Reader, has: Test): Test {
  return reader.ignoreCase ? (c) => has(c) || has(lower(c)) || has(upper(c)) : has;
}

function lower(codePoint: number): number {
  return String.fromCodePoint(codePoint).toLowerCase().codePointAt(0)!;
}
function upper(codePoint: number): number {
  return String.fromCodePoint(codePoint).toUpperCase().codePointAt(0)!;
}

export const is =
  (wanted: number): Test =>
  (c) =>
    c === wanted;
const outside =
  (test: Test): Test =>
  (c) =>
    !test(c);
const isDigit: Test = (c) => c >= 48 && c <= 57;
export const isWord: Test = (c) => isDigit(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
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

/** What follows a backslash: a class, or one code point. */
export function readEscape(reader: Reader): Test | number {
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
export function parseClass(reader: Reader): Test {
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
