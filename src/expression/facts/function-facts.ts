/** What functions of expressions make of the facts of their arguments. A function that is not here tells nothing. */

import { anything, interval, nothing } from './interval.ts';
import { type Facts, truth } from './known.ts';
import { either } from './units.ts';

type Rule = (first: Facts, ...more: Facts[]) => Facts;

const rules: Readonly<Record<string, Rule>> = {
  has: () => truth,
  contains: () => truth,
  startsWith: () => truth,
  endsWith: () => truth,
  matches: () => truth,
  size: () => interval(0, Infinity, true),
  exp: () => interval(0, Infinity),
  abs: (x) => ({ ...x, ...absolute(x) }),
  floor: rounded(Math.floor),
  ceil: rounded(Math.ceil),
  round: rounded((x) => (x < 0 ? -Math.round(-x) : Math.round(x))),
  sqrt: ({ low, high }) => interval(Math.sqrt(Math.max(low, 0)), high < 0 ? -Infinity : Math.sqrt(high)),
  double: (x) => (x.texts ? anything : x),
  least: (...all) => all.reduce(least),
  greatest: (...all) => all.reduce(greatest),
  clamp: (x, low, high) => least(greatest(x, low!), high!),
};

/** Undefined for a function that is not known. */
export function factsOfFunction(name: string, args: readonly Facts[]): Facts | undefined {
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  const [first, ...more] = args;
  return rule && first ? rule(first, ...more) : undefined;
}

function absolute({ low, high, isWhole }: Facts): Facts {
  if (low > high) return nothing;
  const nearest = low <= 0 && high >= 0 ? 0 : Math.min(Math.abs(low), Math.abs(high));
  return interval(nearest, Math.max(Math.abs(low), Math.abs(high)), isWhole);
}

/** Functions that never fall, and give whole numbers. */
function rounded(f: (x: number) => number): Rule {
  return (x) => ({ ...x, ...interval(f(x.low), f(x.high), true) });
}

function least(a: Facts, b: Facts): Facts {
  return chosen(a, b, Math.min);
}

function greatest(a: Facts, b: Facts): Facts {
  return chosen(a, b, Math.max);
}

function chosen(a: Facts, b: Facts, choose: (x: number, y: number) => number): Facts {
  if (a.low > a.high || b.low > b.high) return nothing;
  const unit = either(a.unit, b.unit);
  const bounds = interval(choose(a.low, b.low), choose(a.high, b.high), a.isWhole && b.isWhole);
  return unit === undefined ? bounds : { ...bounds, unit };
}
