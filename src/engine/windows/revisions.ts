/**
 * Closed windows that late readings changed (`late: revise`), until their results are given again.
 *
 * Not here: which windows may still change, and the results.
 */

export interface Revisions {
  mark(key: number, endMs: number): void;
  /** End of the key's earliest changed window; Infinity when there is none. */
  earliestMs(key: number): number;
  /** Keys with changed windows, ascending. */
  keys(): number[];
  /** Ends of the key's changed windows up to a time, ascending; they are none any more. */
  take(key: number, untilMs: number): number[];
  save(): SavedRevisions;
  load(saved: SavedRevisions): void;
}

/** Ends of changed windows by key. */
export type SavedRevisions = readonly (readonly [key: number, endsMs: readonly number[]])[];

interface Changed {
  readonly ends: Set<number>;
  earliestMs: number;
}

const ascending = (a: number, b: number): number => a - b;

export function createRevisions(): Revisions {
  const byKey = new Map<number, Changed>();

  function mark(key: number, endMs: number): void {
    const changed = byKey.get(key);
    if (changed === undefined) byKey.set(key, { ends: new Set([endMs]), earliestMs: endMs });
    else {
      changed.ends.add(endMs);
      changed.earliestMs = Math.min(changed.earliestMs, endMs);
    }
  }

  return {
    mark,
    earliestMs: (key) => byKey.get(key)?.earliestMs ?? Number.POSITIVE_INFINITY,
    keys: () => [...byKey.keys()].sort(ascending),
    take(key, untilMs) {
      const ends = [...(byKey.get(key)?.ends ?? [])].sort(ascending);
      byKey.delete(key);
      for (const endMs of ends) if (endMs > untilMs) mark(key, endMs);
      return ends.filter((endMs) => endMs <= untilMs);
    },
    save: () => [...byKey].map(([key, { ends }]) => [key, [...ends]]),
    load(saved) {
      for (const [key, ends] of saved) for (const endMs of ends) mark(key, endMs);
    },
  };
}
