/**
 * Closed windows that late readings changed (`late: revise`), until their results are given again.
 *
 * Not here: which windows may still change, and the results.
 */

export interface Revisions {
  mark(key: number, endMs: number): void;
  has(key: number): boolean;
  /** Keys with changed windows, ascending. */
  keys(): number[];
  /** Ends of the key's changed windows, ascending; after it there are none. */
  take(key: number): number[];
  save(): SavedRevisions;
  load(saved: SavedRevisions): void;
}

/** Ends of changed windows by key. */
export type SavedRevisions = readonly (readonly [key: number, endsMs: readonly number[]])[];

const ascending = (a: number, b: number): number => a - b;

export function createRevisions(): Revisions {
  const changed = new Map<number, Set<number>>();
  return {
    mark(key, endMs) {
      const ends = changed.get(key);
      if (ends === undefined) changed.set(key, new Set([endMs]));
      else ends.add(endMs);
    },
    has: (key) => changed.has(key),
    keys: () => [...changed.keys()].sort(ascending),
    take(key) {
      const ends = [...(changed.get(key) ?? [])].sort(ascending);
      changed.delete(key);
      return ends;
    },
    save: () => [...changed].map(([key, ends]) => [key, [...ends]]),
    load(saved) {
      for (const [key, ends] of saved) changed.set(key, new Set(ends));
    },
  };
}
