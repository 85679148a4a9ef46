/**
 * A YAML file against its schema: the validated value, or diagnostics with places.
 *
 * Invariant: either a value or at least one error. Two things are put right instead of being refused: an empty
 * `key:` where a map belongs is an empty map, and a text from the environment may be a number or true or false.
 */

import type { z } from 'zod';
import type { Diagnostic } from '../core/errors.ts';
import type { YamlFile } from './document.ts';
import { type Replaced, replaceReferences } from './environment.ts';
import { type Mistake, mistakesOf, valueAt } from './issues.ts';
import type { KeyPath, LocatedFile, Place } from './located.ts';
import type { FileKind } from './schema.ts';

export interface Validated<T> {
  readonly value?: T;
  readonly diagnostics: readonly Diagnostic[];
}

/** Validates a file; without `env` references to the environment are plain text. */
export function validate<T>(
  kind: FileKind,
  schema: z.ZodType<T>,
  file: YamlFile,
  env?: Readonly<Record<string, string | undefined>>,
): Validated<T> {
  if (file.value === undefined) return { diagnostics: file.diagnostics };
  const replaced = env ? replaceReferences(file.value, env) : undefined;
  const input = replaced ? replaced.value : structuredClone(file.value);
  const odd = oddKeys(input, []);
  const { value, issues } = parse(schema, input ?? {}, replaced);
  const unset = replaced?.mistakes ?? [];
  const isUnset = ({ path }: Mistake): boolean => unset.some((one) => String(one.path) === String(path));
  const found = [...odd, ...unset, ...mistakesOf(kind, issues, input).filter((one) => !isUnset(one))];
  const diagnostics = found.map((mistake) => diagnose(file, replaced ? hidden(mistake, replaced) : mistake));
  const all = [...file.diagnostics, ...diagnostics].toSorted(
    (a, b) => a.line - b.line || a.column - b.column,
  );
  const isWrong = all.some(({ severity }) => severity === 'error');
  return isWrong || value === undefined ? { diagnostics: all } : { value, diagnostics: all };
}

/** The value of a part of a file that is wrong elsewhere; undefined when the part is wrong too. */
export function salvage<T>(schema: z.ZodType<T>, part: unknown): T | undefined {
  return parse(schema, structuredClone(part), undefined).value;
}

/** A mistake as a diagnostic of its file. */
export function diagnose(file: LocatedFile, mistake: Mistake): Diagnostic {
  const { path, at, message, remedy, start, end } = mistake;
  const span = start !== undefined && end !== undefined ? { start, end } : undefined;
  const place = at === 'key' ? file.locateKey(path) : file.locate(path, span);
  const help = remedy === undefined ? {} : { remedy: asWritten(remedy, place) };
  return { severity: 'error', file: file.file, ...place, message, ...help };
}

/** A number that was meant as text is quoted as it stands in the file: `0018` is 18 to YAML. */
function asWritten(remedy: string, { text, column, length }: Place): string {
  const source = text.slice(column - 1, column - 1 + length);
  return remedy.replace(/^put it in quotes: ".*"$/, () => `put it in quotes: "${source}"`);
}

function hidden(mistake: Mistake, replaced: Replaced): Mistake {
  const isFromOutside = replaced.isReplaced(mistake.path);
  const { start: _, end: __, ...whole } = mistake;
  const placed = isFromOutside && !replaced.mistakes.includes(mistake) ? whole : mistake;
  // A suggestion is made of the value, and would show it.
  const plain = isFromOutside ? mistake.remedy?.replace(/, such as `[^`]*`$/, '') : mistake.remedy;
  const remedy = plain === undefined ? undefined : replaced.hide(mistake.path, plain);
  return { ...placed, message: replaced.hide(mistake.path, mistake.message), remedy };
}

/** More than anybody reads at a time. */
const mostIssues = 500;

/** Parses again as long as something could be put right; each repair removes its own cause. */
function parse<T>(schema: z.ZodType<T>, input: unknown, replaced: Replaced | undefined) {
  for (;;) {
    const result = schema.safeParse(input);
    if (result.success) return { value: result.data, issues: [] };
    const issues = result.error.issues;
    // Each is looked at beside each other one.
    if (issues.length > mostIssues) return { issues: issues.slice(0, mostIssues) };
    const repairs = issues.filter((issue) => repair(issue, input, replaced));
    if (repairs.length === 0) return { issues };
  }
}

function repair(issue: z.core.$ZodIssue, input: unknown, replaced: Replaced | undefined): boolean {
  if (issue.path.length === 0) return false;
  const path = issue.path as (string | number)[];
  const given = valueAt(input, path);
  const better =
    given === null ? emptyMap(issue) : replaced?.isReplaced(path) ? retyped(issue, given) : undefined;
  if (better === undefined) return false;
  (valueAt(input, path.slice(0, -1)) as Record<string | number, unknown>)[path.at(-1)!] = better;
  return true;
}

function emptyMap(issue: z.core.$ZodIssue): object | undefined {
  const isMap = issue.code === 'invalid_type' && (issue.expected === 'object' || issue.expected === 'record');
  return isMap ? {} : undefined;
}

/** A text from the environment as what the schema wants at its place. */
function retyped(issue: z.core.$ZodIssue, given: unknown): number | boolean | undefined {
  if (typeof given !== 'string' || given.trim() === '') return undefined;
  const expected = issue.code === 'invalid_type' ? issue.expected : undefined;
  const ofNumbers =
    issue.code === 'invalid_value' && issue.values.every((value) => typeof value === 'number');
  const isNumber = expected === 'number' || expected === 'int' || ofNumbers;
  if (isNumber && Number.isFinite(Number(given))) return Number(given);
  return expected === 'boolean' && /^(true|false)$/.test(given) ? given === 'true' : undefined;
}

/** Keys that programs treat apart; zod passes over them. */
function oddKeys(value: unknown, path: KeyPath): Mistake[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    const message = '`__proto__` cannot be a name';
    const odd: Mistake[] =
      key === '__proto__' ? [{ path: here, at: 'key', message, remedy: 'choose another' }] : [];
    return [...odd, ...oddKeys(child, here)];
  });
}
