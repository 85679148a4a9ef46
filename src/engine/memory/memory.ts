/**
 * A function with memory at work: for each key of the rule what it has learnt, in the order of arrival.
 *
 * Invariant: a key's state follows from its own values alone, so it does not depend on where batches are cut.
 * Not here: the functions (src/detectors, lag.ts), and which rows they are asked about.
 */

import type { Column, NumberColumn } from '../../expression/rows.ts';
import type { MemoryPlan } from '../../rules/plan.ts';
import { detectors } from './detectors.ts';
import { createLag } from './lag.ts';

/** A cell of a column: NaN or null is no value; truth values are 1 and 0. */
export type Cell = number | string | null;

export interface Memory {
  /** Room for one more key. */
  meet(key: number): void;
  /** What it says of a value of a key that was met; `lag` does not look at the value. */
  judge(key: number, timeMs: number, x: Cell): Cell;
  learn(key: number, timeMs: number, x: Cell): void;
  /** Judges and then learns each row whose key is not negative, in order. */
  run(n: number, keys: Int32Array, timesMs: Float64Array, x: Column, out: Column): void;
  /** Of keys 0 … keys-1. */
  save(keys: number): unknown;
  load(saved: unknown, keys: number): void;
}

export type SavedMemories = Readonly<Record<string, unknown>>;

export function createMemory(plan: MemoryPlan): Memory {
  return plan.fn === 'lag' ? createLag(plan) : createDetecting(plan);
}

function createDetecting({ fn, parameters }: MemoryPlan): Memory {
  const detector = detectors[fn]!(parameters);
  let capacity = 0;

  function meet(key: number): void {
    if (key < capacity) return;
    capacity = Math.max(4, 2 * capacity, key + 1);
    detector.grow(capacity);
  }

  return {
    meet,
    judge: (key, timeMs, x) => (Number.isNaN(x) ? Number.NaN : detector.judge(key, timeMs, x as number)),
    learn(key, timeMs, x) {
      if (!Number.isNaN(x)) detector.learn(key, timeMs, x as number);
    },
    run(n, keys, timesMs, column, outColumn) {
      const out = outColumn as NumberColumn;
      const xs = column as NumberColumn;
      for (let i = 0; i < n; i++) {
        const key = keys[i]!;
        const x = xs[i]!;
        if (key < 0 || Number.isNaN(x)) {
          out[i] = Number.NaN;
          continue;
        }
        if (key >= capacity) meet(key);
        out[i] = detector.judge(key, timesMs[i]!, x);
        detector.learn(key, timesMs[i]!, x);
      }
    },
    save(keys) {
      if (keys > 0) meet(keys - 1);
      return detector.save(keys);
    },
    load(saved, keys) {
      detector.load(saved);
      capacity = keys;
    },
  };
}

/** By identity, so that what an edit did not touch goes on. */
export function saveMemories(
  plans: readonly MemoryPlan[],
  memories: readonly Memory[],
  keys: number,
): SavedMemories {
  return Object.fromEntries(plans.map(({ identity }, i) => [identity, memories[i]!.save(keys)]));
}

export function loadMemories(
  plans: readonly MemoryPlan[],
  memories: readonly Memory[],
  saved: SavedMemories,
  keys: number,
): void {
  for (const [i, { identity }] of plans.entries()) {
    if (Object.hasOwn(saved, identity)) memories[i]!.load(saved[identity], keys);
  }
}
