/**
 * Rows of typed columns: what expressions are compiled over.
 *
 * The same shape serves readings (a chunk of one device) and results (closed windows of one rule).
 * Invariant: a number or boolean column is a Float64Array, booleans 1 and 0, NaN is null; a string column is
 * an array with null. Only rows 0 … n-1 mean anything. Tags are not columns: a row has one small integer, its
 * series, and the series table knows the tags.
 */

export type NumberColumn = Float64Array;
export type StringColumn = (string | null)[];
export type Column = NumberColumn | StringColumn;

/** Rows at most in a chunk: a few columns of it stay in the processor's cache. */
export const chunkRows = 1024;

export interface Rows {
  n: number;
  /** By slot; a scope says which name has which slot. A slot holds a column of the type the scope says. */
  readonly columns: Column[];
  /** Row → series id in `table`. */
  readonly series: Int32Array;
  readonly eventMs: Float64Array;
  readonly arrivalMs: Float64Array;
  readonly table: SeriesTable;
}

/**
 * The distinct combinations of tag values seen. Ids are dense; what an id stands for never changes: a table in which ids
 * are given anew is a new object, for kernels remember what they worked out for a series.
 */
export interface SeriesTable {
  readonly size: number;
  /** `tags[t][id]` is the value of the t-th tag of series `id`; the empty text is a tag it does not have. */
  readonly tags: readonly (readonly string[])[];
}

/** Evaluates one expression over at most `chunkRows` rows. The column is valid until the kernel is called again. */
export type NumberKernel = (rows: Rows) => NumberColumn;
export type StringKernel = (rows: Rows) => StringColumn;

/** A compiled expression, by the type of its result. Booleans are number kernels: 1, 0, NaN for null. */
export type Compiled =
  | { readonly type: 'number' | 'boolean'; readonly kernel: NumberKernel }
  | { readonly type: 'string'; readonly kernel: StringKernel };

/** Room for `n` rows in a scratch column: a rule that sees few rows at a time stays small. */
export function capacityFor(n: number): number {
  let capacity = 16;
  while (capacity < n) capacity *= 2;
  return capacity;
}

/** Puts a value into a column of its type; null is NaN in a column of numbers. */
export function setCell(column: Column, row: number, value: number | string | null): void {
  if (Array.isArray(column)) column[row] = value as string | null;
  else column[row] = value === null ? Number.NaN : (value as number);
}
