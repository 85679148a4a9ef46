/**
 * Paths into a row: `payload.counts[0].load`, `["odd key"].y`, `$.rows[*]`, `^.gateway`.
 *
 * Invariant: only own properties are read, so no payload reaches a prototype; what is absent is undefined, never an
 * error. `$` is the row, `^` the whole payload that the row came from. Paths are compiled once, when a profile loads.
 * Not here: filters, wildcards over objects or anything else of JSONPath.
 */

import { GatewayError } from '../core/errors.ts';
import { createRejects, type Row } from './codec.ts';
import { quote } from './text.ts';

/** A path that cannot be read. `start` and `end` mark the place in the path's text. */
export class PathError extends GatewayError {
  readonly start: number;
  readonly end: number;

  constructor(message: string, start: number, end: number, remedy?: string) {
    super(message, remedy === undefined ? {} : { remedy });
    this.name = 'PathError';
    this.start = start;
    this.end = end;
  }
}

/** Reads one value of a row; `root` is the payload that the row is part of. */
export type Getter = (row: Row, root?: Row) => unknown;

/** Emits the rows within a decoded payload. What is not there is a bad row, treated as a `Decoder` does. */
export type Each = (row: Row, emit: (row: Row) => void, reject?: (detail: string) => void) => void;

/** To one value. `index` of a key: how it reads an array. */
type Step =
  | { readonly kind: 'key'; readonly key: string; readonly index: number | undefined }
  | { readonly kind: 'index'; readonly index: number };
type Every = { readonly kind: 'every' };
type PlacedStep = (Step | Every) & { readonly start: number; readonly end: number };

interface Path {
  readonly from: 'row' | 'root';
  readonly steps: readonly PlacedStep[];
}

/** Compiles the path of a field, a tag or a time; throws PathError. */
export function compilePath(text: string): Getter {
  const path = parsePath(text);
  const follow = compileSteps(path.steps.map(single));
  return path.from === 'row' ? follow : (_row, root) => follow(root);
}

function single(step: PlacedStep): Step {
  if (step.kind !== 'every') return step;
  throw new PathError(
    '`[*]` names many values, here one is wanted',
    step.start,
    step.end,
    'put the path up to `[*]` in `each:` of the device',
  );
}

/**
 * Compiles `each:`; throws PathError. A path without `[*]` names the array itself. An array at the top of a payload
 * was already taken apart by the codec, so a `[*]` at once after `$` adds nothing; `$` alone is the row.
 */
export function compileEach(text: string): Each {
  const path = parsePath(text);
  if (path.from === 'root') {
    throw new PathError('`each` always starts at the whole payload', 0, 1, 'write `$` instead of `^`');
  }
  const walk = compileWalk(text, everySteps(path.steps));
  return (row, emit, reject) => {
    const rejects = createRejects(reject);
    walk(row, emit, rejects.add);
    rejects.finish();
  };
}

/** The stretches of steps between the `[*]`s. */
function everySteps(steps: readonly (Step | Every)[]): Step[][] {
  if (steps[0]?.kind === 'every') return splitAtEvery(steps.slice(1));
  const named = steps.some((step) => step.kind === 'every') || steps.length === 0;
  return splitAtEvery(named ? steps : [...steps, { kind: 'every' }]);
}

function splitAtEvery(steps: readonly (Step | Every)[]): Step[][] {
  const stretches: Step[][] = [[]];
  for (const step of steps) {
    if (step.kind === 'every') stretches.push([]);
    else stretches.at(-1)!.push(step);
  }
  return stretches;
}

type Walk = (value: unknown, emit: (row: Row) => void, reject: (detail: string) => void) => void;

function compileWalk(text: string, stretches: readonly (readonly Step[])[]): Walk {
  const [stretch, ...rest] = stretches;
  const follow = compileSteps(stretch!);
  if (rest.length === 0) {
    return (value, emit, reject) => {
      const row = follow(value);
      if (row === undefined) reject(`each ${text}: nothing at ${show(stretch!)} of ${kindOf(value)}`);
      else emit(row);
    };
  }
  const next = compileWalk(text, rest);
  return (value, emit, reject) => {
    const array = follow(value);
    if (!Array.isArray(array)) {
      return reject(`each ${text}: expected an array at ${show(stretch!)}, found ${kindOf(array)}`);
    }
    for (const element of array) next(element, emit, reject);
  };
}

