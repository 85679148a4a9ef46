/**
 * What a rule's results are made of, by way of the rules it reads: its fields, its key, the devices at the root.
 *
 * Invariant: undefined when a name on the way leads nowhere, or in a circle; that is told elsewhere.
 */

import { ruleNamed } from './from.ts';
import type { DeviceProfile, RuleConfig } from './schema.ts';
import { parseTopic } from './topic.ts';

export interface Sources {
  readonly devices: ReadonlyMap<string, DeviceProfile>;
  /** By name, also those that stand in other files. */
  readonly rules: ReadonlyMap<string, RuleConfig>;
}

/** Names of the fields of a rule's points. */
export function fieldsOf(rule: RuleConfig, sources: Sources): string[] | undefined {
  if (rule.window) return Object.keys(rule.compute);
  const read = fromAll(rule, sources, (profile) => Object.keys(profile.fields), fieldsOf);
  return read && [...new Set([...read.flat(), ...Object.keys(rule.let)])];
}

/** Tags of a rule's key. */
export function keyOf(rule: RuleConfig, sources: Sources): string[] | undefined {
  const read = fromAll(rule, sources, tagNamesOf, keyOf);
  if (!read || rule.by) return read && [...rule.by!];
  return read[0]!.filter((name) => read.every((tags) => tags.includes(name)));
}

/** Names of the devices whose readings come to a rule. */
export function devicesOf(rule: RuleConfig, sources: Sources): string[] | undefined {
  const read = fromAll(rule, sources, ({ device }) => [device], devicesOf);
  return read && [...new Set(read.flat())];
}

/** Names of a device's tags: those of its topic, then those of its profile. */
export function tagNamesOf({ topic, tags }: DeviceProfile): string[] {
  return [...new Set([...(topic === undefined ? [] : parseTopic(topic).tagNames), ...Object.keys(tags)])];
}

/** In the order of `from`. */
function fromAll(
  rule: RuleConfig,
  { devices, rules }: Sources,
  ofDevice: (profile: DeviceProfile) => string[],
  ofRule: (rule: RuleConfig, sources: Sources) => string[] | undefined,
): string[][] | undefined {
  const all = rule.from.map((from) => {
    const name = ruleNamed(from);
    const profile = name === undefined ? devices.get(from) : undefined;
    if (name === undefined) return profile && ofDevice(profile);
    // Without the rule itself: a circle ends.
    const others = new Map([...rules].filter(([, other]) => other !== rule));
    const read = others.get(name);
    return read && ofRule(read, { devices, rules: others });
  });
  return all.includes(undefined) ? undefined : (all as string[][]);
}
