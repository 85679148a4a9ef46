/**
 * What zod found wrong, in words for field engineers: what, where, the value, the limit, and a remedy.
 *
 * Invariant: every issue gives at least one mistake, and none shows a value of a secret key.
 */

import type { z } from 'zod';
import { closest } from '../core/suggest.ts';
import { remedyElsewhere } from './elsewhere.ts';
import { fromRule } from './from.ts';
import { exampleOf, meantKey, meantWord } from './habits.ts';
import type { KeyPath } from './located.ts';
import type { FileKind } from './schema.ts';
import { isSecretKey } from './secrets.ts';
import { noValue, noValueRemedy, show } from './shapes.ts';

/** A mistake at a key path: at its key, or at its value or a span of the value's text. */
export interface Mistake {
  readonly path: KeyPath;
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly remedy?: string | undefined;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly isMissing?: boolean;
  /** The key is unknown, perhaps a mistyped one. */
  readonly unknown?: { readonly meant: string | undefined };
}

/** Stands for the value of a secret key in messages. */
const secretValue = 'another kind of value';

/** Of one map. */
const mostUnknown = 100;

type Issue = z.core.$ZodIssue;

/** All mistakes of one file of a kind. `value` is what the issues are about. */
export function mistakesOf(kind: FileKind, issues: readonly Issue[], value: unknown): Mistake[] {
  const mistakes = issues.filter(isTightest).flatMap((issue) => explain(kind, issue, [], value));
  const odd = mistakes.filter(({ at, unknown }) => at === 'key' && unknown);
  return mistakes.filter((mistake) => !odd.some((cause) => cause !== mistake && follows(mistake, cause)));
}

/** A number beyond what a double counts exactly is beyond its key's own limit, too, which is the one to tell. */
function isTightest(issue: Issue, _: number, all: readonly Issue[]): boolean {
  if (issue.code !== 'too_big' && issue.code !== 'too_small') return true;
  const place = issue.path.join('\0');
  return !all.some((other) => other !== issue && other.path.join('\0') === place && isTighter(other, issue));
}

function isTighter(one: Issue, than: Issue): boolean {
  if (one.code === 'too_big' && than.code === 'too_big') return one.maximum < than.maximum;
  return one.code === 'too_small' && than.code === 'too_small' && one.minimum > than.minimum;
}

/** Beside an unknown key its map as a whole cannot be judged, nor the key it was meant to be be missed. */
function follows(mistake: Mistake, { path, unknown }: Mistake): boolean {
  const map = path.slice(0, -1);
  if (mistake.unknown || !isBelow(mistake.path, map)) return false;
  const isMap = mistake.path.length === map.length;
  const isMeant =
    mistake.isMissing && mistake.path.length === path.length && mistake.path.at(-1) === unknown?.meant;
  return isMap || isMeant === true;
}

function isBelow(path: KeyPath, above: KeyPath): boolean {
  return above.every((key, i) => path[i] === key);
}

function explain(kind: FileKind, issue: Issue, above: KeyPath, root: unknown): Mistake[] {
  const path = [...above, ...(issue.path as (string | number)[])];
  const given = valueAt(root, path);
  const value = isSecret(path) ? secretValue : show(given);
  const at = { path, at: 'value' } as const;
  switch (issue.code) {
    case 'custom':
      return [{ ...at, message: issue.message, ...issue.params }];
    case 'unrecognized_keys':
      return issue.keys
        .slice(0, mostUnknown)
        .map((key) => unknownKey(kind, [...path, key], issue.message.split('\n')));
    case 'invalid_key':
      return issue.issues.flatMap((inner) => explain(kind, inner as Issue, path, root)).map(atKey(path));
    case 'invalid_type':
      return [
        given === undefined ? missing(path) : { ...at, ...wrongType(path, value, given, issue.expected) },
      ];
    case 'invalid_value':
      return [{ ...at, ...wrongWord(value, given, issue.values) }];
    case 'too_small':
    case 'too_big':
      return [{ ...at, ...outside(value, given, issue) }];
    case 'invalid_union':
      if (given === undefined) return [missing(path)];
      return nearestChoice(path, issue, value, given).flatMap((inner) => explain(kind, inner, path, root));
    default:
      return [{ ...at, message: issue.message }];
  }
}

function atKey(path: KeyPath) {
  return (mistake: Mistake): Mistake => ({ ...mistake, path, at: 'key' });
}

function unknownKey(kind: FileKind, path: KeyPath, known: readonly string[]): Mistake {
  const key = String(path.at(-1));
  const all = known.length > 0 ? `known here: ${known.join(', ')}` : 'nothing can be set here: write {}';
  const meant = meantKey(key, known) ?? closest(key, known);
  const elsewhere = remedyElsewhere(kind, path);
  const remedy = elsewhere ?? (meant ? `did you mean \`${meant}\`?` : all);
  return { path, at: 'key', message: `unknown key ${show(key)}`, remedy, unknown: { meant } };
}

