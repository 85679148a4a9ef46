/**
 * What names mean in the expressions of a rule: over readings of a device, and over results of a window.
 *
 * Invariant: slots and tags are those of plan.ts. A name that exists in the other world is not "unknown": the remedy
 * says how to bring it over.
 */

import type { RuleConfig } from '../config/schema.ts';
import type { ValueType } from '../core/types.ts';
import type { Binding, LookupColumn, Scope } from '../expression/scope.ts';
import { aggregateNamed, aggregates } from './functions.ts';
import { leftRemedy, titleOf } from './layout.ts';
import type { DevicePlan } from './plan.ts';

/** A lookup table as a rule names it. Without columns it could not be read, which is reported where it is named. */
export interface RuleLookup {
  readonly key: string;
  readonly file: string;
  readonly columns: ReadonlyMap<string, LookupColumn> | undefined;
}
export type RuleLookups = ReadonlyMap<string, RuleLookup>;

/** A name computed earlier; without a type it is wrong itself. */
export interface Earlier {
  readonly name: string;
  readonly type: ValueType | undefined;
}

export interface ReadingNames {
  readonly rule: RuleConfig;
  readonly device: DevicePlan;
  /** In the order of their slots, which follow the fields. */
  readonly lets: readonly Earlier[];
  readonly lookups: RuleLookups;
  readonly place: 'where' | 'let' | 'argument' | 'alert';
}

/** Names of one device's readings: lets, fields, tags, lookup columns. */
export function readingScope(names: ReadingNames): Scope {
  const { device, lets, lookups } = names;
  return {
    resolve: (name) =>
      earlier(lets, name, device.fields.length) ?? column(device.fields, name) ?? tag(device.tags, name),
    resolveMember: (object, member) => lookupColumn(lookups, object, member, device.tags),
    names: () => [
      ...device.fields.map(({ name }) => name),
      ...lets.map(({ name }) => name),
      ...device.tags,
      ...columnNames(lookups),
    ],
    unknown: (name) => unknownColumn(lookups, name) ?? `unknown field \`${name}\` of ${titleOf(device)}`,
    hint: (name) =>
      lookupHint(lookups, name, device.tags) ?? readingHint(names, name) ?? leftRemedy(device, name),
    misplacedFunction: (name, written) => misplacedFunction(name, written, readingPlaces[names.place]),
  };
}

export interface ResultNames {
  readonly rule: RuleConfig;
  readonly devices: readonly DevicePlan[];
  /** Result types by slot; undefined for one that is wrong. They are named `#0`, `#1`, … which no user can write. */
  readonly aggregates: readonly (ValueType | undefined)[];
  /** In the order of their slots, which follow the aggregates. */
  readonly computes: readonly Earlier[];
  readonly by: readonly string[];
  readonly lookups: RuleLookups;
  readonly place: 'compute' | 'alert';
}

/** The name that stands for an aggregate's result in the rest of its expression. */
export function aggregateName(slot: number): string {
  return `#${slot}`;
}

/** The slot of the aggregate that such a name stands for; undefined for other names. */
export function aggregateSlot(name: string): number | undefined {
  return name.startsWith('#') ? Number(name.slice(1)) : undefined;
}

/** Names of a window's results: computed names, tags of the key, lookup columns by a tag of the key. */
export function resultScope(names: ResultNames): Scope {
  const { by, computes, lookups } = names;
  const results = names.aggregates.map((type, slot): Earlier => ({ name: aggregateName(slot), type }));
  return {
    resolve: (name) => earlier(results, name, 0) ?? earlier(computes, name, results.length) ?? tag(by, name),
    resolveMember: (object, member) => lookupColumn(lookups, object, member, by),
    names: () => [...computes.map(({ name }) => name), ...by, ...columnNames(lookups)],
    unknown: (name) =>
      unknownColumn(lookups, name) ?? `unknown name \`${name}\` among the results of rule ${names.rule.name}`,
    hint: (name) => lookupHint(lookups, name, by) ?? resultHint(names, name),
    moreFunctions: () => (names.place === 'compute' ? Object.keys(aggregates) : []),
    misplacedFunction: (name, written) => misplacedFunction(name, written, belongsToCompute),
  };
}

function earlier(all: readonly Earlier[], name: string, firstSlot: number): Binding | undefined {
  const index = all.findIndex((one) => one.name === name);
  if (index < 0) return undefined;
  const { type } = all[index]!;
  return type === undefined ? { kind: 'broken' } : { kind: 'column', slot: firstSlot + index, type };
}

function column(fields: DevicePlan['fields'], name: string): Binding | undefined {
  const slot = fields.findIndex((field) => field.name === name);
  return slot < 0 ? undefined : { kind: 'column', slot, type: fields[slot]!.type };
}

function tag(tags: readonly string[], name: string): Binding | undefined {
  const index = tags.indexOf(name);
  return index < 0 ? undefined : { kind: 'tag', index };
}

function lookupColumn(
  lookups: RuleLookups,
  object: string,
  member: string,
  tags: readonly string[],
): Binding | undefined {
  const lookup = lookups.get(object);
  if (!lookup) return undefined;
  if (!lookup.columns) return { kind: 'broken' };
  const found = lookup.columns.get(member);
  const index = tags.indexOf(lookup.key);
  return found && index >= 0 ? { kind: 'lookup', tag: index, column: found } : undefined;
}

