/**
 * A rule's rows as points; with `on_change` only those that differ from what was forwarded last.
 *
 * Invariant: compared with the last point forwarded, not with the reading before, so a slow drift is forwarded too.
 */

import type { FieldValue } from '../core/types.ts';
import type { NumberColumn, Rows } from '../expression/rows.ts';
import type { ForwardPlan } from '../rules/plan.ts';
import type { Output } from './output.ts';
import { type NamedSlot, pointOf, valuesOf } from './verdict.ts';

type Values = Readonly<Record<string, FieldValue | null>>;

export interface Forwarding {
  /** Forwards the rows whose key is not negative. `weights`: one column for each of the plan's means. */
  forward(rows: Rows, keys: Int32Array, slots: readonly NamedSlot[], weights?: readonly NumberColumn[]): void;
  save(): SavedForwarding;
  load(saved: SavedForwarding): void;
}

export interface ForwardingCounts {
  points: number;
  /** Rows that made no point; see `RuleLine`. */
  unchanged: number;
  withoutValue: number;
}

/** What was forwarded last, by key; empty without `on_change`. */
export type SavedForwarding = readonly (readonly [number, Values])[];

export function createForwarding(
  { measurement, onChange, means = [] }: ForwardPlan,
  tagsOf: (key: number) => Readonly<Record<string, string>>,
  output: Output,
  counts: ForwardingCounts,
): Forwarding {
  /** Only with `on_change`. */
  let forwarded: Map<number, Values> | undefined;

  function isNews(key: number, values: Values, step: number): boolean {
    forwarded ??= new Map();
    const before = forwarded.get(key);
    // A value that this reading lacks is no news of it: devices that send parts forward only what moved.
    const present = Object.entries(values).filter(([, value]) => value !== null);
    const changed = present.some(([name, value]) => differs(before?.[name], value, step));
    if (changed) forwarded.set(key, { ...before, ...Object.fromEntries(present) });
    return changed;
  }

  function weightsOf(columns: readonly NumberColumn[], row: number): Record<string, number> {
    return Object.fromEntries(means.map(({ name }, m) => [name, columns[m]![row]!]));
  }

  return {
    forward(rows, keys, slots, weights = []) {
      for (let row = 0; row < rows.n; row++) {
        const key = keys[row]!;
        // An early result whose end is not known yet has no time of its own.
        if (key < 0 || Number.isNaN(rows.eventMs[row]!)) continue;
        if (onChange !== undefined && !isNews(key, valuesOf(rows, slots, row), onChange)) {
          counts.unchanged += 1;
          continue;
        }
        const point = pointOf(measurement, tagsOf(key), rows, slots, row);
        if (point === undefined) {
          counts.withoutValue += 1;
          continue;
        }
        counts.points += 1;
        output.points.push(means.length === 0 ? point : { ...point, weights: weightsOf(weights, row) });
      }
    },
    save: () => [...(forwarded ?? [])],
    load(saved) {
      if (saved.length > 0) forwarded = new Map(saved);
    },
  };
}

function differs(before: FieldValue | null | undefined, after: FieldValue | null, step: number): boolean {
  if (typeof before === 'number' && typeof after === 'number') return Math.abs(after - before) >= step;
  return before !== after;
}
