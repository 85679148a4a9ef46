/** Aggregates for tests: made by name, fed with readings of one or two values, in eight slots. */

import type { ValueType } from '../../core/types.ts';
import type { Column } from '../../expression/rows.ts';
import { aggregateNamed } from '../../rules/functions.ts';
import { rowsOf } from '../testing.ts';
import type { Aggregate } from './aggregate.ts';
import { aggregates } from './index.ts';

export type Value = number | string | boolean | null;

/** The values of the aggregate's arguments; NaN is null. */
export type Reading = readonly [timeMs: number, ...values: Value[]];

export interface Variant {
  readonly fn: string;
  readonly parameters: readonly number[];
  /** Of the first argument; undefined without one. */
  readonly type: ValueType | undefined;
}

/** An aggregate for each type its first argument may have, and without one where it may be left out. */
export const variants: readonly Variant[] = Object.keys(aggregates).flatMap((fn) => {
  const entry = aggregateNamed(fn)!;
  const parameters = entry.parameters.map(({ max }) => max - 10);
  const types = [...entry.takes[0]!, ...(entry.argumentOptional ? [undefined] : [])];
  return types.map((type) => ({ fn, parameters, type }));
});

export function make({ fn, parameters, type }: Variant): Aggregate {
  const { resultType } = aggregateNamed(fn)!;
  const aggregate = aggregates[fn]!({
    fn,
    parameters,
    argumentType: type,
    resultType: resultType === 'as argument' ? type! : resultType,
  });
  aggregate.grow(8);
  for (let slot = 0; slot < 8; slot++) aggregate.reset(slot);
  return aggregate;
}

/** `type` is that of the first value, where it does not show in the readings. */
export function fold(
  aggregate: Aggregate,
  slot: number,
  readings: readonly Reading[],
  type?: ValueType,
): void {
  const { rows } = rowsOf(readings.map(([t]) => ({ key: 0, t, x: 0, arrivalMs: t })));
  const width = Math.max(0, ...readings.map(({ length }) => length - 1));
  const columns = Array.from({ length: width }, (_, i) => {
    const column = readings.map((reading) => reading[i + 1]!);
    return columnOf(column, i === 0 && type === 'string');
  });
  const slots = new Int32Array(readings.length).fill(slot);
  aggregate.fold(slots, 0, readings.length, rows, columns);
}

function columnOf(values: readonly Value[], isText: boolean): Column {
  if (isText || values.some((value) => typeof value === 'string')) return values as (string | null)[];
  return Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)));
}

/** The result over readings in one slot; null where it is NaN. */
export function resultOf(
  fn: string,
  readings: readonly Reading[],
  parameters: readonly number[] = [],
): number | string | null {
  const value = readings.flatMap(([, x]) => (x === null || Number.isNaN(x) ? [] : [x]))[0] ?? 0;
  const aggregate = make({ fn, parameters, type: typeof value as ValueType });
  fold(aggregate, 1, readings);
  return orNull(aggregate.result(1));
}

export function orNull(result: number | string | null): number | string | null {
  return Number.isNaN(result) ? null : result;
}

/** Readings a second apart. */
export const values = (...xs: Value[]): Reading[] => xs.map((x, i) => [i * 1000, x]);
