/** The aggregate functions: one line each. Names, arguments and types are declared in rules/functions.ts. */

import type { aggregates as declared } from '../../rules/functions.ts';
import type { MakeAggregate } from './aggregate.ts';
import { count } from './count.ts';
import { delta, rate } from './counter.ts';
import { first, last } from './edge.ts';
import { max, min } from './extreme.ts';
import { median, percentile } from './percentile.ts';
import { stddev, variance } from './spread.ts';
import { avg, sum } from './sum.ts';

const implemented: Readonly<Record<keyof typeof declared, MakeAggregate>> = {
  count,
  sum,
  avg,
  min,
  max,
  first,
  last,
  delta,
  rate,
  stddev,
  variance,
  median,
  percentile,
};

export const aggregates: Readonly<Record<string, MakeAggregate>> = implemented;
