/**
 * Which points of a rule can be merged to fewer, when the database is away for long, and how.
 *
 * Only points of windows that do not overlap and that are written once: merging then counts each reading once and takes
 * nothing away from a point that comes again. And only fields that are the result of one aggregate and nothing else.
 * Windows by count are left out: two of them may end at one time, and so be one point.
 * Not here: merging (outbox/merge.ts).
 */

import type { Merge, Merging } from '../core/types.ts';
import type { Computed } from './compile-computes.ts';
import type { aggregates } from './functions.ts';
import type { ForwardPlan, RulePlan, WindowPlan } from './plan.ts';

/** Absent: of two results nobody can tell the one over both. */
const merges: Readonly<Partial<Record<keyof typeof aggregates, Merge>>> = {
  count: 'sum',
  sum: 'sum',
  avg: 'mean',
  twa: 'mean',
  min: 'min',
  max: 'max',
  first: 'first',
  last: 'last',
  any: 'any',
  all: 'all',
  fraction: 'mean',
  time_in: 'sum',
  delta: 'sum',
  rate: 'mean',
};

/** Of a rule's points. */
export function mergingOf(
  window: WindowPlan | undefined,
  { plain, aggregates }: Pick<Computed, 'plain' | 'aggregates'>,
): Pick<ForwardPlan, 'merges' | 'means'> {
  if (window === undefined || !isWrittenOnce(window) || !tiles(window)) return {};
  const fields = [...plain].flatMap(([name, aggregate]) => {
    const merge = merges[aggregates[aggregate]!.fn as keyof typeof merges];
    return merge === undefined ? [] : [{ name, aggregate, merge }];
  });
  if (fields.length === 0) return {};
  const means = fields.filter(({ merge }) => merge === 'mean');
  return {
    merges: Object.fromEntries(fields.map(({ name, merge }) => [name, merge])),
    ...(means.length > 0 && { means: means.map(({ name, aggregate }) => ({ name, aggregate })) }),
  };
}

function isWrittenOnce({ emitMs, keepMs }: WindowPlan): boolean {
  return emitMs === undefined && keepMs === undefined;
}

function tiles(window: WindowPlan): boolean {
  if (window.kind === 'time') return window.lengthMs === window.everyMs;
  return window.kind === 'calendar' || window.kind === 'session';
}

/** Tells apart what one rule was edited to. */
const shapeCharacters = 16;

/** By measurement. */
export function mergesOf(rules: readonly RulePlan[]): ReadonlyMap<string, Merging> {
  const found = rules.flatMap(({ forward, stateHash }): [string, Merging][] => {
    if (forward?.merges === undefined) return [];
    return [[forward.measurement, { fields: forward.merges, shape: stateHash.slice(0, shapeCharacters) }]];
  });
  return new Map(found);
}
