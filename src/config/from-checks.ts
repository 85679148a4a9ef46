/**
 * Mistakes in `from`: names of devices and rules that lead nowhere, and rules that read themselves.
 *
 * Invariant: a name whose own file has errors is not judged; a cycle is told once.
 */

import { closest } from '../core/suggest.ts';
import { fromRule, readBy, ruleNamed } from './from.ts';
import type { LocatedRule } from './located.ts';
import { show } from './shapes.ts';

/** What `from` may name. */
export interface Readable {
  /** Also those whose files have errors. */
  readonly devices: readonly string[];
  readonly rules: readonly LocatedRule[];
  /** Names of rules that are not looked at: somebody may have meant one of them. */
  readonly otherRules?: readonly string[];
  /** Whether a rule of that name may be among those whose files have errors. */
  readonly mayBeBroken: (rule: string) => boolean;
}

export interface FromMistake {
  /** Place in `from`. */
  readonly index: number;
  readonly message: string;
  readonly remedy: string;
}

/** The mistakes of every rule, by the rule. */
export function checkFrom(readable: Readable): Map<LocatedRule, FromMistake[]> {
  const { rules, otherRules = [] } = readable;
  const ruleNames = new Set([...rules.map(({ rule }) => rule.name), ...otherRules]);
  const known = { devices: new Set(readable.devices), rules: ruleNames, mayBeBroken: readable.mayBeBroken };
  const mistakes = new Map(rules.map((located) => [located, strangeNames(located, known)]));
  for (const { rule, mistake } of cycles(rules)) mistakes.get(rule)!.push(mistake);
  return mistakes;
}

interface Known {
  readonly devices: ReadonlySet<string>;
  readonly rules: ReadonlySet<string>;
  readonly mayBeBroken: (rule: string) => boolean;
}

function strangeNames({ rule }: LocatedRule, { devices, rules, mayBeBroken }: Known): FromMistake[] {
  return rule.from.flatMap((from, index) => {
    const name = ruleNamed(from);
    const found =
      name === undefined ? strangeDevice(from, devices, rules) : strangeRule(name, devices, rules);
    return found && !mayBeBroken(name ?? from) ? [{ index, ...found }] : [];
  });
}

type Words = Omit<FromMistake, 'index'> | undefined;

function strangeDevice(name: string, devices: ReadonlySet<string>, rules: ReadonlySet<string>): Words {
  if (devices.has(name)) return undefined;
  if (rules.has(name)) {
    return { message: `${show(name)} is a rule`, remedy: `write \`${fromRule(name)}\` to read its results` };
  }
  const near = closest(name, devices);
  const nearRule = closest(name, rules);
  const known = devices.size > 0 ? `known: ${firstOf(devices)}` : 'there is no device yet';
  const remedy = near
    ? `did you mean \`${near}\`?`
    : nearRule
      ? `did you mean \`${fromRule(nearRule)}\`?`
      : known;
  return { message: `unknown device ${show(name)}`, remedy };
}

function strangeRule(written: string, devices: ReadonlySet<string>, rules: ReadonlySet<string>): Words {
  const name = written.trim();
  if (rules.has(name)) {
    if (name === written) return undefined;
    return { message: 'a blank in the name of a rule', remedy: `write \`${fromRule(name)}\`` };
  }
  if (devices.has(name)) {
    return { message: `${show(name)} is a device, not a rule`, remedy: `write \`${name}\`` };
  }
  const near = closest(name, rules);
  const known = `known: ${firstOf(rules)}`;
  return {
    message: `unknown rule ${show(name)}`,
    remedy: near ? `did you mean \`${fromRule(near)}\`?` : known,
  };
}

function firstOf(names: ReadonlySet<string>): string {
  return [...names].slice(0, 20).join(', ');
}

/** Every cycle, at the first of its rules. */
function cycles(rules: readonly LocatedRule[]): { rule: LocatedRule; mistake: FromMistake }[] {
  const byName = new Map(rules.toReversed().map((located) => [located.rule.name, located]));
  const told = new Set<LocatedRule>();
  const endless = inOrBehindCycles(rules, byName);
  return rules.flatMap((located) => {
    if (told.has(located) || !endless.has(located)) return [];
    const cycle = cycleFrom(located, byName);
    if (!cycle) return [];
    for (const one of cycle) told.add(one);
    const names = [...cycle, located].map(({ rule }) => rule.name);
    const index = located.rule.from.indexOf(fromRule(names[1]!));
    return [{ rule: located, mistake: { index, ...wordsOf(names) } }];
  });
}

/** Rules from which one comes to a cycle: those left when rules that read nothing left are taken away, one by one. */
function inOrBehindCycles(
  rules: readonly LocatedRule[],
  byName: ReadonlyMap<string, LocatedRule>,
): ReadonlySet<LocatedRule> {
  const left = new Set(rules);
  const readers = new Map<LocatedRule, LocatedRule[]>();
  const unread = new Map<LocatedRule, number>();
  for (const located of rules) {
    const read = new Set(readBy(located.rule).map((name) => byName.get(name)));
    read.delete(undefined);
    unread.set(located, read.size);
    for (const one of read as Set<LocatedRule>) {
      const known = readers.get(one);
      if (known) known.push(located);
      else readers.set(one, [located]);
    }
  }
  const free = rules.filter((located) => unread.get(located) === 0);
  for (const located of free) {
    left.delete(located);
    for (const reader of readers.get(located) ?? []) {
      const rest = unread.get(reader)! - 1;
      unread.set(reader, rest);
      if (rest === 0) free.push(reader);
    }
  }
  return left;
}

/** Names of a cycle that are told; of a longer one its ends. */
const mostTold = 20;

function wordsOf(names: readonly string[]): Omit<FromMistake, 'index'> {
  return names.length === 2
    ? {
        message: `rule \`${names[0]}\` reads itself`,
        remedy: 'name the device or rule that it computes from',
      }
    : {
        message: `a cycle: ${shortened(names).join(' reads ')}`,
        remedy: 'one of them must read something else: rules read each other in one direction',
      };
}

function shortened(names: readonly string[]): readonly string[] {
  return names.length <= mostTold ? names : [...names.slice(0, mostTold - 2), '…', ...names.slice(-2)];
}

/** The shortest way from a rule back to itself, with it first; undefined when there is none. */
function cycleFrom(start: LocatedRule, byName: ReadonlyMap<string, LocatedRule>): LocatedRule[] | undefined {
  const cameFrom = new Map<LocatedRule, LocatedRule>();
  const queue = [start];
  for (const one of queue) {
    for (const next of readBy(one.rule).map((name) => byName.get(name))) {
      if (next === start) return wayTo(one, cameFrom);
      if (next === undefined || cameFrom.has(next)) continue;
      cameFrom.set(next, one);
      queue.push(next);
    }
  }
  return undefined;
}

function wayTo(last: LocatedRule, cameFrom: ReadonlyMap<LocatedRule, LocatedRule>): LocatedRule[] {
  const way: LocatedRule[] = [];
  for (let one: LocatedRule | undefined = last; one; one = cameFrom.get(one)) way.push(one);
  return way.toReversed();
}
