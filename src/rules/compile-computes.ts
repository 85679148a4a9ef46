/** What a rule computes of a window: aggregates of readings, and expressions over their results (compile-results.ts). */

import type { ValueType } from '../core/types.ts';
import type { Ast } from '../expression/ast.ts';
import { ExpressionError } from '../expression/error.ts';
import { parse } from '../expression/parse.ts';
import type { Compiled } from '../expression/rows.ts';
import { type AggregateCall, createFoundCalls, type Understood, understandCall } from './aggregate-calls.ts';
import type { Readings } from './compile-readings.ts';
import { compileResults } from './compile-results.ts';
import type { MemoryCalls } from './memory/memory-calls.ts';
import type { AggregatePlan, NamedCompiled } from './plan.ts';
import type { RuleContext } from './rule-context.ts';
import { aggregateSlot, type Earlier, readingScope } from './scopes.ts';

export interface Computed {
  readonly aggregates: readonly AggregatePlan[];
  readonly computes: readonly NamedCompiled[];
  /** All names of `compute`, those that are wrong without a type. */
  readonly names: readonly Earlier[];
  /** Names that are the result of an aggregate and nothing else, with its place. */
  readonly plain: ReadonlyMap<string, number>;
  /** What each aggregate was written as. */
  readonly calls: readonly AggregateCall[];
  /** By device, then by aggregate. */
  readonly arguments: readonly (readonly (readonly Compiled[])[])[];
  /** Calls with memory over results; those in alerts are still to be added. Absent without a window. */
  readonly memory?: MemoryCalls;
}

/** Of a rule without a window. */
export const nothingComputed: Computed = {
  aggregates: [],
  computes: [],
  names: [],
  plain: new Map(),
  calls: [],
  arguments: [],
};

export function compileComputes(context: RuleContext, readings: readonly Readings[]): Computed {
  const { calls, rest } = takeCalls(context);
  const understood = calls.map(({ call, name }) => understandEverywhere(context, readings, call, name));
  for (const name of rest.keys()) checkFree(context, name);
  const types = understood.map((one) => one?.plan.resultType);
  return {
    ...compileResults(context, types, rest),
    aggregates: understood.map((one) => one?.plan).filter((plan) => plan !== undefined),
    plain: plainOf(rest),
    calls: calls.map(({ call }) => call),
    arguments: context.devices.map((_, d) => understood.map((one) => one?.arguments[d] ?? [])),
  };
}

function plainOf(expressions: ReadonlyMap<string, Ast | undefined>): ReadonlyMap<string, number> {
  const slots = [...expressions].flatMap(([name, expression]): [string, number][] => {
    const slot = expression?.kind === 'name' ? aggregateSlot(expression.name) : undefined;
    return slot === undefined ? [] : [[name, slot]];
  });
  return new Map(slots);
}

interface NamedCall {
  readonly call: AggregateCall;
  /** The computed name it was first written for. */
  readonly name: string;
}

function takeCalls({ rule, report }: RuleContext): {
  calls: NamedCall[];
  rest: Map<string, Ast | undefined>;
} {
  const calls: NamedCall[] = [];
  const found = createFoundCalls();
  const rest = new Map<string, Ast | undefined>();
  for (const [name, text] of Object.entries(rule.compute)) {
    try {
      rest.set(
        name,
        found.take(parse(text), (call) => calls.push({ call, name })),
      );
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      report.text(['compute', name], [error]);
      rest.set(name, undefined);
    }
  }
  return { calls, rest };
}

interface Everywhere {
  readonly plan: AggregatePlan;
  /** By device: the columns of the call's arguments. */
  readonly arguments: readonly (readonly Compiled[])[];
}

/** A call over the readings of all devices; undefined when it is wrong for one of them. */
function understandEverywhere(
  { rule, devices, lookups, report }: RuleContext,
  readings: readonly Readings[],
  call: AggregateCall,
  name: string,
): Everywhere | undefined {
  const all = devices.map((device, d) => {
    const { names, memory } = readings[d]!;
    const scope = readingScope({ rule, device, lets: names, lookups, place: 'argument' });
    const path = ['compute', name];
    const withMemory = memory.over(scope, path, new Set());
    return understandCall(call, withMemory, (problems) => report.text(path, problems));
  });
  const [first] = all;
  if (!first || all.some((one) => !one)) return undefined;
  // Only the first argument may be of several types.
  const typeIn = (one: Understood | undefined): ValueType | undefined => one?.arguments[0]?.type;
  const other = all.findIndex((one) => typeIn(one) !== typeIn(first));
  if (other >= 0) {
    const types = [0, other].map((d) => `a ${typeIn(all[d])} for ${devices[d]!.profile.device}`);
    const message = `the argument of \`${call.name}\` is ${types.join(', ')}`;
    const remedy = 'one rule computes with one type: convert with double(…) or string(…), or split the rule';
    report.text(['compute', name], [{ message, start: call.start, end: call.end, remedy }]);
    return undefined;
  }
  const plan: AggregatePlan = {
    fn: call.name,
    parameters: first.parameters,
    argumentType: typeIn(first),
    resultType: first.resultType,
  };
  return { plan, arguments: all.map((one) => one!.arguments) };
}

function checkFree({ by, report }: RuleContext, name: string): void {
  if (!by.includes(name)) return;
  const remedy = 'choose another name: a point cannot have a tag and a field of one name';
  report.value(['compute', name], `\`${name}\` is a tag of the key`, remedy);
}
