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
  /** Types the argument may have. */
  readonly takes: readonly ValueType[];
  /** It may be left out: then every reading counts. */
  readonly argumentOptional?: true;
  /** Constants after the argument, each with its bounds. */
  readonly parameters: readonly { readonly name: string; readonly min: number; readonly max: number }[];
  readonly resultType: ValueType | 'as argument';
  /** What to write instead, when the argument is of another type. */
  readonly remedy?: (argument: string, type: ValueType) => string;
}

const anyType: readonly ValueType[] = ['number', 'boolean', 'string'];

export const aggregates = {
  count: {
    signature: 'count() or count(condition)',
    doc: 'readings in the window, or those for which the condition is true',
    takes: ['boolean'],
    argumentOptional: true,
    parameters: [],
    resultType: 'number',
    remedy: (argument) => `write count() for all readings, count(has(${argument})) for those that have it`,
  },
  sum: ofNumbers('sum(x)', 'sum of the values; null when there are none'),
  avg: ofNumbers('avg(x)', 'arithmetic mean'),
  min: ofNumbers('min(x)', 'smallest value'),
  max: ofNumbers('max(x)', 'largest value'),
  first: ofAny('first(x)', 'value of the earliest reading by event time; of any type'),
  last: ofAny('last(x)', 'value of the latest reading by event time; of any type'),
  delta: ofNumbers('delta(x)', 'growth of a counter in the window; a fall is a reset to zero'),
  rate: ofNumbers('rate(x)', 'growth of a counter in a second; a fall is a reset to zero'),
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

/** Functions of the language that this version does not have. A line leaves this list when it is built. */
const later = new Set(
  `distinct mode slope twa time_in fraction any all argmax argmin lag zscore mad ewma cusum drift stuck spike forecast
  anomaly`.split(/\s+/),
);

export function isLaterFunction(name: string): boolean {
  return later.has(name);
}

function ofNumbers(signature: string, doc: string): AggregateEntry {
  const name = signature.slice(0, signature.indexOf('('));
  const remedy = (argument: string, type: ValueType): string =>
    type === 'boolean' ? `write ${name}(${argument} ? 1 : 0)` : `write ${name}(double(${argument}))`;
  return { signature, doc, takes: ['number'], parameters: [], resultType: 'number', remedy };
}

function ofAny(signature: string, doc: string): AggregateEntry {
  return { signature, doc, takes: anyType, parameters: [], resultType: 'as argument' };
}
