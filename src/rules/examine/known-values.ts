/**
 * What is known of the names of a rule before anything runs: fields by their ranges and units, constant tags, values of
 * `let`, results of aggregates.
 *
 * Invariant: the rule compiles. Values of lookup tables are not known: a table may be another one tomorrow.
 */

import type { FieldConfig, RuleConfig } from '../../config/schema.ts';
import { type Ast, print, rewrite } from '../../expression/ast.ts';
import { assume, factsOf } from '../../expression/facts/facts.ts';
import { anything, interval } from '../../expression/facts/interval.ts';
import { type Facts, joinFacts, type Known, noNames, truth, unknown } from '../../expression/facts/known.ts';
import { unitOf } from '../../expression/facts/units.ts';
import { parse } from '../../expression/parse.ts';
import { aggregateNamed } from '../functions.ts';
import type { DevicePlan } from '../plan.ts';
import type { RuleContext } from '../rule-context.ts';
import { factsOfAggregate } from './aggregate-facts.ts';

export type NamedFacts = ReadonlyMap<string, Facts>;

/** Of rules whose results others read, by rule and name. */
export type ResultFacts = ReadonlyMap<string, NamedFacts>;

/** What is known of the readings of one device. */
export interface KnownReadings {
  /** Of all of them. */
  readonly every: Known;
  /** Of those that `where` lets pass. */
  readonly passing: Known;
  /** Of those: fields and `let`s. */
  readonly names: NamedFacts;
}

export function knownReadings(rule: RuleConfig, device: DevicePlan, results: ResultFacts): KnownReadings {
  const every = withLets(rule, device, noNames.narrowed, results);
  const narrowed = rule.where === undefined ? undefined : assume(parse(rule.where), true, every).narrowed;
  const passing = narrowed ? withLets(rule, device, narrowed, results) : every;
  const names = [...device.fields.map(({ name }) => name), ...Object.keys(rule.let)];
  const factsOfName = (name: string): Facts => factsOf({ kind: 'name', name, start: 0, end: 0 }, passing);
  return { every, passing, names: new Map(names.map((name) => [name, factsOfName(name)])) };
}

/** From top to bottom, each with what is known of those above. */
function withLets(
  rule: RuleConfig,
  device: DevicePlan,
  narrowed: Known['narrowed'],
  results: ResultFacts,
): Known {
  const lets = new Map<string, Facts>();
  const known: Known = {
    ...noNames,
    name: (name) => lets.get(name) ?? factsInDevice(device, name, results),
    call: factsOfMemory(() => known),
    narrowed,
  };
  for (const [name, text] of Object.entries(rule.let)) lets.set(name, factsOf(parse(text), known));
  return known;
}

function factsInDevice(device: DevicePlan, name: string, results: ResultFacts): Facts | undefined {
  const { profile, rule } = device;
  if (rule) return results.get(rule.name)?.get(name);
  const field = Object.hasOwn(profile.fields, name) ? profile.fields[name] : undefined;
  if (field) return factsOfField(name, field, profile.device);
  return factsOfTag(name, device);
}

function factsOfField(name: string, field: FieldConfig, device: string): Facts {
  if (field.type === 'boolean') return truth;
  if (field.type === 'string') return unknown;
  const unit = unitOf(field.unit);
  return { ...boundsOf(name, field, device), ...(unit !== undefined && { unit }) };
}

function boundsOf(name: string, field: FieldConfig, device: string): Facts {
  const { type, range, outside, scale, offset } = field;
  const isRaw = type === 'integer' && Number.isInteger(scale) && Number.isInteger(offset);
  if (!range || outside === 'keep') return { ...anything, isWhole: isRaw };
  const [low, high] = range;
  const isWhole = isRaw && (outside === 'drop' || (Number.isInteger(low) && Number.isInteger(high)));
  const remedy = `correct the number, or the \`range\` of \`${name}\` in the profile of ${device}`;
  return { ...interval(low, high, isWhole), bound: { why: 'its `range`', remedy } };
}

/** Tags are text; one that a profile gives a constant has no other. */
function factsOfTag(name: string, { profile }: DevicePlan): Facts | undefined {
  const tag = Object.hasOwn(profile.tags, name) ? profile.tags[name] : undefined;
  if (!tag || !('value' in tag)) return undefined;
  const remedy = `correct the text, or tag \`${name}\` in the profile of ${profile.device}`;
  return { ...anything, texts: [tag.value], bound: { why: 'a constant tag', remedy } };
}

/** These give values of the kind they are given, of other times. */
const keepsUnit = new Set(['lag', 'ewma', 'forecast']);

function factsOfMemory(known: () => Known): Known['call'] {
  return ({ name, args: [first] }) => {
    const unit = keepsUnit.has(name) && first ? factsOf(first, known()).unit : undefined;
    return unit ? { ...anything, unit } : undefined;
  };
}

/** Aggregate calls of a `compute` expression, and the expression with a name in place of each, at its place. */
export interface Compute {
  readonly name: string;
  readonly calls: readonly Call[];
  readonly rest: Ast;
}

type Call = Ast & { readonly kind: 'call' };

export function computesOf({ compute }: RuleConfig): readonly Compute[] {
  return Object.entries(compute).map(([name, text]) => {
    const calls: Call[] = [];
    const rest = rewrite(parse(text), (node) => {
      if (node.kind !== 'call' || node.receiver || !aggregateNamed(node.name)) return undefined;
      calls.push(node);
      const written = print(node);
      return { kind: 'name', name: written, written, start: node.start, end: node.end };
    });
    return { name, calls, rest };
  });
}

export interface KnownResults {
  readonly known: Known;
  /** Of what is computed. */
  readonly names: NamedFacts;
}

/** What is known of the results of a window. Aggregates go by their print, which no other name can be. */
export function knownResults(
  { rule, devices, by }: RuleContext,
  computes: readonly Compute[],
  readings: readonly KnownReadings[],
): KnownResults {
  const names = new Map<string, Facts>();
  const aggregates = new Map<string, Facts>();
  const known: Known = {
    ...noNames,
    name: (name) =>
      aggregates.get(name) ?? names.get(name) ?? (by.includes(name) ? joinTags(name, devices) : undefined),
    member: (object, member) => (object === 'prev' ? unitAlone(names.get(member)) : undefined),
    call: factsOfMemory(() => known),
  };
  for (const { name, calls, rest } of computes) {
    for (const call of calls) aggregates.set(print(call), joinAggregate(call, lengthOf(rule), readings));
    names.set(name, factsOf(rest, known));
  }
  return { known, names };
}

function unitAlone(facts: Facts | undefined): Facts | undefined {
  return facts?.unit ? { ...anything, unit: facts.unit } : undefined;
}

function joinTags(name: string, devices: readonly DevicePlan[]): Facts {
  return devices.map((device) => factsOfTag(name, device) ?? unknown).reduce(joinFacts);
}

function joinAggregate(
  { name, args: [first] }: Call,
  lengthMs: number | undefined,
  readings: readonly KnownReadings[],
): Facts {
  const ofDevice = ({ passing }: KnownReadings): Facts =>
    factsOfAggregate(name, first && factsOf(first, passing), lengthMs);
  return readings.map(ofDevice).reduce(joinFacts);
}

function lengthOf({ window }: RuleConfig): number | undefined {
  return window?.kind === 'time' ? window.lengthMs : undefined;
}
