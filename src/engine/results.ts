/**
 * Closed windows as rows: aggregate results in the first slots, then one column for each of `compute`.
 *
 * Rows are a rule's from its first result until they are taken: a rule that closes nothing keeps none.
 * Not here: what becomes of them.
 */

import { type NumberColumn, type Rows, type SeriesTable, setCell } from '../expression/rows.ts';
import type { RulePlan } from '../rules/plan.ts';
import type { Aggregate } from './aggregates/aggregate.ts';
import type { ResultMemory } from './memory/result-memory.ts';
import type { NamedSlot } from './verdict.ts';
import type { ResultStage, WindowResult } from './windows/windows.ts';

/** By result, in room that any rule may be given. */
export interface ResultRoom {
  readonly keys: Int32Array;
  readonly stages: ResultStage[];
  /** For the judgement; `rows.eventMs` is the time of the point, NaN for none. */
  readonly sinceMs: Float64Array;
  readonly atMs: Float64Array;
  readonly eventMs: Float64Array;
  readonly arrivalMs: Float64Array;
  /** Columns of aggregates whose results are numbers, as many as a rule has needed. */
  readonly numbers: NumberColumn[];
  /** By the means of `ForwardPlan`, their weights. */
  readonly weights: NumberColumn[];
}

export interface Results {
  /** Their windows end before the time of the point; those by count end with a reading. */
  readonly areEnds: boolean;
  /** Of `compute`. */
  readonly slots: readonly NamedSlot[];
  /** Adds the result of a window; true when the rows are full and must be taken. */
  add(result: WindowResult, aggregates: readonly Aggregate[]): boolean;
  /** Hands the results over, if there are any, with the columns of `compute`; they are good until `use` returns. */
  take(use: (rows: Rows, room: ResultRoom) => void): void;
}

/** At a time: what is computed of them has columns of its own in every rule. */
const capacity = 32;

/**
 * Of all rules: they hold results only while rows are folded or time passes, so there are as many as rules read each other
 * in a row.
 */
const freeRooms: ResultRoom[] = [];

function createRoom(): ResultRoom {
  return {
    keys: new Int32Array(capacity),
    stages: [],
    sinceMs: new Float64Array(capacity),
    atMs: new Float64Array(capacity),
    eventMs: new Float64Array(capacity),
    arrivalMs: new Float64Array(capacity),
    numbers: [],
    weights: [],
  };
}

/** With memory, rows are full with one result. */
export function createResults(
  { aggregates, computes, window, forward }: RulePlan,
  table: SeriesTable,
  memory?: ResultMemory,
): Results {
  const means = forward?.means ?? [];
  let rows: Rows | undefined;
  let room: ResultRoom | undefined;

  function begin(): void {
    room = freeRooms.pop() ?? createRoom();
    const { keys, eventMs, arrivalMs, numbers, weights } = room;
    for (let m = 0; m < means.length; m++) weights[m] ??= new Float64Array(capacity);
    const columns = aggregates.map(({ resultType }, a) => {
      if (resultType === 'string') return [];
      numbers[a] ??= new Float64Array(capacity);
      return numbers[a];
    });
    // The table of result rows is that of the rule's keys.
    rows = { n: 0, columns, series: keys, eventMs, arrivalMs, table };
  }

  function compute(rows: Rows, { keys, stages, atMs }: ResultRoom): void {
    if (memory) {
      memory.compute(rows, keys[0]!, stages[0]!, atMs[0]!);
      return;
    }
    for (const [i, { compiled }] of computes.entries()) {
      rows.columns[aggregates.length + i] = compiled.kernel(rows);
    }
  }

  return {
    areEnds: window?.kind !== 'count',
    slots: computes.map(({ name, compiled: { type } }, i) => ({ name, slot: aggregates.length + i, type })),
    add(result, running) {
      if (rows === undefined) begin();
      const { columns, eventMs, arrivalMs } = rows!;
      const { keys, stages, sinceMs, atMs, weights } = room!;
      const row = rows!.n++;
      keys[row] = result.key;
      stages[row] = result.stage;
      eventMs[row] = result.endMs;
      arrivalMs[row] = result.arrivalMs;
      sinceMs[row] = result.sinceMs;
      atMs[row] = result.atMs;
      for (let a = 0; a < running.length; a++) setCell(columns[a]!, row, running[a]!.result(result.slot));
      for (let m = 0; m < means.length; m++) {
        weights[m]![row] = running[means[m]!.aggregate]!.weight!(result.slot);
      }
      return rows!.n === capacity || memory !== undefined;
    },
    take(use) {
      if (rows === undefined || room === undefined) return;
      const [taken, lent] = [rows, room];
      rows = undefined;
      room = undefined;
      compute(taken, lent);
      use(taken, lent);
      freeRooms.push(lent);
    },
  };
}
