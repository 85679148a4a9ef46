/**
 * Functions with memory over the results of a rule's windows, one result at a time: `prev` may be of a name that is
 * computed from it.
 *
 * Invariants: only final results are learnt. Early ones are judged as if they were final. A revised result is of the
 * past, of which nothing is known any more: what is computed with memory is null in it.
 */

import type { ValueType } from '../../core/types.ts';
import { type Column, type Rows, setCell } from '../../expression/rows.ts';
import type { MemoryStep, ResultMemoryPlan } from '../../rules/plan.ts';
import type { ResultStage } from '../windows/windows.ts';
import { createMemory, loadMemories, type SavedMemories, saveMemories } from './memory.ts';

export interface ResultMemory {
  /** Fills the columns of one result, which is the only row: those of `compute`, and those with memory. */
  compute(rows: Rows, key: number, stage: ResultStage, atMs: number): void;
  save(keys: number): SavedMemories;
  load(saved: SavedMemories, keys: number): void;
}

type CallStep = MemoryStep & { readonly kind: 'memory' };

/** Undefined for a rule without such functions. */
export function createResultMemory(
  plan: ResultMemoryPlan | undefined,
  lagMs: () => number,
): ResultMemory | undefined {
  if (plan === undefined) return undefined;
  const { memories: plans, steps } = plan;
  const memories = plans.map(createMemory);
  const columns = plans.map(({ resultType }) => emptyCell(resultType));
  const lags = steps.filter((step): step is CallStep => step.kind === 'memory' && isLag(step));

  function isLag({ memory }: CallStep): boolean {
    return plans[memory]!.fn === 'lag';
  }

  function remember(step: CallStep, rows: Rows, key: number, stage: ResultStage, timeMs: number): Column {
    const column = columns[step.memory]!;
    if (stage === 'revised') return emptyCell(plans[step.memory]!.resultType);
    const memory = memories[step.memory]!;
    memory.meet(key);
    if (isLag(step)) {
      setCell(column, 0, memory.judge(key, timeMs, null));
      return column;
    }
    const x = step.argument.kernel(rows)[0]!;
    setCell(column, 0, memory.judge(key, timeMs, x));
    if (stage === 'final') memory.learn(key, timeMs, x);
    return column;
  }

  return {
    compute(rows, key, stage, atMs) {
      const endMs = rows.eventMs[0]!;
      const timeMs = (Number.isNaN(endMs) ? atMs : endMs) - lagMs();
      for (const step of steps) {
        if (step.kind === 'memory') rows.columns[step.slot] = remember(step, rows, key, stage, timeMs);
        else if (stage === 'revised' && step.remembers)
          rows.columns[step.slot] = emptyCell(step.compiled.type);
        else rows.columns[step.slot] = step.compiled.kernel(rows);
      }
      if (stage !== 'final') return;
      // The argument of `lag` may be a name further down: only now is all of it known.
      const values = lags.map(({ argument }) => argument.kernel(rows)[0]!);
      for (const [i, { memory }] of lags.entries()) memories[memory]!.learn(key, timeMs, values[i]!);
    },
    save: (keys) => saveMemories(plans, memories, keys),
    load: (saved, keys) => loadMemories(plans, memories, saved, keys),
  };
}

/** A column of one null. */
function emptyCell(type: ValueType): Column {
  return type === 'string' ? [null] : Float64Array.of(Number.NaN);
}
