/**
 * What a function with memory is: state by key, a word about each value, and what it learns of it.
 *
 * Not here: which rows there are, and what a rule makes of the answer.
 */

/** One function over the values of each key. Keys are small dense integers. Memory per key is bounded; time per value is O(1). */
export interface Detector {
  /** Room for keys 0 … keys-1. */
  grow(keys: number): void;
  /** What the function says of x at event time tMs, given what it learnt before; NaN while it cannot say. Booleans are 1, 0. Changes nothing. */
  judge(key: number, tMs: number, x: number): number;
  /** Takes x in. Never called with NaN. A value older than the newest learnt is judged but must not corrupt (see its docs). */
  learn(key: number, tMs: number, x: number): void;
  /** Plain data for the checkpoint. */
  save(keys: number): unknown;
  /** Into a fresh detector. */
  load(saved: unknown): void;
}

/** Durations are in ms. */
export type MakeDetector = (parameters: readonly number[]) => Detector;
