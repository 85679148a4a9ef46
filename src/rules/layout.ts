/** How readings, and results that rules read, lie in columns: which field has which slot, which tag which place. */

import { fromRule } from '../config/from.ts';
import { type DeviceProfile, valueTypeOf } from '../config/schema.ts';
import { parseTopic } from '../config/topic.ts';
import type { DevicePlan, ReadRule, RuleInput, RulePlan } from './plan.ts';

type Fields = DevicePlan['fields'];

/** Fields in the order of the profile; tags of the topic first, then those of the profile. */
export function layoutOf(profile: DeviceProfile): DevicePlan {
  const topicTags = profile.topic === undefined ? [] : parseTopic(profile.topic).tagNames;
  return {
    profile,
    fields: Object.entries(profile.fields).map(([name, { type }]) => ({ name, type: valueTypeOf(type) })),
    tags: [...new Set([...topicTags, ...Object.keys(profile.tags)])],
  };
}

/**
 * The results of a rule as rows, for the rules that read them: what it computes of a window, else its devices' fields and
 * its `let`s; the tags are those of its key.
 */
export function layoutOfResults(plan: RulePlan): DevicePlan {
  const { name, by, inputs, window, latenessMs, idleAfterMs } = plan;
  const fields = window ? namesAndTypes(plan.computes) : distinct(inputs.flatMap(fieldsOfReadings));
  // A window by count gives the time of a reading in it, as readings themselves do.
  const isClosing = window !== undefined && window.kind !== 'count';
  return {
    profile: profileOfResults(fromRule(name), by, fields, { latenessMs, idleAfterMs }),
    fields,
    tags: by,
    rule: {
      name,
      lagMs: isClosing ? latenessMs : Math.min(...inputs.map(({ device }) => lagMsOf(device))),
      left: leftBy(plan, fields),
    },
  };
}

/** How long after readings of a time there are these of that time: 0 for a device. */
export function lagMsOf({ rule }: DevicePlan): number {
  return rule?.lagMs ?? 0;
}

/** As messages call it: `device bus-counter`, `rule bus-load`. */
export function titleOf({ profile, rule }: DevicePlan): string {
  return rule ? `rule ${rule.name}` : `device ${profile.device}`;
}

/** What to do about a name that the readings of a rule that is read have, and its results do not. */
export function leftRemedy({ rule }: DevicePlan, name: string): string | undefined {
  if (rule?.left.tags.includes(name)) return `add it to \`by\` of rule ${rule.name}`;
  if (!rule?.left.fields.includes(name)) return undefined;
  return `rule ${rule.name} reads it but does not compute it: add \`${name}: last(${name})\` there`;
}

function leftBy({ by, inputs }: RulePlan, fields: Fields): ReadRule['left'] {
  const had = inputs.flatMap(fieldsOfReadings).map(({ name }) => name);
  const tags = inputs.flatMap(({ device }) => device.tags);
  return {
    fields: had.filter((name) => !fields.some((field) => field.name === name)),
    tags: tags.filter((name) => !by.includes(name)),
  };
}

function fieldsOfReadings({ device, lets }: RuleInput): Fields {
  return [...device.fields, ...namesAndTypes(lets)];
}

function namesAndTypes(all: RulePlan['computes']): Fields {
  return all.map(({ name, compiled: { type } }) => ({ name, type }));
}

/** One of each name: their types are the same, or the rule is refused. */
function distinct(fields: Fields): Fields {
  return [...new Map(fields.map((field) => [field.name, field])).values()];
}

function profileOfResults(
  device: string,
  tags: readonly string[],
  fields: Fields,
  times: Pick<DeviceProfile, 'latenessMs' | 'idleAfterMs'>,
): DeviceProfile {
  const as = { scale: 1, offset: 0, outside: 'keep' } as const;
  return {
    ...{ device, codec: { name: 'json' }, maxAheadMs: 0, duplicates: 'keep', ...times },
    tags: Object.fromEntries(tags.map((name) => [name, { path: name }])),
    fields: Object.fromEntries(fields.map(({ name, type }) => [name, { type, ...as }])),
  };
}
