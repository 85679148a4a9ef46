/**
 * Where a text stops being JSON. JSON.parse does not always say, and its words change between releases.
 *
 * Invariant: finds a fault exactly in the texts that JSON.parse refuses. Needs no stack: depth is limited by memory only.
 */

import { quote } from './text.ts';

export interface JsonFault {
  readonly offset: number;
  /** "expected a value, found `}`" */
  readonly message: string;
}

/** What may come next; `*OrEnd` just after an opening bracket. */
type Expected = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'comma' | 'end';

const words: Readonly<Record<Expected, string>> = {
  value: 'a value',
  valueOrEnd: 'a value or `]`',
  key: 'a key in double quotes',
  keyOrEnd: 'a key in double quotes or `}`',
  colon: '`:`',
  comma: '`,` or a closing bracket',
  end: 'the end',
};

interface State {
  readonly open: ('{' | '[')[];
  expected: Expected;
}

/** The first fault of a text, or undefined when it is JSON. */
export function findJsonFault(text: string): JsonFault | undefined {
  const state: State = { open: [], expected: 'value' };
  let at = skipBlanks(text, 0);
  while (at < text.length) {
    const end = '{}[]:,'.includes(text[at]!)
      ? endOfPunctuation(text, at, state)
      : endOfToken(text, at, state);
    if (typeof end !== 'number') return end;
    at = skipBlanks(text, end);
  }
  return state.expected === 'end' ? undefined : unexpected(text, at, state.expected);
}

function endOfPunctuation(text: string, at: number, state: State): number | JsonFault {
  return takePunctuation(text[at]!, state) ? at + 1 : unexpected(text, at, state.expected);
}

function takePunctuation(character: string, state: State): boolean {
  const { open, expected } = state;
  const inObject = open.at(-1) === '{';
  if (character === '{' || character === '[') {
    if (expected !== 'value' && expected !== 'valueOrEnd') return false;
    open.push(character);
    state.expected = character === '{' ? 'keyOrEnd' : 'valueOrEnd';
  } else if (character === ':') {
    if (expected !== 'colon') return false;
    state.expected = 'value';
  } else if (character === ',') {
    if (expected !== 'comma') return false;
    state.expected = inObject ? 'key' : 'value';
  } else {
    const mayEnd = expected === 'comma' || expected === (inObject ? 'keyOrEnd' : 'valueOrEnd');
    if (!mayEnd || character !== (inObject ? '}' : ']')) return false;
    open.pop();
    state.expected = afterValue(open);
  }
  return true;
}

function endOfToken(text: string, at: number, state: State): number | JsonFault {
  const isKey = state.expected === 'key' || state.expected === 'keyOrEnd';
  const isValue = state.expected === 'value' || state.expected === 'valueOrEnd';
  if (!(isValue || (isKey && text[at] === '"'))) return unexpected(text, at, state.expected);
  const end = text[at] === '"' ? endOfString(text, at) : endOfScalar(text, at, state.expected);
  state.expected = isKey ? 'colon' : afterValue(state.open);
  return end;
}

function afterValue(open: readonly string[]): Expected {
  return open.length === 0 ? 'end' : 'comma';
}

const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
const word = /[^\s,:{}[\]"]{1,20}/y;

function endOfScalar(text: string, at: number, expected: Expected): number | JsonFault {
  scalar.lastIndex = at;
  if (scalar.test(text)) return scalar.lastIndex;
  word.lastIndex = at;
  const found = word.exec(text)?.[0] ?? text[at]!;
  const numeric = /^[-+.\d]/.test(found);
  return numeric
    ? { offset: at, message: `${quote(found)} is not a JSON number` }
    : unexpected(text, at, expected);
}

const escapePattern = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

function endOfString(text: string, start: number): number | JsonFault {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) return at + 1;
    if (code < 32) return { offset: at, message: `${quote(text[at]!)} in a string must be escaped` };
    if (code !== 92) continue;
    escapePattern.lastIndex = at;
    if (!escapePattern.test(text))
      return { offset: at, message: `unknown escape ${quote(text.slice(at, at + 2))}` };
    at = escapePattern.lastIndex - 1;
  }
  return { offset: start, message: 'a string is not closed' };
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && ' \t\n\r'.includes(text[at]!)) at += 1;
  return at;
}

function unexpected(text: string, at: number, expected: Expected): JsonFault {
  const found = at < text.length ? quote(String.fromCodePoint(text.codePointAt(at)!)) : 'the end';
  return { offset: at, message: `expected ${words[expected]}, found ${found}` };
}
