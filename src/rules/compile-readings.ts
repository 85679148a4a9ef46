/** What a rule makes of single readings, for each of its devices: `let` and `where`. */

import { compileText } from '../expression/compile.ts';
import type { NumberKernel } from '../expression/rows.ts';
import type { DevicePlan, NamedCompiled } from './plan.ts';
import type { RuleContext } from './rule-context.ts';
import { type Earlier, readingScope } from './scopes.ts';

export interface Readings {
  readonly lets: readonly NamedCompiled[];
  /** All names of `let`, those that are wrong without a type. */
  readonly names: readonly Earlier[];
  readonly where?: NumberKernel;
}

/** In the order of the devices. */
export function compileReadings(context: RuleContext): readonly Readings[] {
  const all = context.devices.map((device) => compileDevice(context, device));
  checkSameTypes(context, all);
  return all;
}

function compileDevice(context: RuleContext, device: DevicePlan): Readings {
  const { rule, report, lookups } = context;
  const lets: NamedCompiled[] = [];
  const names: Earlier[] = [];
  for (const [name, text] of Object.entries(rule.let)) {
    checkFree(context, device, name);
    const scope = readingScope({ rule, device, lets: names, lookups, place: 'let' });
    const { compiled, problems } = compileText(text, scope);
    report.text(['let', name], problems);
    names.push({ name, type: compiled?.type });
    if (compiled) lets.push({ name, compiled });
  }
  if (rule.where === undefined) return { lets, names };
  const scope = readingScope({ rule, device, lets: names, lookups, place: 'where' });
  const { compiled, problems } = compileText(rule.where, scope, { type: 'boolean', what: '`where`' });
  report.text(['where'], problems);
  return compiled ? { lets, names, where: compiled.kernel as NumberKernel } : { lets, names };
}

function checkFree({ report }: RuleContext, { profile, fields, tags }: DevicePlan, name: string): void {
  const isField = fields.some((field) => field.name === name);
  if (!isField && !tags.includes(name)) return;
  const what = isField ? 'field' : 'tag';
  report.value(
    ['let', name],
    `\`${name}\` is already a ${what} of device ${profile.device}`,
    'choose another name',
  );
}

function checkSameTypes({ rule, devices, report }: RuleContext, all: readonly Readings[]): void {
  for (const [i, name] of Object.keys(rule.let).entries()) {
    const first = all[0]!.names[i]!.type;
    for (const [d, { names }] of all.entries()) {
      const type = names[i]!.type;
      if (first === undefined || type === undefined || type === first) continue;
      const message = `\`${name}\` is a ${first} for ${devices[0]!.profile.device}, a ${type} for ${devices[d]!.profile.device}`;
      report.value(['let', name], message, 'one name has one type: convert with double(…) or string(…)');
    }
  }
}
