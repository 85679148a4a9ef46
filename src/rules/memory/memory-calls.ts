/**
 * Calls with memory in the expressions of a rule: `zscore(t, 1h)`, `lag(mean)`, `prev.mean`. Each stands for a column
 * that the engine fills row by row; equal ones share it.
 *
 * Invariants: a call is found before what uses it, so definitions stand in an order in which each finds what it needs;
 * the same texts, over whatever device, find the same calls in the same order.
 * Not here: what the functions compute, and when their columns are filled.
 */

import type { KeyPath } from '../../config/located.ts';
import { type Ast, print } from '../../expression/ast.ts';
import { check } from '../../expression/check.ts';
import { compile } from '../../expression/compile.ts';
import type { ExpressionProblem } from '../../expression/error.ts';
import type { Compiled } from '../../expression/rows.ts';
import type { Binding, Scope } from '../../expression/scope.ts';
import type { MemoryPlan, MemoryStep } from '../plan.ts';
import { type MemoryEntry, memoryFunctionNamed, memoryFunctions } from './memory-functions.ts';
import { parametersOf } from './memory-parameters.ts';

type Call = Ast & { readonly kind: 'call' };
type Tell = (problem: ExpressionProblem) => void;

export interface FoundCall {
  readonly call: Call;
  /** Where it was first written. */
  readonly path: KeyPath;
  /** Absent when it is wrong. */
  readonly plan?: Omit<MemoryPlan, 'identity'>;
}

/** How a column comes about: its step, and the slots that step reads. */
export interface Definition {
  readonly step: MemoryStep;
  readonly uses: ReadonlySet<number>;
  /** What its column means, in one spelling. */
  readonly text: () => string;
}

/** What calls with memory are over: readings of a device, or results of a window. */
export interface MemoryWorld {
  /** Slot of the first call's column. */
  readonly firstSlot: number;
  /** A name that `lag` and `prev` may also mean, computed below; over results. */
  ahead?(name: string): Binding | undefined;
  /** Whether `prev.name` stands for `lag(name)`. */
  hasPrevious(name: string): boolean;
  /** What to say of `prev` or `prev.name` where it is nothing. */
  previousMistake(name: string): { readonly message: string; readonly remedy: string };
  /** The remedy for a name in the argument of a call that is known elsewhere. */
  argumentHint(name: string, call: Call): string | undefined;
}

export interface MemoryCalls {
  readonly found: readonly FoundCall[];
  /** By slot, in the order of their steps: calls, and what `define` was told of. */
  readonly definitions: ReadonlyMap<number, Definition>;
  /** The scope with calls with memory in it; slots that are read are added to `uses`. */
  over(scope: Scope, path: KeyPath, uses: Set<number>): Scope;
  /** Says what a column is computed from. */
  define(slot: number, compiled: Compiled, uses: ReadonlySet<number>, text: () => string): void;
}

export function createMemoryCalls(world: MemoryWorld): MemoryCalls {
  const found: FoundCall[] = [];
  const bindings = new Map<string, Binding>();
  const definitions = new Map<number, Definition>();

  function bindingOf(call: Call, scope: Scope, path: KeyPath, tell: Tell): Binding {
    const written = print(call);
    const known = bindings.get(written);
    if (known) return known;
    const uses = new Set<number>();
    const inside = over(argumentScope(world, call, scope), path, uses);
    const understood = understand(call, memoryFunctionNamed(call.name)!, inside, tell);
    const memory = found.length;
    const slot = world.firstSlot + memory;
    found.push({ call, path, ...(understood && { plan: understood.plan }) });
    if (understood) {
      const step: MemoryStep = { kind: 'memory', slot, memory, argument: understood.argument };
      definitions.set(slot, { step, uses, text: () => written });
    }
    const binding: Binding = understood
      ? { kind: 'column', slot, type: understood.plan.resultType }
      : { kind: 'broken' };
    bindings.set(written, binding);
    return binding;
  }

  function over(scope: Scope, path: KeyPath, uses: Set<number>): Scope {
    const noted = (binding: Binding | undefined): Binding | undefined => {
      if (binding?.kind === 'column') uses.add(binding.slot);
      return binding;
    };
    return {
      ...scope,
      resolve: (name) => noted(scope.resolve(name)),
      resolveMember(object, member) {
        const binding = scope.resolveMember(object, member);
        if (binding || object !== 'prev' || !world.hasPrevious(member)) return noted(binding);
        return noted(bindingOf(previousOf(member), scope, path, () => {}));
      },
      resolveCall(call, tell) {
        if (!memoryFunctionNamed(call.name)) return scope.resolveCall?.(call, tell);
        return call.receiver ? afterDot(call, tell) : noted(bindingOf(call, scope, path, tell));
      },
      unknown: (name) => (isPrevious(name) ? world.previousMistake(name).message : scope.unknown(name)),
      hint: (name) => (isPrevious(name) ? world.previousMistake(name).remedy : scope.hint?.(name)),
      moreFunctions: () => [...(scope.moreFunctions?.() ?? []), ...Object.keys(memoryFunctions)],
    };
  }

  return {
    found,
    definitions,
    over,
    define(slot, compiled, uses, text) {
      const remembers = [...uses].some((used) => isRemembering(definitions.get(used)));
      definitions.set(slot, { step: { kind: 'value', slot, compiled, remembers }, uses, text });
    },
  };
}

function isRemembering(definition: Definition | undefined): boolean {
  return definition !== undefined && (definition.step.kind === 'memory' || definition.step.remembers);
}

function isPrevious(name: string): boolean {
  return name === 'prev' || name.startsWith('prev.');
}

function previousOf(name: string): Call {
  const nowhere = { start: 0, end: 0 };
  return { kind: 'call', name: 'lag', args: [{ kind: 'name', name, ...nowhere }], ...nowhere };
}

function afterDot(call: Call, tell: Tell): Binding {
  const remedy = `write ${call.name}(${[call.receiver!, ...call.args].map(print).join(', ')})`;
  const { start, end } = call;
  tell({ message: `\`${call.name}\` is not written after a dot`, start, end, remedy });
  return { kind: 'broken' };
}

function argumentScope(world: MemoryWorld, call: Call, scope: Scope): Scope {
  return {
    ...scope,
    resolve: (name) => scope.resolve(name) ?? (call.name === 'lag' ? world.ahead?.(name) : undefined),
    hint: (name) => world.argumentHint(name, call) ?? scope.hint?.(name),
  };
}

interface Understood {
  readonly plan: Omit<MemoryPlan, 'identity'>;
  readonly argument: Compiled;
}

/** Checks a call; undefined when it is wrong, which `tell` is told. */
function understand(call: Call, entry: MemoryEntry, scope: Scope, tell: Tell): Understood | undefined {
  const parameters = parametersOf(call, entry, tell);
  const [node] = call.args;
  if (!node) return undefined;
  const { typed, problems } = check(node, scope);
  problems.forEach(tell);
  if (!typed || !parameters) return undefined;
  if (!entry.takes.includes(typed.type)) {
    const message = `\`${call.name}\` takes a ${entry.takes.join(' or a ')}; \`${print(node)}\` is a ${typed.type}`;
    const number = typed.type === 'string' ? `double(${print(node)})` : `${print(node)} ? 1 : 0`;
    tell({ message, start: node.start, end: node.end, remedy: `write ${number} there` });
    return undefined;
  }
  const argument = compile(typed);
  const resultType = entry.resultType === 'as argument' ? argument.type : entry.resultType;
  return { plan: { fn: call.name, parameters, argumentType: argument.type, resultType }, argument };
}
