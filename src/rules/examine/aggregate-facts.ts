/**
 * What aggregates make of the facts of their arguments. One that is not here tells nothing.
 *
 * Invariant: sound, rounding included: an average of tenths may be a hair above the largest of them.
 */

import { formatDuration } from '../../config/duration.ts';
import { anything, interval } from '../../expression/facts/interval.ts';
import { canBeFalse, canBeTrue, type Facts, truthOf } from '../../expression/facts/known.ts';
import { bySecond, ofDifference, type Unit } from '../../expression/facts/units.ts';

/** `lengthMs` is the window's, where it has one. */
type Rule = (x: Facts | undefined, lengthMs: number | undefined) => Facts;

const never: Facts = { low: 0, high: 0, isWhole: true };
const growing = { low: 0, high: Infinity, isWhole: false };

const ofReadings: Facts = {
  ...{ low: 1, high: Infinity, isWhole: true },
  bound: {
    why: 'for a window without readings has no result',
    remedy:
      'for keys that stop sending write `silent: true`; to count some of the readings write count(condition), not `where`',
  },
};

const share: Facts = {
  ...{ low: 0, high: 1, isWhole: false },
  bound: { why: 'a share of the readings', remedy: 'write 90 % as 0.9' },
};

const rules: Readonly<Record<string, Rule>> = {
  count: (x) => (x === undefined ? ofReadings : canBeTrue(x) ? { ...growing, isWhole: true } : never),
  sum: ofOne((x) => ({ ...totalOf(x), unit: x.unit })),
  avg: ofOne((x) => widened(x, rounding, underflow)),
  twa: ofOne((x) => widened(x, rounding, underflow)),
  // Of thousands of values percentiles are estimates, within half a percent.
  median: ofOne((x) => widened(x, 0.0051, 1e-12)),
  percentile: ofOne((x) => widened(x, 0.0051, 1e-12)),
  min: ofOne(same),
  max: ofOne(same),
  first: ofOne(same),
  last: ofOne(same),
  mode: ofOne(same),
  argmax: ofOne(same),
  argmin: ofOne(same),
  distinct: () => ({ ...growing, isWhole: true }),
  any: ofOne((x) => truthOf(canBeTrue(x), canBeFalse(x))),
  all: ofOne((x) => truthOf(canBeTrue(x), canBeFalse(x))),
  fraction: () => share,
  time_in: (_, lengthMs) => timeWithin(lengthMs),
  delta: ofOne((x) => ({ ...(x.low >= 0 ? growing : anything), unit: ofDifference(x.unit) })),
  rate: ofOne((x) => ({ ...(x.low >= 0 ? growing : anything), unit: bySecond(x.unit) })),
  slope: ofOne((x) => ({ ...anything, unit: bySecond(x.unit) })),
  stddev: ofOne((x) => ({ ...growing, unit: ofDifference(x.unit) })),
  variance: () => growing,
};

/** Facts of an aggregate of values with these facts; `x` is those of its first argument. */
export function factsOfAggregate(name: string, x: Facts | undefined, lengthMs: number | undefined): Facts {
  return (Object.hasOwn(rules, name) && rules[name]?.(x, lengthMs)) || anything;
}

function ofOne(rule: (x: Facts) => Facts): Rule {
  return (x) => known(rule(x ?? anything));
}

/** Without a unit that is not known: the key is left out. */
function known({ unit, ...rest }: Facts & { unit?: Unit }): Facts {
  return unit ? { ...rest, unit } : rest;
}

function same(x: Facts): Facts {
  return x;
}

const rounding = 1e-9;
/** Below it products with seconds lose digits. */
const underflow = 1e-300;

/** Both ends a little further out, but not beyond zero: a sketch takes the smallest magnitudes for zero. */
function widened(x: Facts, share: number, least = 0): Facts {
  const by = (end: number): number => (Number.isFinite(end) ? Math.abs(end) * share + least : 0);
  const [low, high] = [x.low - by(x.low), x.high + by(x.high)];
  return { ...x, ...interval(x.low >= 0 ? Math.max(low, 0) : low, x.high <= 0 ? Math.min(high, 0) : high) };
}

function totalOf({ low, high, isWhole }: Facts): Facts {
  return interval(low >= 0 ? low : -Infinity, high <= 0 ? high : Infinity, isWhole);
}

function timeWithin(lengthMs: number | undefined): Facts {
  if (lengthMs === undefined) return { ...growing, unit: 's' };
  const why = `seconds in a window of ${formatDuration(lengthMs)}`;
  const remedy = 'make the window longer, or compare with fewer seconds';
  return { ...interval(0, lengthMs / 1000), unit: 's', bound: { why, remedy } };
}
