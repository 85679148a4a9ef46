/** Found calls with memory → what the plan says of them: states with their identities, and steps in order. */

import { print } from '../../expression/ast.ts';
import type { NumberKernel } from '../../expression/rows.ts';
import type { MemoryPlan, MemoryStep, ReadingMemoryPlan, ResultMemoryPlan } from '../plan.ts';
import type { RuleContext } from '../rule-context.ts';
import type { FoundCall, MemoryCalls } from './memory-calls.ts';

/** By the order in which they were found; of a rule without mistakes. */
export function memoryPlansOf({ found, definitions }: MemoryCalls): MemoryPlan[] {
  const ofMemory = [...definitions.values()].filter(({ step }) => step.kind === 'memory');
  return found.map(({ call, plan }, i) => ({
    ...plan!,
    identity: identityOf(call, plan!, ofMemory[i]!.uses, definitions),
  }));
}

/** The call, with durations as ms, and the meaning of each name it stands on. */
function identityOf(
  call: FoundCall['call'],
  { fn, parameters, argumentType }: Omit<MemoryPlan, 'identity'>,
  uses: ReadonlySet<number>,
  definitions: MemoryCalls['definitions'],
): string {
  const meanings = [...closureOf(uses, definitions)]
    .map((slot) => definitions.get(slot)!)
    .filter(({ step }) => step.kind === 'value')
    .map(({ text }) => text())
    .sort();
  return JSON.stringify([fn, parameters, print(call.args[0]!), argumentType, ...meanings]);
}

/** Slots of these and of all that their definitions stand on; slots without a definition are plain columns. */
function closureOf(uses: Iterable<number>, definitions: MemoryCalls['definitions']): ReadonlySet<number> {
  const all = new Set<number>();
  const add = (slot: number): void => {
    const definition = definitions.get(slot);
    if (!definition || all.has(slot)) return;
    all.add(slot);
    definition.uses.forEach(add);
  };
  for (const slot of uses) add(slot);
  return all;
}

export interface Where {
  readonly kernel: NumberKernel;
  readonly uses: ReadonlySet<number>;
}

/** The steps over readings, those before and after `where`; `firstLet` is the slot of the first let. */
export function readingMemoryOf(
  { definitions }: MemoryCalls,
  where: Where | undefined,
  firstLet: number,
): ReadingMemoryPlan {
  const needed = closureOf(where?.uses ?? [], definitions);
  const remembers = [...needed].some((slot) => definitions.get(slot)!.step.kind === 'memory');
  const all = [...definitions.values()].map(({ step }) => step);
  const plain = all.filter((step) => step.kind === 'value' && !step.remembers);
  const steps = all.filter((step) => !plain.includes(step));
  const isBefore = ({ slot }: MemoryStep): boolean => remembers && needed.has(slot);
  return {
    plainLets: plain.map(({ slot }) => slot - firstLet),
    before: steps.filter(isBefore),
    ...(where && remembers && { where: where.kernel }),
    after: steps.filter((step) => !isBefore(step)),
  };
}

/** The steps over results: all of `compute`, and calls of alerts behind them. */
export function resultMemoryOf(calls: MemoryCalls): ResultMemoryPlan {
  const steps = [...calls.definitions.values()].map(({ step }) => step);
  return { memories: memoryPlansOf(calls), steps };
}

/** All devices of a rule share the state of a call, which is of one type. In the order of the devices. */
export function checkSameMemory({ devices, report }: RuleContext, all: readonly MemoryCalls[]): void {
  for (const [i, { call, path, plan }] of all[0]!.found.entries()) {
    for (const [d, { found }] of all.entries()) {
      const other = found[i]?.plan;
      if (!plan || !other || other.argumentType === plan.argumentType) continue;
      const types = [
        `a ${plan.argumentType} for ${devices[0]!.profile.device}`,
        `a ${other.argumentType} for ${devices[d]!.profile.device}`,
      ];
      const message = `the argument of \`${call.name}\` is ${types.join(', ')}`;
      const remedy = 'one rule has one state: convert with double(…) or string(…), or split the rule';
      report.text(path, [{ message, start: call.start, end: call.end, remedy }]);
    }
  }
}
