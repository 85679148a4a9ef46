/** Rows for tests: one number column, and a key for each row. */

import type { Rows } from '../expression/rows.ts';

export interface TestRow {
  readonly key: number;
  readonly t: number;
  readonly x: number;
  readonly arrivalMs: number;
}

export function rowsOf(readings: readonly TestRow[]): { rows: Rows; keys: Int32Array } {
  const rows: Rows = {
    n: readings.length,
    columns: [Float64Array.from(readings, ({ x }) => x)],
    series: Int32Array.from(readings, ({ key }) => key),
    eventMs: Float64Array.from(readings, ({ t }) => t),
    arrivalMs: Float64Array.from(readings, ({ arrivalMs }) => arrivalMs),
    table: { size: 0, tags: [] },
  };
  return { rows, keys: Int32Array.from(readings, ({ key }) => key) };
}
