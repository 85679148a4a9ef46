/**
 * How many readings each piece of a session holds: what `inWindows` and `inResults` of a rule are counted from.
 *
 * A rule that computes `count()` counts its readings anyway; another one gets such an aggregate behind its own, which is
 * given no columns: it needs none.
 */

import type { RulePlan } from '../rules/plan.ts';
import type { Aggregate } from './aggregates/aggregate.ts';
import { count } from './aggregates/count.ts';

export interface Tally {
  /** The aggregates of the rule first, in their order. */
  readonly all: readonly Aggregate[];
  readonly readingsIn: (slot: number) => number;
}

export function tallyOf({ aggregates: plans, window }: RulePlan, aggregates: readonly Aggregate[]): Tally {
  // Windows by count know how many readings they have, panes of time are counted by themselves.
  if (window?.kind !== 'session') return { all: aggregates, readingsIn: () => 0 };
  const place = plans.findIndex(({ fn, argumentType }) => fn === 'count' && argumentType === undefined);
  const tally =
    aggregates[place] ??
    count({ fn: 'count', parameters: [], argumentType: undefined, resultType: 'number' });
  return {
    all: place < 0 ? [...aggregates, tally] : aggregates,
    readingsIn: (slot) => tally.result(slot) as number,
  };
}
