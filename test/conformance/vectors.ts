/** The vectors of test/vectors, typed as far as the adapters need them; their README says what the fields mean. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';

/** A value, a pair, or a row, as written. */
export type Element = number | string | null | readonly Element[];

export interface Vector {
  readonly id: string;
  readonly case: string;
  readonly op: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly input: unknown;
  readonly expected: unknown;
  readonly compare: string;
  /** Of expected times. */
  readonly unit?: string;
  readonly restart_before?: readonly boolean[];
  readonly watermark_after_s?: readonly number[];
  readonly state_rows?: readonly (number | null)[];
  /** Of several operators, the last of the pipeline first. */
  readonly state_rows_by_op?: readonly (readonly number[])[];
  readonly dropped?: readonly (number | null)[];
  readonly duplicates?: readonly number[];
  /** State by key after each batch. */
  readonly state_snapshots?: readonly unknown[];
}

const folder = new URL('../vectors/', import.meta.url);

export function vectorsOf(family: string): Vector[] {
  return JSON.parse(readFileSync(new URL(`${family}.json`, folder), 'utf8')) as Vector[];
}

/** All vectors that are run. */
export function allVectors(): Vector[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.flatMap((file) => vectorsOf(file.replace('.json', '')));
}

/** Every vector of the collection, run or not. */
export function allIds(): string[] {
  return readFileSync(new URL('ids.txt', folder), 'utf8').trim().split('\n');
}

/** Holds what came out of one batch against what is expected of it. */
export function assertSame(actual: readonly unknown[], expected: readonly unknown[], compare: string): void {
  if (compare === 'list') assert.deepEqual(actual, expected);
  else if (compare === 'multiset') assert.deepEqual(sorted(actual), sorted(expected));
  else if (compare === 'set') assert.deepEqual(sorted(distinct(actual)), sorted(distinct(expected)));
  else assert.fail(`no comparison is called ${compare}`);
}

const textOf = (value: unknown): string => JSON.stringify(value);

function sorted(values: readonly unknown[]): unknown[] {
  return values.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

function distinct(values: readonly unknown[]): unknown[] {
  return [...new Map(values.map((value) => [textOf(value), value])).values()];
}
