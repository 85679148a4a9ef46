/**
 * The feed language of rule tests: readings of one field as text, `20x12 81x12 _x6 20..80x12`.
 *
 * A value, perhaps with how often it repeats; `_` is a reading without the value; `a..b` a ramp of numbers; text with
 * spaces, or that looks like something else, stands in quotes. What a word means depends on the field's type: in a text
 * field `20..80` is that text.
 * Invariant: a mistake has its offsets in the text. Not here: how the fields of a feed go together.
 */

import { GatewayError } from '../core/errors.ts';
import type { FieldConfig } from './schema.ts';
import { show } from './shapes.ts';

/** One word of a feed, without its quotes and count. */
export interface FeedItem {
  readonly word: string;
  readonly isQuoted: boolean;
  /** As written after the `x`; undefined when there is none. */
  readonly count: number | undefined;
  /** Offsets in the text. */
  readonly start: number;
  readonly end: number;
}

/** A mistake in a feed, with its offsets in the text. */
export class FeedError extends GatewayError {
  readonly start: number;
  readonly end: number;

  constructor(message: string, { start, end }: { start: number; end: number }, remedy: string) {
    super(message, { remedy });
    this.name = 'FeedError';
    this.start = start;
    this.end = Math.max(end, start + 1);
  }
}

/** One value of one reading; null is none. */
export type FeedValue = number | boolean | string | null;

/** Readings at most in one test: a mistyped count should not fill the memory. */
export const mostReadings = 100_000;

const examples = 'write values such as 20, 20x12 (twelve times), 20..80x12 (a ramp) or _ (none)';
const wordPattern = /\s*(?:(["'])((?:\\.|(?!\1)[^\\])*)\1(?:[x×](\d+))?(?=\s|$)|(\S+))/suy;

/** Cuts a feed into its words. Throws `FeedError`. */
export function parseFeed(text: string): FeedItem[] {
  const items: FeedItem[] = [];
  const trimmed = text.trimEnd();
  wordPattern.lastIndex = 0;
  while (wordPattern.lastIndex < trimmed.length) {
    const [whole, quote, quoted, count, bare] = wordPattern.exec(trimmed)!;
    const end = wordPattern.lastIndex;
    const start = end - whole.trimStart().length;
    if (bare !== undefined && /^["']/.test(bare)) {
      throw new FeedError(
        'a quote is not closed',
        { start, end },
        'close it; a space or the count follows: "a b"x12',
      );
    }
    const item = quote === undefined ? bareItem(bare!) : { word: unescaped(quoted!), isQuoted: true, count };
    items.push({ ...item, count: countOf(item.count, { start, end }), start, end });
  }
  if (items.length === 0) throw new GatewayError('there is no value here', { remedy: examples });
  return items;
}

function bareItem(text: string) {
  const match = /^(.+?)[x×](\d+)$/su.exec(text);
  return match
    ? { word: match[1]!, isQuoted: false, count: match[2] }
    : { word: text, isQuoted: false, count: undefined };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gsu, '$1');
}

function countOf(digits: string | undefined, span: { start: number; end: number }): number | undefined {
  if (digits === undefined) return undefined;
  const count = Number(digits);
  if (count === 0) throw new FeedError('a value cannot come 0 times', span, 'remove it, or write x1 or more');
  if (count <= mostReadings) return count;
  throw new FeedError(`${digits} readings are more than ${mostReadings}`, span, 'write a shorter feed');
}

type FieldType = FieldConfig['type'];

/** The values of one word, in order. Throws `FeedError` when it is none of the type. */
export function valuesOf(item: FeedItem, type: FieldType): FeedValue[] {
  const { word, isQuoted, count = 1 } = item;
  const times = (value: FeedValue): FeedValue[] => Array.from({ length: count }, () => value);
  if (word === '_' && !isQuoted) return times(null);
  if (type === 'string') return times(word);
  if (isQuoted)
    throw new FeedError(
      `${show(word)} in quotes is text; the field is ${words[type]}`,
      item,
      'remove the quotes',
    );
  if (type === 'boolean') {
    if (word === 'true' || word === 'false') return times(word === 'true');
    throw new FeedError(`${show(word)} is neither true nor false`, item, 'write true, false, truex12 or _');
  }
  const ramp = rampPattern.exec(word);
  if (ramp) return rampOf(Number(ramp[1]), Number(ramp[2]), item, type);
  return times(numberOf(item, type));
}

const words = { number: 'a number', integer: 'a whole number', boolean: 'true or false' } as const;
const number = String.raw`[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?`;
const numberPattern = new RegExp(`^${number}$`, 'i');
const rampPattern = new RegExp(`^(${number})\\.\\.(${number})$`, 'i');

function numberOf(item: FeedItem, type: 'number' | 'integer'): number {
  const { word } = item;
  const value = numberPattern.test(word) ? Number(word) : Number.NaN;
  if (!Number.isFinite(value)) throw new FeedError(`${show(word)} is not a number`, item, remedyFor(word));
  if (type === 'number' || Number.isInteger(value)) return value;
  throw new FeedError(
    `${show(word)} is not a whole number; the field is an integer`,
    item,
    'write whole numbers',
  );
}

function remedyFor(word: string): string {
  if (/^[x×]\d+$/u.test(word)) return 'write the count right behind its value: 20x12';
  return word.endsWith(',') ? 'separate values by spaces' : examples;
}

/**
 * Evenly from one number to the other, both included. Without a count in steps of 1. In a field of whole numbers each is
 * rounded.
 */
function rampOf(from: number, to: number, item: FeedItem, type: 'number' | 'integer'): number[] {
  const refuse = (message: string, remedy: string): never => {
    throw new FeedError(message, item, remedy);
  };
  const steps = item.count === undefined ? Math.abs(to - from) : item.count - 1;
  if (!Number.isFinite(from) || !Number.isFinite(to)) refuse(`${show(item.word)} is too large`, examples);
  if (!Number.isInteger(steps)) {
    refuse(`from ${from} to ${to} are not whole steps of 1`, `say over how many readings: ${item.word}x12`);
  }
  if (steps >= mostReadings)
    refuse(`a ramp over more than ${mostReadings} readings`, `say over how many: ${item.word}x12`);
  if (steps === 0 && from !== to) refuse('a ramp takes at least 2 readings', `write ${item.word}x2 or more`);
  return Array.from({ length: steps + 1 }, (_, i) => {
    const value = i === steps ? to : from + ((to - from) * i) / steps;
    return type === 'integer' ? Math.round(value) : value;
  });
}
