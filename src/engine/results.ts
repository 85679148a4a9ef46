/**
 * Closed windows as rows: aggregate results in the first slots, then one column for each of `compute`.
 *
 * Not here: what becomes of them.
 */

import { type Column, type Rows, type SeriesTable, type StringColumn, setCell } from '../expression/rows.ts';
import type { RulePlan } from '../rules/plan.ts';
import type { Aggregate } from './aggregates/aggregate.ts';
import type { ResultMemory } from './result-memory.ts';
import type { NamedSlot } from './verdict.ts';
import type { ResultStage, WindowResult } from './windows.ts';

export interface Results {
  readonly rows: Rows;
  readonly keys: Int32Array;
  readonly stages: ResultStage[];
  /** For the judgement; `rows.eventMs` is the time of the point, NaN for none. */
  readonly sinceMs: Float64Array;
  readonly atMs: Float64Array;
  /** Their windows end before the time of the point; those by count end with a reading. */
  readonly areEnds: boolean;
  /** Of `compute`. */
  readonly slots: readonly NamedSlot[];
  /** Adds the result of a window; true when the rows are full and must be taken. */
  add(result: WindowResult, aggregates: readonly Aggregate[]): boolean;
  /** Fills the columns of `compute`. */
  compute(): void;
}

/** At a time: a rule must stay small when there are thousands of them. */
const capacity = 32;

/** With memory, rows are full with one result. */
export function createResults(
  { aggregates, computes, window }: RulePlan,
  table: SeriesTable,
  memory?: ResultMemory,
): Results {
  const columns: Column[] = aggregates.map(({ resultType }) =>
    resultType === 'string' ? ([] as StringColumn) : new Float64Array(capacity),
  );
  const keys = new Int32Array(capacity);
  const stages: ResultStage[] = [];
  const sinceMs = new Float64Array(capacity);
  const atMs = new Float64Array(capacity);
  const rows: Rows = {
    n: 0,
    columns,
    // The table of result rows is that of the rule's keys.
    series: keys,
    eventMs: new Float64Array(capacity),
    arrivalMs: new Float64Array(capacity),
    table,
  };
  return {
    rows,
    keys,
    stages,
    sinceMs,
    atMs,
    areEnds: window?.kind !== 'count',
    slots: computes.map(({ name, compiled: { type } }, i) => ({ name, slot: aggregates.length + i, type })),
    add(result, running) {
      const row = rows.n++;
      keys[row] = result.key;
      stages[row] = result.stage;
      rows.eventMs[row] = result.endMs;
      rows.arrivalMs[row] = result.arrivalMs;
      sinceMs[row] = result.sinceMs;
      atMs[row] = result.atMs;
      for (let a = 0; a < running.length; a++) setCell(columns[a]!, row, running[a]!.result(result.slot));
      return rows.n === capacity || memory !== undefined;
    },
    compute() {
      if (memory) {
        memory.compute(rows, keys[0]!, stages[0]!, atMs[0]!);
        return;
      }
      for (const [i, { compiled }] of computes.entries()) {
        columns[aggregates.length + i] = compiled.kernel(rows);
      }
    },
  };
}