function missing(path: KeyPath): Mistake {
  const name = nameOf(path);
  const example = exampleOf(path);
  const remedy = example ? `add \`${example}\`` : `add ${name.replace(/`$/, ': …`')}`;
  return { path, at: 'value', message: `${name} is missing`, remedy, isMissing: true };
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
};

function wrongType(path: KeyPath, value: string, given: unknown, expected: string) {
  const message = `expected ${typeWords[expected] ?? expected}, got ${value}`;
  const scalar = typeof given === 'number' || typeof given === 'boolean';
  if (given === null) return { message: noValue, remedy: noValueRemedy };
  if (expected === 'string' && scalar) return { message, remedy: quoted(value, given) };
  const example = exampleFor(path, given);
  if (example) return { message, remedy: `write ${example}` };
  if (expected === 'array') return { message, remedy: listRemedy(given) };
  if (expected === 'object' || expected === 'record') return { message, remedy: mapRemedy(path, given) };
  if (
    expected === 'number' &&
    typeof given === 'string' &&
    given.trim() !== '' &&
    Number.isFinite(Number(given))
  ) {
    return { message, remedy: 'write it without quotes' };
  }
  if (expected === 'boolean') return { message, remedy: 'write true or false' };
  return { message, remedy: `write ${typeWords[expected] ?? 'another value'}` };
}

/** `rule: NAME` is a map, where `rule:NAME` was meant. */
function exampleFor(path: KeyPath, given: unknown): string | undefined {
  const rule = path.includes('from') ? valueAt(given, ['rule']) : undefined;
  return typeof rule === 'string' ? `${fromRule(rule)}, without a blank` : exampleOf(path);
}

/** Numbers and booleans are text in quotes; a secret is not shown. */
function quoted(value: string, given: unknown): string {
  return value === secretValue ? 'put it in quotes' : `put it in quotes: "${given}"`;
}

function listRemedy(given: unknown): string {
  const isMap = typeof given === 'object' && !Array.isArray(given);
  return isMap
    ? 'it is a list: write `- ` before the first key of each item, its other keys below that key'
    : 'write [a, b], or one item a line after `- `';
}

/** Only of tags and fields a bare text is the path. */
function mapRemedy(path: KeyPath, given: unknown): string {
  const isPath = ['tags', 'fields'].includes(String(path.at(-2)));
  const simple = typeof given === 'string' && /^[\w.$[\]]+$/.test(given);
  if (simple && isPath) return `write a map, such as { path: ${given} }`;
  if (simple && path.at(-2) === 'lookup') return `write { file: ${given}, key: … }: the column that is a tag`;
  return 'write { key: value }, or keys on indented lines';
}

function wrongWord(value: string, given: unknown, values: readonly unknown[]) {
  const words = values.map(String);
  const near = typeof given === 'string' ? likely(given, words) : undefined;
  const message = `expected ${orList(words)}, got ${value}`;
  return { message, remedy: near ? `did you mean \`${near}\`?` : `write ${orList(words)}` };
}

type Limit = Extract<Issue, { code: 'too_small' | 'too_big' }>;

function outside(value: string, given: unknown, issue: Limit) {
  const isLow = issue.code === 'too_small';
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  if (issue.origin === 'string' && isLow && given === '') {
    return { message: 'this text is empty', remedy: 'write a value, or remove the line' };
  }
  const unit = { string: ' character', array: ' item' }[issue.origin as string] ?? '';
  const word = issue.exact ? 'exactly' : isLow ? 'at least' : 'at most';
  const bound = `${word} ${limit}${unit}${unit && limit !== 1 ? 's' : ''}`;
  const subject = issue.origin === 'array' ? `a list of ${(given as unknown[]).length}` : value;
  return { message: `expected ${bound}, got ${subject}`, remedy: `write ${bound}` };
}

/** Of a union the choice of the right type with the fewest mistakes; of none, all their expectations as one. */
function nearestChoice(
  path: KeyPath,
  issue: Extract<Issue, { code: 'invalid_union' }>,
  value: string,
  given: unknown,
): Issue[] {
  const choices = issue.errors as Issue[][];
  const isOfType = (choice: Issue[]): boolean =>
    !choice.some(
      ({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'),
    );
  const [nearest] = choices.filter(isOfType).toSorted((a, b) => a.length - b.length);
  if (nearest) return nearest;
  const expected = [...new Set(choices.flatMap((choice) => choice.flatMap(expectation)))];
  const words = expected.filter((word) => word.startsWith('`')).map((word) => word.slice(1, -1));
  const near = typeof given === 'string' ? likely(given, words) : undefined;
  const isScalar = typeof given === 'number' || typeof given === 'boolean';
  const asText = isScalar && expected.includes('text') ? quoted(value, given) : undefined;
  const remedy = near
    ? `did you mean \`${near}\`?`
    : (asText ?? `write ${exampleFor(path, given) ?? orList(expected)}`);
  return [
    { code: 'custom', path: [], message: `expected ${orList(expected)}, got ${value}`, params: { remedy } },
  ];
}

function likely(given: string, words: readonly string[]): string | undefined {
  return meantWord(given, words) ?? closest(given, words);
}

function expectation(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map((value) => `\`${String(value)}\``);
  return issue.code === 'invalid_type' ? [typeWords[issue.expected] ?? issue.expected] : [];
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** `path`, or `by[1]` for the item of a list. */
function nameOf(path: KeyPath): string {
  const last = path.findLastIndex((key) => typeof key === 'string');
  const indexes = path.slice(last + 1).map((index) => `[${index}]`);
  return last < 0 ? 'this' : `\`${path[last]}${indexes.join('')}\``;
}

function isSecret(path: KeyPath): boolean {
  return path.includes('headers') || path.some((key) => typeof key === 'string' && isSecretKey(key));
}

/** Own properties only. */
export function valueAt(root: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, key) => {
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    return isThere ? (value as Record<string | number, unknown>)[key] : undefined;
  }, root);
}
