/**
 * The functions of expressions: one entry each, with the line the documentation shows.
 *
 * To add one: an entry here. `style` says how it is called: `abs(x)` is a function, `name.contains("x")` a method.
 * Not here: aggregates (rules/functions.ts), which need a window.
 */

import type { FieldValue, ValueType } from '../core/types.ts';
import {
  type Operation,
  ofNumber,
  ofString,
  ofThreeNumbers,
  ofTwoNumbers,
  ofTwoStrings,
  stringOf,
  stringOfString,
} from './operation.ts';
import { presence } from './operators.ts';
import { compilePattern } from './pattern.ts';

export type FunctionEntry = {
  readonly signature: string;
  readonly doc: string;
  readonly style: 'function' | 'method' | 'both';
} & (Overloaded | MadeFromConstant);

export interface Overloaded {
  /** The first whose argument types fit is meant. */
  readonly overloads: readonly Operation[];
  /** Takes two or more arguments, from left to right. */
  readonly variadic?: true;
}

/** The last argument is a constant; the operation on the others is made from it. */
export interface MadeFromConstant {
  readonly takes: readonly ValueType[];
  /** Throws `GatewayError` when the constant does not do. */
  readonly make: (constant: FieldValue) => Operation;
}

export const functions = {
  has: {
    signature: 'has(x)',
    doc: 'true when the reading has a value for x',
    style: 'function',
    overloads: presence,
  },
  abs: number1('abs(x)', 'x without its sign', Math.abs),
  floor: number1('floor(x)', 'the whole number at or below x', Math.floor),
  ceil: number1('ceil(x)', 'the whole number at or above x', Math.ceil),
  round: number1('round(x)', 'the nearest whole number; halves go away from zero', roundHalfAway),
  sqrt: number1('sqrt(x)', 'square root; null below zero', Math.sqrt),
  exp: number1('exp(x)', 'e to the power of x', Math.exp),
  ln: number1('ln(x)', 'natural logarithm; null below zero', Math.log),
  log10: number1('log10(x)', 'logarithm to the base of ten; null below zero', Math.log10),
  pow: {
    signature: 'pow(x, y)',
    doc: 'x to the power of y',
    style: 'function',
    overloads: [ofTwoNumbers(power)],
  },
  least: {
    signature: 'least(x, y, …)',
    doc: 'the smallest of its arguments; null when one is null',
    style: 'function',
    overloads: [ofTwoNumbers(Math.min)],
    variadic: true,
  },
  greatest: {
    signature: 'greatest(x, y, …)',
    doc: 'the largest of its arguments; null when one is null',
    style: 'function',
    overloads: [ofTwoNumbers(Math.max)],
    variadic: true,
  },
  clamp: {
    signature: 'clamp(x, low, high)',
    doc: 'x, but at least low and at most high',
    style: 'function',
    overloads: [ofThreeNumbers((x, low, high) => Math.min(Math.max(x, low), high))],
  },
  double: {
    signature: 'double(text)',
    doc: 'the number a text such as a tag stands for; null when it is none',
    style: 'function',
    overloads: [ofString('number', readNumber), ofNumber((x) => x)],
  },
  string: {
    signature: 'string(x)',
    doc: 'a number or truth value as text',
    style: 'function',
    overloads: [
      stringOf('number', String),
      stringOf('boolean', (x) => (x === 1 ? 'true' : 'false')),
      sameText(),
    ],
  },
  size: {
    signature: 'size(text)',
    doc: 'the number of characters of a text',
    style: 'both',
    overloads: [ofString('number', countCharacters)],
  },
  contains: text2('text.contains(part)', 'true when part occurs in text', (text, part) =>
    text.includes(part),
  ),
  startsWith: text2('text.startsWith(part)', 'true when text begins with part', (text, part) =>
    text.startsWith(part),
  ),
  endsWith: text2('text.endsWith(part)', 'true when text ends with part', (text, part) =>
    text.endsWith(part),
  ),
  matches: {
    signature: 'text.matches(pattern)',
    doc: 'true when the regular expression (RE2 syntax, a constant) matches a part of text; ^ and $ bind it to the ends',
    style: 'both',
    takes: ['string', 'string'],
    make: (value) => ofString('boolean', compilePattern(String(value))),
  },
} as const satisfies Record<string, FunctionEntry>;

/** The entry of a function, or undefined: only the map's own names count. */
export function functionNamed(name: string): FunctionEntry | undefined {
  return Object.hasOwn(functions, name) ? functions[name as keyof typeof functions] : undefined;
}

function number1(signature: string, doc: string, f: (x: number) => number): FunctionEntry {
  return { signature, doc, style: 'function', overloads: [ofNumber(f)] };
}

function text2(signature: string, doc: string, f: (text: string, part: string) => boolean): FunctionEntry {
  return { signature, doc, style: 'method', overloads: [ofTwoStrings(f)] };
}

function sameText(): Operation {
  return stringOfString((text) => text);
}

function roundHalfAway(x: number): number {
  return x < 0 ? -Math.round(-x) : Math.round(x);
}

/** `Math.pow` but for null ** 0, which JavaScript holds to be 1. */
function power(x: number, y: number): number {
  return Number.isNaN(x) ? Number.NaN : x ** y;
}

const numberPattern = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

function readNumber(text: string): number {
  const trimmed = text.trim();
  return numberPattern.test(trimmed) ? Number(trimmed) : Number.NaN;
}

/** Code points, as CEL counts. */
function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
