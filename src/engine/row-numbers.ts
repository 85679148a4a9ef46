/**
 * A whole number for each row, for as long as the rows are looked at: its key, its slot.
 *
 * Such columns are lent: rules run one after the other, and inside one another only where they read each other, so a few
 * columns do for thousands of rules. One that is not given back (somebody threw) is lost and no harm.
 */

import { chunkRows } from '../expression/rows.ts';

const free: Int32Array[] = [];

/** Room for `n` rows, with whatever is left in it from before. */
export function borrowRowNumbers(n: number): Int32Array {
  const column = free.pop();
  return column !== undefined && n <= column.length ? column : new Int32Array(Math.max(n, chunkRows));
}

export function giveBackRowNumbers(column: Int32Array): void {
  free.push(column);
}
