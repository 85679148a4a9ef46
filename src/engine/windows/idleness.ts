/**
 * When each key was last heard, and from when on it is idle.
 *
 * Invariant: time in which the gateway did not listen is nobody's idleness.
 */

import { grown } from '../grown.ts';

export interface Idleness {
  growKeys(capacity: number): void;
  heard(key: number, arrivalMs: number): void;
  /** Infinity before the key's first reading. */
  lastArrivalMs(key: number): number;
  /** Arrival time from which the key is idle, if nothing more comes. */
  fromMs(key: number): number;
  listenSince(ms: number): void;
  save(keys: number): Float64Array;
  load(saved: Float64Array): void;
}

export function createIdleness(idleAfterMs: number): Idleness {
  let lastArrivalMs = new Float64Array(0);
  let listeningSinceMs = Number.NEGATIVE_INFINITY;
  return {
    growKeys(capacity) {
      lastArrivalMs = grown(lastArrivalMs, capacity, Number.POSITIVE_INFINITY);
    },
    heard(key, arrivalMs) {
      lastArrivalMs[key] = arrivalMs;
    },
    lastArrivalMs: (key) => lastArrivalMs[key]!,
    fromMs: (key) => Math.max(lastArrivalMs[key]!, listeningSinceMs) + idleAfterMs,
    listenSince(ms) {
      listeningSinceMs = ms;
    },
    save: (keys) => lastArrivalMs.slice(0, keys),
    load(saved) {
      lastArrivalMs.set(saved);
    },
  };
}
