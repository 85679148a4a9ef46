/**
 * The last row of each key, for those who ask what was judged or heard last.
 *
 * Invariant: no part of the state: nothing is judged by it, and it is empty after a start. As many numbers as a row has
 * columns for each key, in two arrays, made with the first row.
 */

import type { ValueType } from '../core/types.ts';
import type { Rows, SeriesTable } from '../expression/rows.ts';
import type { RuleInput, RulePlan } from '../rules/plan.ts';

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

export interface LastRows {
  keep(key: number, rows: Rows, row: number, isEarly?: boolean): void;
  of(key: number): LastRow | undefined;
  /** NaN for a key without one. */
  arrivalMs(key: number): number;
  /** Goes on from another's rows, of the same columns; `table` has the same series. */
  takeOver(from: LastRows, table: SeriesTable): void;
  content(): LastContent;
}

export interface LastContent {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly texts: Map<number, string | null> | undefined;
}

/** Event time, arrival, series, and whether it is early stand before the cells. */
const headCells = 4;
/** Longer texts are cut: a payload may have more than anybody would read, for each key. */
const longestText = 256;

/** `types` are those of the columns from slot `firstSlot` on. */
export function createLastRows(types: readonly ValueType[], firstSlot = 0): LastRows {
  const width = headCells + types.length;
  const hasTexts = types.includes('string');
  let table: SeriesTable | undefined;
  let numbers = new Float64Array(0);
  let texts: Map<number, string | null> | undefined;

  function makeRoom(key: number): void {
    const larger = new Float64Array(Math.max(2, key + 1, (numbers.length / width) * 2) * width).fill(
      Number.NaN,
    );
    larger.set(numbers);
    numbers = larger;
    if (hasTexts) texts ??= new Map();
  }

  return {
    keep(key, rows, row, isEarly = false) {
      const at = key * width;
      if (at >= numbers.length) makeRoom(key);
      table = rows.table;
      numbers[at] = rows.eventMs[row]!;
      numbers[at + 1] = rows.arrivalMs[row]!;
      numbers[at + 2] = rows.series[row]!;
      numbers[at + 3] = isEarly ? 1 : 0;
      for (let i = 0; i < types.length; i++) {
        const cell = rows.columns[firstSlot + i]?.[row];
        if (types[i] === 'string') texts!.set(at + i, cutText(cell as string | null | undefined));
        else numbers[at + headCells + i] = (cell as number | undefined) ?? Number.NaN;
      }
    },
    of(key) {
      const at = key * width;
      if (at >= numbers.length || Number.isNaN(numbers[at + 3]!)) return undefined;
      return {
        ...{ eventMs: numbers[at]!, arrivalMs: numbers[at + 1]!, series: numbers[at + 2]! },
        table: table!,
        isEarly: numbers[at + 3] === 1,
        cells: types.map((type, i) =>
          type === 'string' ? (texts?.get(at + i) ?? null) : numbers[at + headCells + i]!,
        ),
      };
    },
    arrivalMs: (key) => numbers[key * width + 1] ?? Number.NaN,
    takeOver(from, taken) {
      const content = from.content();
      if (content.numbers.length === 0) return;
      ({ numbers, texts } = content);
      table = taken;
    },
    content: () => ({ numbers, texts }),
  };
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
