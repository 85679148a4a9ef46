/**
 * How the schemas are put together: strict maps, choices, values with their own parser, mistakes of our own.
 *
 * Invariant: what is refused here has a message and a remedy, and a place below the value it was found in.
 */

import { z } from 'zod';
import { GatewayError } from '../core/errors.ts';

/** A value as a message shows it; texts are cut to stay on a line. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  if (value === null) return 'nothing';
  const text =
    typeof value === 'string' ? JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"') : String(value);
  return `\`${text.length > 60 ? `${text.slice(0, 57)}…` : text}\``;
}

/** A value that `parse` understands or refuses with a `GatewayError`; `json` tells editors what it accepts. */
export function parsed<T>(json: z.core.JSONSchema.BaseSchema, parse: (value: unknown) => T) {
  return z
    .unknown()
    .meta(json as z.core.GlobalMeta)
    .transform((value, context) => {
      if (value === undefined) return missing(context);
      try {
        if (value === null) throw new GatewayError(noValue, { remedy: noValueRemedy });
        return parse(value);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        const { start, end } = error as GatewayError & { start?: number; end?: number };
        context.addIssue({
          code: 'custom',
          message: error.message,
          params: { remedy: error.remedy, start, end },
        });
        return z.NEVER;
      }
    });
}

/** For a key with nothing after it. */
export const noValue = 'there is no value here';
export const noValueRemedy = 'write a value, or remove the line';

function missing(context: Context): never {
  context.addIssue({ code: 'invalid_type', expected: 'nonoptional', input: undefined });
  return z.NEVER;
}

/** A strict map. Its unknown keys are reported with the known ones, one a line. */
export function section<S extends z.core.$ZodLooseShape>(shape: S) {
  const keys = Object.keys(shape).join('\n');
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? keys : undefined) });
}

/** A map from names to values, of so many at most. */
export function namedValues<K extends z.ZodType<string>, V extends z.ZodType>(
  name: K,
  value: V,
  most = mostNames,
) {
  return z.record(name, value).superRefine((given, context) => {
    const { length } = Object.keys(given);
    if (length > most)
      refuse(context, `expected at most ${most} names, got ${length}`, `write at most ${most}`);
  }, evenIfWrong);
}

/** In a map of a file: what is more was not written by a person, and costs memory for each key. */
const mostNames = 1000;

type OneOf<S extends Record<string, z.ZodType>> = {
  [K in keyof S]: { readonly [P in K]: z.output<S[P]> };
}[keyof S];

/** A map with exactly one of the keys: the kind of a source, of a notifier. */
export function oneOf<S extends Record<string, z.ZodType>>(what: string, shape: S): z.ZodType<OneOf<S>> {
  const kinds = Object.keys(shape);
  const optional = Object.fromEntries(kinds.map((kind) => [kind, shape[kind]!.exactOptional()]));
  const schema = section(optional).meta({ minProperties: 1, maxProperties: 1 });
  return schema.superRefine((value, context) => {
    const given = Object.keys(value);
    if (given.length === 1) return;
    const message =
      given.length === 0 ? `${what} has no kind` : `${what} has ${given.length} kinds: ${given.join(', ')}`;
    refuse(context, message, `write exactly one of ${kinds.join(', ')}`);
  }) as unknown as z.ZodType<OneOf<S>>;
}

/** Where mistakes are reported to, in a `superRefine` or `transform`. */
export interface Context {
  addIssue(issue: z.core.$ZodSuperRefineIssue): void;
}

interface Refusal {
  readonly path?: readonly (string | number)[];
  /** The key is wrong, not its value. */
  readonly at?: 'key';
}

/** Adds a mistake of our own to what zod found. */
export function refuse(
  context: Context,
  message: string,
  remedy: string,
  { path = [], at }: Refusal = {},
): void {
  context.addIssue({ code: 'custom', message, path: [...path], params: { remedy, at }, input: undefined });
}

/**
 * For checks of several keys of a map together: they also run when a key is wrong by itself, so that all mistakes come
 * at once, and must take into account that any value may be of the wrong type.
 */
export const evenIfWrong = {
  when: ({ value }: { value: unknown }): boolean =>
    typeof value === 'object' && value !== null && !Array.isArray(value),
};

/** Two ways to say the same. */
export function refuseBoth(config: object, [a, b]: readonly [string, string], context: Context): void {
  if (!(a in config && b in config)) return;
  refuse(context, `\`${a}\` and \`${b}\` exclude each other`, 'keep one of them', { path: [b], at: 'key' });
}

/** Two keys that need each other. */
export function refuseAlone(config: object, [a, b]: readonly [string, string], context: Context): void {
  if (a in config === b in config) return;
  const [given, needed] = a in config ? [a, b] : [b, a];
  refuse(context, `\`${given}\` needs \`${needed}\` beside it`, `add \`${needed}:\``, {
    path: [given],
    at: 'key',
  });
}

type Camel<S> = S extends `${infer A}_${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S;

/** The same map with `keys_like_this` as `keysLikeThis`. */
export function camelKeys<T extends object>(map: T): { [K in keyof T as Camel<K>]: T[K] } {
  const entries = Object.entries(map).map(([key, value]) => [
    key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(entries);
}
