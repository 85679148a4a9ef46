/**
 * The last row of each key, for those who ask what was judged or heard last.
 *
 * Invariant: no part of the state: nothing is judged by it, and it is empty after a start. As many numbers as a row has
 * columns for each key, in two arrays, made with the first row.
 */

import type { ValueType } from '../../core/types.ts';
import type { NumberColumn, Rows, SeriesTable, StringColumn } from '../../expression/rows.ts';
import type { RuleInput, RulePlan } from '../../rules/plan.ts';

type Cell = number | string | null;

export interface LastRow {
  readonly eventMs: number;
  readonly arrivalMs: number;
  readonly series: number;
  readonly table: SeriesTable;
  /** The result of a window that was still open. */
  readonly isEarly: boolean;
  /** By slot, from the first slot kept on; NaN and null are missing values. */
  readonly cells: readonly Cell[];
}

/** Plain data, with functions below: there may be thousands of them. */
export interface LastRows {
  /** Of the columns from slot `firstSlot` on. */
  readonly types: readonly ValueType[];
  readonly firstSlot: number;
  readonly hasTexts: boolean;
  numbers: Float64Array<ArrayBuffer>;
  texts: Map<number, string | null> | undefined;
  table: SeriesTable | undefined;
}

/** Event time, arrival, series, and whether it is early stand before the cells. */
const headCells = 4;
/** Longer texts are cut: a payload may have more than anybody would read, for each key. */
const longestText = 256;

const nothing = new Float64Array(0);

export function createLastRows(types: readonly ValueType[], firstSlot = 0): LastRows {
  const hasTexts = types.includes('string');
  return { types, firstSlot, hasTexts, numbers: nothing, texts: undefined, table: undefined };
}

function widthOf({ types }: LastRows): number {
  return headCells + types.length;
}

function makeRoom(last: LastRows, key: number): void {
  const width = widthOf(last);
  const keys = last.numbers.length / width;
  const larger = new Float64Array(Math.max(2, key + 1, Math.ceil(keys * 1.5)) * width).fill(Number.NaN);
  larger.set(last.numbers);
  last.numbers = larger;
  if (last.hasTexts) last.texts ??= new Map();
}

/** Remembers a row as the last one of its key. */
export function keepLast(last: LastRows, key: number, rows: Rows, row: number, isEarly = false): void {
  const { types, firstSlot, hasTexts } = last;
  const at = key * widthOf(last);
  if (at >= last.numbers.length) makeRoom(last, key);
  last.table = rows.table;
  const { numbers } = last;
  numbers[at] = rows.eventMs[row]!;
  numbers[at + 1] = rows.arrivalMs[row]!;
  numbers[at + 2] = rows.series[row]!;
  numbers[at + 3] = isEarly ? 1 : 0;
  const { columns } = rows;
  for (let i = 0; i < types.length; i++) {
    if (hasTexts && types[i] === 'string') {
      last.texts!.set(at + i, cutText((columns[firstSlot + i] as StringColumn | undefined)?.[row]));
    } else {
      numbers[at + headCells + i] = (columns[firstSlot + i] as NumberColumn | undefined)?.[row] ?? Number.NaN;
    }
  }
}

/** The last row of a key; undefined when there was none since the start. */
export function lastOf(last: LastRows, key: number): LastRow | undefined {
  const { types, numbers, texts, table } = last;
  const at = key * widthOf(last);
  if (table === undefined || at >= numbers.length || Number.isNaN(numbers[at + 3]!)) return undefined;
  return {
    ...{ eventMs: numbers[at]!, arrivalMs: numbers[at + 1]!, series: numbers[at + 2]!, table },
    isEarly: numbers[at + 3] === 1,
    cells: types.map((type, i) =>
      type === 'string' ? (texts?.get(at + i) ?? null) : numbers[at + headCells + i]!,
    ),
  };
}

/** NaN for a key without one. */
export function lastArrivalOf(last: LastRows, key: number): number {
  return last.numbers[key * widthOf(last) + 1] ?? Number.NaN;
}

/** Goes on from the rows of another, of the same columns; `table` has the same series. */
export function takeOverLast(last: LastRows, from: LastRows, table: SeriesTable): void {
  if (from.table !== undefined) Object.assign(last, { numbers: from.numbers, texts: from.texts, table });
}

function cutText(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null;
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

/** Fields, lets, functions with memory. */
export function readingTypes({ readingMemory = [] }: RulePlan, { device, lets }: RuleInput): ValueType[] {
  return [
    ...device.fields.map(({ type }) => type),
    ...lets.map(({ compiled }) => compiled.type),
    ...readingMemory.map(({ resultType }) => resultType),
  ];
}

/** Computed names, functions with memory: what follows the aggregates. */
export function resultTypes({ computes, resultMemory }: RulePlan): ValueType[] {
  return [
    ...computes.map(({ compiled }) => compiled.type),
    ...(resultMemory?.memories ?? []).map(({ resultType }) => resultType),
  ];
}

/** For the rows that a rule judges: its results, or without a window the readings of each input. */
export function lastRowsOf(plan: RulePlan): readonly LastRows[] {
  if (plan.window) return [createLastRows(resultTypes(plan), plan.aggregates.length)];
  return plan.inputs.map((input) => createLastRows(readingTypes(plan, input)));
}
