/** The aggregate functions: one line each. Names, arguments and types are declared in rules/functions.ts. */

import type { aggregates as declared } from '../../rules/functions.ts';
import type { MakeAggregate } from './aggregate.ts';
import { argmax, argmin } from './chosen.ts';
import { count } from './count.ts';
import { delta, rate } from './counter.ts';
import { distinct } from './distinct.ts';
import { first, last } from './edge.ts';
import { max, min } from './extreme.ts';
import { timeIn, twa } from './holding.ts';
import { mode } from './mode.ts';
import { median, percentile } from './percentile.ts';
import { slope } from './slope.ts';
import { stddev, variance } from './spread.ts';
import { avg, sum } from './sum.ts';

const implemented: Readonly<Record<keyof typeof declared, MakeAggregate>> = {
  count,
  sum,
  avg,
  twa,
  min,
  max,
  first,
  last,
  argmax,
  argmin,
  mode,
  distinct,
  any: max,
  all: min,
  fraction: avg,
  time_in: timeIn,
  delta,
  rate,
  slope,
  stddev,
  variance,
  median,
  percentile,
};

export const aggregates: Readonly<Record<string, MakeAggregate>> = implemented;
