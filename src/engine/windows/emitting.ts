/**
 * Early results (`emit`): when they are due, and for which keys.
 *
 * They come at multiples of `emitMs` of arrival time since the epoch, for each key with readings since its last ones.
 * Invariant: they are taken before a row that arrives at or after that time is looked at, and when time passes; so they
 * do not depend on where batches are cut.
 * Not here: what a key's open windows are.
 */

export interface Emitting {
  /** Arrival time at which early results are due; Infinity while no key has news. */
  dueMs(): number;
  /** A reading of the key counted. */
  heard(key: number, arrivalMs: number): void;
  /** The keys with news, in their order; after it there are none. */
  take(): number[];
  save(): SavedEmitting;
  load(saved: SavedEmitting): void;
}

export interface SavedEmitting {
  readonly dueMs: number;
  readonly keys: readonly number[];
}

export function createEmitting(emitMs: number): Emitting {
  let dueMs = Number.POSITIVE_INFINITY;
  let keys = new Set<number>();
  return {
    dueMs: () => dueMs,
    heard(key, arrivalMs) {
      if (keys.size === 0) dueMs = (Math.floor(arrivalMs / emitMs) + 1) * emitMs;
      keys.add(key);
    },
    take() {
      const taken = [...keys].sort((a, b) => a - b);
      dueMs = Number.POSITIVE_INFINITY;
      keys.clear();
      return taken;
    },
    save: () => ({ dueMs, keys: [...keys] }),
    load(saved) {
      dueMs = saved.dueMs;
      keys = new Set(saved.keys);
    },
  };
}
