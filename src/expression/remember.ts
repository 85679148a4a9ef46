/**
 * Values that depend on the series alone, worked out once for each.
 *
 * Invariant: the value of id i is of the table as it was when i was new; a table does not change what an id stands for
 * (rows.ts). Another table, a smaller one, or another version starts again.
 */

import type { ValueType } from '../core/types.ts';
import { type Column, chunkRows, type Rows, type SeriesTable } from './rows.ts';

/**
 * Gives, for a table, the column of values by series id. `evaluate` is called with rows that are series: row i of them
 * has series `series[i]`, and no columns.
 */
export function remember(
  type: ValueType,
  evaluate: (rows: Rows) => Column,
  version: () => number,
): (table: SeriesTable) => Column {
  let values: Column = type === 'string' ? [] : new Float64Array(0);
  let known = 0;
  let knownTable: SeriesTable | undefined;
  let knownVersion = 0;

  function extend(table: SeriesTable): void {
    values = grown(values, table.size);
    while (known < table.size) {
      const n = Math.min(chunkRows, table.size - known);
      const column = evaluate(seriesRows(table, known, n));
      for (let i = 0; i < n; i++) values[known + i] = column[i]!;
      known += n;
    }
  }

  return (table) => {
    const current = version();
    if (table !== knownTable || table.size < known || current !== knownVersion) known = 0;
    knownTable = table;
    knownVersion = current;
    if (known < table.size) extend(table);
    return values;
  };
}

/** Room for `size` values, doubling, so that series that come one by one cost a constant each. */
function grown(values: Column, size: number): Column {
  if (!(values instanceof Float64Array) || size <= values.length) return values;
  const larger = new Float64Array(Math.max(size, 2 * values.length));
  larger.set(values);
  return larger;
}

const noTimes = new Float64Array(0);

function seriesRows(table: SeriesTable, first: number, n: number): Rows {
  const series = Int32Array.from({ length: n }, (_, i) => first + i);
  return { n, columns: [], series, eventMs: noTimes, arrivalMs: noTimes, table };
}