function columnNames(lookups: RuleLookups): string[] {
  return [...lookups].flatMap(([alias, { columns }]) =>
    [...(columns?.keys() ?? [])].map((name) => `${alias}.${name}`),
  );
}

function splitMember(name: string): [object: string, member: string | undefined] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1)];
}

function unknownColumn(lookups: RuleLookups, name: string): string | undefined {
  const [object, member] = splitMember(name);
  const lookup = lookups.get(object);
  if (!lookup) return member === undefined ? undefined : `unknown lookup table \`${object}\``;
  if (member === undefined) return `\`${object}\` is a table, not a value`;
  if (lookup.columns?.has(member)) return `\`${name}\` cannot be looked up here`;
  return `unknown column \`${member}\` of ${lookup.file}`;
}

function lookupHint(lookups: RuleLookups, name: string, tags: readonly string[]): string | undefined {
  const [object, member] = splitMember(name);
  const lookup = lookups.get(object);
  if (!lookup) return undefined;
  const first = [...(lookup.columns?.keys() ?? [])].find((column) => column !== lookup.key);
  if (member === undefined) return `name a column of it: ${object}.${first ?? lookup.key}`;
  if (lookup.columns?.has(member) && !tags.includes(lookup.key)) {
    return `${object} is looked up by \`${lookup.key}\`: add that to \`by\``;
  }
  return undefined;
}

function readingHint({ rule, lets, place }: ReadingNames, name: string): string | undefined {
  const all = Object.keys(rule.let);
  if (all.includes(name)) {
    const current = all[lets.length];
    if (place === 'let' && name === current) return 'a name cannot be computed from itself';
    const cycle = place === 'let' && current !== undefined ? cycleOf(rule.let, current, name) : undefined;
    return cycle
      ? `a cycle: ${cycle.join(' needs ')}; break it`
      : `\`${name}\` is computed below: move it above`;
  }
  if (!Object.hasOwn(rule.compute, name)) return undefined;
  return place === 'argument'
    ? `\`${name}\` is a result of the window: use it outside of the aggregate`
    : `\`${name}\` is computed once the window closes: use it in \`compute\` or \`alert\``;
}

/** The way from `name` back to `current` through names that need each other. */
function cycleOf(
  lets: Readonly<Record<string, string>>,
  current: string,
  name: string,
): string[] | undefined {
  const seen = new Set<string>();
  const way = (from: string): string[] | undefined => {
    if (from === current) return [from];
    if (seen.has(from)) return undefined;
    seen.add(from);
    for (const word of lets[from]?.match(/[A-Za-z_]\w*/g) ?? []) {
      const rest = Object.hasOwn(lets, word) ? way(word) : undefined;
      if (rest) return [from, ...rest];
    }
    return undefined;
  };
  const found = way(name);
  return found && [current, ...found];
}

function resultHint({ rule, devices, computes, place }: ResultNames, name: string): string | undefined {
  const all = Object.keys(rule.compute);
  if (all.includes(name)) {
    return all[computes.length] === name
      ? 'a name cannot be computed from itself; a field of that name goes into an aggregate, such as last(…)'
      : `\`${name}\` is computed below: move it above`;
  }
  const isTag = devices.some(({ tags }) => tags.includes(name));
  if (isTag) return `it is a tag outside of the key: add it to \`by\`, or compute last(${name})`;
  const isField =
    Object.hasOwn(rule.let, name) ||
    devices.some(({ fields }) => fields.some((field) => field.name === name));
  if (!isField) return undefined;
  return place === 'compute'
    ? `it is a value of each reading: put it into an aggregate, such as last(${name})`
    : `it is a value of each reading: compute it, such as \`${name}_last: last(${name})\`, and use that`;
}

interface Words {
  readonly message: string;
  readonly remedy: string;
}

type Placed = (written: string) => Words;

const notHere: Placed = (written) => ({
  message: 'looks at many readings',
  remedy: `aggregates go under \`compute\`, in a rule with a \`window\`: ${computedAs(written).line}`,
});
const readingPlaces: Readonly<Record<ReadingNames['place'], Placed>> = {
  where: notHere,
  let: notHere,
  alert: notHere,
  argument: () => ({
    message: 'stands inside of another aggregate',
    remedy: 'an aggregate takes values of single readings',
  }),
};

const belongsToCompute: Placed = (written) => {
  const { name, line } = computedAs(written);
  return {
    message: 'belongs under `compute`',
    remedy: `write it there, \`${line}\`, and use ${name} here`,
  };
};

/** A call as a line of `compute`: `max_temp: max(temp)`. */
function computedAs(written: string): { readonly name: string; readonly line: string } {
  const [, fn = '', argument = ''] = /^(\w+)\((\w*)\)$/.exec(written) ?? [];
  const name = [fn, argument].filter(Boolean).join('_') || 'a';
  return { name, line: `${name}: ${written}` };
}

function misplacedFunction(name: string, written: string, words: Placed): Words | undefined {
  if (!aggregateNamed(name)) return undefined;
  const { message, remedy } = words(written);
  return { message: `\`${name}\` ${message}`, remedy };
}
