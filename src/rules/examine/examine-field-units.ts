/** Fields of one name that several devices of a rule measure in different units. */

import { differ, unitOf } from '../../expression/facts/units.ts';
import { namesReadIn } from '../names-read.ts';
import type { RuleContext } from '../rule-context.ts';

export function examineFieldUnits({ rule, devices, report }: RuleContext): void {
  const [first, ...others] = devices;
  if (others.length === 0) return;
  const read = namesReadIn(rule);
  const isForwarded = rule.window === undefined && rule.forward !== false;
  for (const { name } of first!.fields) {
    if (!isForwarded && !read.has(name)) continue;
    const unit = unitOf(first!.profile.fields[name]?.unit);
    const other = others.find(({ profile }) => differ(unit, unitOf(profile.fields[name]?.unit)));
    if (!other) continue;
    const message = `\`${name}\` is in ${unit} in ${first!.profile.device}, in ${other.profile.fields[name]!.unit} in ${other.profile.device}`;
    const remedy = 'convert one of them in its profile, with `scale` and `offset`, or write a rule for each';
    report.value(['from'], message, remedy, 'warning');
  }
}
