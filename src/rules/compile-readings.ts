/** What a rule makes of single readings, for each of its devices: `let` and `where`. */

import { print } from '../expression/ast.ts';
import { compileText } from '../expression/compile.ts';
import { parse } from '../expression/parse.ts';
import type { NumberKernel } from '../expression/rows.ts';
import { titleOf } from './layout.ts';
import { createMemoryCalls, type MemoryCalls } from './memory/memory-calls.ts';
import type { Where } from './memory/memory-plan.ts';
import { readingWorld } from './memory/memory-worlds.ts';
import type { DevicePlan, NamedCompiled } from './plan.ts';
import type { RuleContext } from './rule-context.ts';
import { type Earlier, readingScope } from './scopes.ts';

export interface Readings {
  readonly lets: readonly NamedCompiled[];
  /** All names of `let`, those that are wrong without a type. */
  readonly names: readonly Earlier[];
  readonly where?: Where;
  /** Calls with memory in them; those in aggregates and alerts are still to be added. */
  readonly memory: MemoryCalls;
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
  const memory = createMemoryCalls(readingWorld(context, device));
  for (const [name, text] of Object.entries(rule.let)) {
    checkFree(context, device, name);
    const uses = new Set<number>();
    const scope = readingScope({ rule, device, lets: names, lookups, place: 'let' });
    const { compiled, problems } = compileText(text, memory.over(scope, ['let', name], uses));
    report.text(['let', name], problems);
    names.push({ name, type: compiled?.type });
    if (!compiled) continue;
    lets.push({ name, compiled });
    const slot = device.fields.length + names.length - 1;
    memory.define(slot, compiled, uses, () => `${name}: ${print(parse(text))}`);
  }
  const where = compileWhere(context, device, names, memory);
  return { lets, names, memory, ...(where && { where }) };
}

function compileWhere(
  { rule, report, lookups }: RuleContext,
  device: DevicePlan,
  lets: readonly Earlier[],
  memory: MemoryCalls,
): Where | undefined {
  if (rule.where === undefined) return undefined;
  const uses = new Set<number>();
  const scope = memory.over(readingScope({ rule, device, lets, lookups, place: 'where' }), ['where'], uses);
  const { compiled, problems } = compileText(rule.where, scope, { type: 'boolean', what: '`where`' });
  report.text(['where'], problems);
  return compiled && { kernel: compiled.kernel as NumberKernel, uses };
}

function checkFree({ report }: RuleContext, device: DevicePlan, name: string): void {
  const { fields, tags } = device;
  const isField = fields.some((field) => field.name === name);
  if (!isField && !tags.includes(name)) return;
  const what = isField ? 'field' : 'tag';
  report.value(
    ['let', name],
    `\`${name}\` is already a ${what} of ${titleOf(device)}`,
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
