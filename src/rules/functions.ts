/**
 * The aggregate functions of `compute`: one entry each, with the line the documentation shows.
 *
 * Invariant: the engine has an implementation for every name here (engine/aggregates). To add one: an entry here, a
 * file and a line there. Not here: functions of single values (expression/functions.ts).
 */

import type { ValueType } from '../core/types.ts';

export interface AggregateEntry {
  readonly signature: string;
  readonly doc: string;
  /** For each argument the types it may have. */
  readonly takes: readonly (readonly ValueType[])[];
  /** The argument may be left out: then every reading counts. */
  readonly argumentOptional?: true;
  /** Constants after the arguments, each with its bounds. */
  readonly parameters: readonly { readonly name: string; readonly min: number; readonly max: number }[];
  /** `as argument`: that of the first one. */
  readonly resultType: ValueType | 'as argument';
  /** What to write instead, when an argument is of another type. */
  readonly remedy?: (argument: string, type: ValueType) => string;
}

const anyType: readonly ValueType[] = ['number', 'boolean', 'string'];

export const aggregates = {
  count: {
    signature: 'count() or count(condition)',
    doc: 'readings in the window, or those for which the condition is true',
    takes: [['boolean']],
    argumentOptional: true,
    parameters: [],
    resultType: 'number',
    remedy: (argument) => `write count() for all readings, count(has(${argument})) for those that have it`,
  },
  sum: ofNumbers('sum(x)', 'sum of the values; null when there are none'),
  avg: ofNumbers('avg(x)', 'arithmetic mean'),
  twa: ofNumbers('twa(x)', 'time-weighted average: each value holds until the next reading'),
  min: ofNumbers('min(x)', 'smallest value'),
  max: ofNumbers('max(x)', 'largest value'),
  first: ofAny('first(x)', 'value of the earliest reading by event time; of any type'),
  last: ofAny('last(x)', 'value of the latest reading by event time; of any type'),
  argmax: ofPair('argmax(x, y)', 'value of x, of any type, at the reading where y is greatest'),
  argmin: ofPair('argmin(x, y)', 'value of x, of any type, at the reading where y is smallest'),
  mode: ofAny('mode(x)', 'the most frequent value; of any type'),
  distinct: {
    ...ofAny('distinct(x)', 'number of different values of x, which may be of any type'),
    resultType: 'number',
  },
  any: ofCondition('any(condition)', 'true when the condition is true for a reading', 'boolean'),
  all: ofCondition('all(condition)', 'true when the condition is false for no reading', 'boolean'),
  fraction: ofCondition(
    'fraction(condition)',
    'share of readings for which the condition is true, 0 to 1',
    'number',
  ),
  time_in: ofCondition(
    'time_in(condition)',
    'seconds the condition held, each time until the next reading',
    'number',
  ),
  delta: ofNumbers('delta(x)', 'growth of a counter in the window; a fall is a reset to zero'),
  rate: ofNumbers('rate(x)', 'growth of a counter in a second; a fall is a reset to zero'),
  slope: ofNumbers('slope(x)', 'growth in a second of the straight line that fits best (least squares)'),
  stddev: ofNumbers('stddev(x)', 'sample standard deviation; null below two values'),
  variance: ofNumbers('variance(x)', 'sample variance; null below two values'),
  median: ofNumbers('median(x)', 'the middle value'),
  percentile: {
    ...ofNumbers('percentile(x, p)', 'the value that p of 100 values are at or below, interpolated'),
    parameters: [{ name: 'p', min: 0, max: 100 }],
  },
} as const satisfies Record<string, AggregateEntry>;

/** The entry of an aggregate, or undefined: only the map's own names count. */
export function aggregateNamed(name: string): AggregateEntry | undefined {
  return Object.hasOwn(aggregates, name) ? aggregates[name as keyof typeof aggregates] : undefined;
}

function ofNumbers(signature: string, doc: string): AggregateEntry {
  const name = nameIn(signature);
  const remedy = (argument: string, type: ValueType): string =>
    type === 'boolean' ? `write ${name}(${argument} ? 1 : 0)` : `write ${name}(double(${argument}))`;
  return { signature, doc, takes: [['number']], parameters: [], resultType: 'number', remedy };
}

function ofAny(signature: string, doc: string): AggregateEntry {
  return { signature, doc, takes: [anyType], parameters: [], resultType: 'as argument' };
}

function ofCondition(signature: string, doc: string, resultType: ValueType): AggregateEntry {
  const name = nameIn(signature);
  const remedy = (argument: string, type: ValueType): string =>
    `compare it with something: ${name}(${argument} ${type === 'number' ? '> 0' : '== "…"'})`;
  return { signature, doc, takes: [['boolean']], parameters: [], resultType, remedy };
}

/** A value of any type, chosen by a number. */
function ofPair(signature: string, doc: string): AggregateEntry {
  const remedy = (argument: string, type: ValueType): string =>
    type === 'boolean' ? `write ${argument} ? 1 : 0 there` : `write double(${argument}) there`;
  return { signature, doc, takes: [anyType, ['number']], parameters: [], resultType: 'as argument', remedy };
}

function nameIn(signature: string): string {
  return signature.slice(0, signature.indexOf('('));
}