function show(steps: readonly Step[]): string {
  if (steps.length === 0) return 'the row itself';
  return steps
    .map((step) => (step.kind === 'index' ? `[${step.index}]` : `.${quoteKey(step.key)}`))
    .join('')
    .replaceAll('.[', '[')
    .replace(/^\./, '');
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `text ${quote(value)}` : `${typeof value} ${String(value)}`;
}

function compileSteps(steps: readonly Step[]): (value: unknown) => unknown {
  const readers = steps.map(compileStep);
  const [first, second, third] = readers;
  if (first === undefined) return (value) => value;
  if (second === undefined) return first;
  if (third === undefined) return (value) => second(first(value));
  return (value) => {
    let at = value;
    for (const read of readers) at = read(at);
    return at;
  };
}

function compileStep(step: Step): (value: unknown) => unknown {
  if (step.kind === 'index') {
    const { index } = step;
    return (value) => (Array.isArray(value) ? value.at(index) : undefined);
  }
  const { key, index } = step;
  return (value) => {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value)) return index === undefined ? undefined : value[index];
    return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  };
}

const bareKey = /[^.[\]"'*\s]+(?:[ ]+[^.[\]"'*\s]+)*/y;
const bracket = /\[(?:(\*)|(-?\d{1,9})|"((?:[^"\\]|\\["'\\])*)"|'((?:[^'\\]|\\["'\\])*)')\]/y;
const keyRemedy = 'quote a key with odd characters: ["my.key"]';

function parsePath(text: string): Path {
  const rooted = /^[$^](?=[.[]|$)/.test(text);
  const steps: PlacedStep[] = [];
  let at = rooted ? 1 : 0;
  if (text.length === 0) throw new PathError('the path is empty', 0, 0, '`$` names the row itself');
  while (at < text.length) {
    const step = text[at] === '[' ? parseBracket(text, at) : parseKey(text, at, rooted || steps.length > 0);
    steps.push(step);
    at = step.end;
  }
  return { from: rooted && text[0] === '^' ? 'root' : 'row', steps };
}

function parseKey(text: string, start: number, dotted: boolean): PlacedStep {
  if (dotted && text[start] !== '.') {
    throw new PathError(`expected \`.\` or \`[\`, found ${quote(text[start]!)}`, start, start + 1, keyRemedy);
  }
  bareKey.lastIndex = dotted ? start + 1 : start;
  const key = bareKey.exec(text)?.[0];
  if (key === undefined) {
    const at = dotted ? start + 1 : start;
    const found = at < text.length ? quote(text[at]!) : 'the end';
    throw new PathError(`expected a key, found ${found}`, start, Math.min(at + 1, text.length), keyRemedy);
  }
  return { kind: 'key', key, index: indexOf(key), start, end: bareKey.lastIndex };
}

function parseBracket(text: string, start: number): PlacedStep {
  bracket.lastIndex = start;
  const match = bracket.exec(text);
  if (match === null) {
    const close = text.indexOf(']', start);
    throw new PathError(
      `cannot read ${quote(text.slice(start))}`,
      start,
      close === -1 ? text.length : close + 1,
      'in brackets stands a number, a quoted key or `*`: [0], ["my.key"], [*]',
    );
  }
  const place = { start, end: bracket.lastIndex };
  if (match[1] !== undefined) return { kind: 'every', ...place };
  if (match[2] !== undefined) return { kind: 'index', index: Number(match[2]), ...place };
  const key = (match[3] ?? match[4]!).replaceAll(/\\(.)/g, '$1');
  return { kind: 'key', key, index: undefined, ...place };
}

/** `rows.0` reads an array as `rows[0]` does. */
function indexOf(key: string): number | undefined {
  return /^(?:0|[1-9]\d{0,8})$/.test(key) ? Number(key) : undefined;
}

/** A key as a step of a path. */
export function quoteKey(key: string): string {
  const bare = /^[^.[\]"'*\s$^\\]+$/.test(key);
  return bare ? key : `["${key.replaceAll(/["\\]/g, '\\$&')}"]`;
}
