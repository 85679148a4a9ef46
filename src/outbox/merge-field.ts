/**
 * The values of one field on their way to one value: as text, as they stand in lines.
 *
 * Sums are compensated (see engine/aggregates/sum.ts), so that they do not depend on grouping by more than a rounding.
 */

import type { Merge } from '../core/types.ts';

export interface Folded {
  add(value: string, timeUs: number, weight: number): void;
  /** Undefined when there is none, or none that a database could hold. */
  result(): string | undefined;
  /** Of all values. */
  weight(): number;
}

type Choose = (held: string, value: string, laterUs: number) => boolean;

/** Whether the value takes the place of the one held. */
const choices: Readonly<Record<Exclude<Merge, 'sum' | 'mean'>, Choose>> = {
  min: (held, value) => Number(value) < Number(held),
  max: (held, value) => Number(value) > Number(held),
  any: (_held, value) => value === 'true',
  all: (_held, value) => value === 'false',
  first: (_held, _value, laterUs) => laterUs < 0,
  last: (_held, _value, laterUs) => laterUs >= 0,
};

export function createFolded(merge: Merge): Folded {
  if (merge === 'sum') return summing();
  return merge === 'mean' ? averaging() : choosing(choices[merge]);
}

function choosing(takes: Choose): Folded {
  let held: string | undefined;
  let heldUs = 0;
  return {
    add(value, timeUs) {
      if (held !== undefined && !takes(held, value, timeUs - heldUs)) return;
      held = value;
      heldUs = timeUs;
    },
    result: () => held,
    weight: () => 0,
  };
}

function summing(): Folded {
  const sum = createSum();
  return {
    add: (value) => sum.add(Number(value)),
    result: () => textOf(sum.value()),
    weight: () => 0,
  };
}

function averaging(): Folded {
  const sum = createSum();
  let total = 0;
  const held = choosing(choices.last);
  return {
    add(value, timeUs, weight) {
      sum.add(Number(value) * weight);
      total += weight;
      held.add(value, timeUs, weight);
    },
    // A time-weighted mean of single readings stands for no time.
    result: () => (total > 0 ? textOf(sum.value() / total) : held.result()),
    weight: () => total,
  };
}

function textOf(value: number): string | undefined {
  return Number.isFinite(value) ? String(value) : undefined;
}

function createSum(): { add(x: number): void; value(): number } {
  let sum = 0;
  let lost = 0;
  return {
    add(x) {
      const after = sum + x;
      lost += Math.abs(sum) >= Math.abs(x) ? sum - after + x : x - after + sum;
      sum = after;
    },
    value: () => sum + lost,
  };
}
