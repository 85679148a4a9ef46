/** What calls with memory are over, in the words of a rule: the readings of a device, or the results of its window. */

import { closest } from '../../core/suggest.ts';
import { print } from '../../expression/ast.ts';
import type { Binding } from '../../expression/scope.ts';
import type { DevicePlan } from '../plan.ts';
import type { RuleContext } from '../rule-context.ts';
import type { MemoryWorld } from './memory-calls.ts';

/** Columns of calls follow the fields and the lets. */
export function readingWorld(context: RuleContext, device: DevicePlan): MemoryWorld {
  const { rule } = context;
  return {
    firstSlot: device.fields.length + Object.keys(rule.let).length,
    hasPrevious: () => false,
    argumentHint: () => undefined,
    previousMistake(written) {
      const name = memberOf(written);
      const isReading = name !== undefined && isOfReadings(context, name);
      const reading = `for the reading before write lag(${isReading ? name : 'x'})`;
      if (!rule.window)
        return { message: `rule ${rule.name} has no window before: \`prev\` needs one`, remedy: reading };
      return {
        message: `\`${written}\` is of the window before; this is about single readings`,
        remedy: `use it in \`compute\` or \`alert\`; ${reading}`,
      };
    },
  };
}

/** Columns of calls follow the aggregates and the computed names. `ahead` knows computed names further down. */
export function resultWorld(
  context: RuleContext,
  firstSlot: number,
  ahead: (name: string) => Binding | undefined,
): MemoryWorld {
  const { rule } = context;
  return {
    firstSlot,
    ahead,
    hasPrevious: (name) => Object.hasOwn(rule.compute, name),
    previousMistake: (written) => previousMistake(context, written),
    argumentHint(name, call) {
      if (Object.hasOwn(rule.compute, name) || !isOfReadings(context, name)) return undefined;
      const result = `${name}_${call.name}`;
      return `it is a value of each reading: write \`${result}: ${print(call)}\` in \`let\`, and here last(${result})`;
    },
  };
}

function previousMistake(
  context: RuleContext,
  written: string,
): { readonly message: string; readonly remedy: string } {
  const computed = Object.keys(context.rule.compute);
  const name = memberOf(written);
  const known = computed.map((one) => `prev.${one}`).join(', ');
  if (name === undefined) {
    return {
      message: '`prev` stands for all results of the window before',
      remedy: `name one of them: ${known}`,
    };
  }
  const message = `\`${name}\` is not computed in rule ${context.rule.name}`;
  const near = closest(name, computed);
  if (near) return { message, remedy: `did you mean \`prev.${near}\`?` };
  return isOfReadings(context, name)
    ? { message, remedy: `compute it, such as \`${name}_last: last(${name})\`, and write prev.${name}_last` }
    : { message, remedy: `known here: ${known}` };
}

function memberOf(written: string): string | undefined {
  return written.startsWith('prev.') ? written.slice('prev.'.length) : undefined;
}

function isOfReadings({ rule, devices }: RuleContext, name: string): boolean {
  return (
    Object.hasOwn(rule.let, name) || devices.some(({ fields }) => fields.some((field) => field.name === name))
  );
}

/** `prev` has one meaning. */
export function checkLookupNames({ rule, report }: RuleContext): void {
  if (!Object.hasOwn(rule.lookup, 'prev')) return;
  report.value(['lookup', 'prev'], '`prev` stands for the window before', 'give the table another name');
}
