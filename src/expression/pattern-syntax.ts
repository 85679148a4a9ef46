/**
 * The text of a regular expression → its tree. Syntax as RE2 has it; what cannot be matched in linear time
 * (backreferences, lookaround) is refused, as there. `(?i)` at the start ignores case.
 */

import type { GatewayError } from '../core/errors.ts';
import {
  anyCase,
  is,
  isWord,
  parseClass,
  type Reader,
  readEscape,
  type Test,
  wrong,
} from './pattern-characters.ts';

export type Pattern =
  | { readonly kind: 'set'; readonly has: (codePoint: number) => boolean }
  | { readonly kind: 'edge'; readonly holds: (before: number, after: number) => boolean }
  | { readonly kind: 'sequence'; readonly items: readonly Pattern[] }
  | { readonly kind: 'either'; readonly options: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly item: Pattern; readonly min: number; readonly max: number };

/** As RE2. */
const maxRepeat = 1000;
const maxGroups = 50;

/** Parses; throws `GatewayError` with a remedy. */
export function parsePattern(source: string): Pattern {
  const ignoreCase = source.startsWith('(?i)');
  const reader = { characters: [...source.slice(ignoreCase ? 4 : 0)], at: 0, depth: 0, ignoreCase };
  const pattern = parseEither(reader);
  if (reader.at < reader.characters.length)
    throw wrong('the pattern has a `)` without its `(`', 'write \\) for the sign');
  return pattern;
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
