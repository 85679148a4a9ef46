/**
 * The state of a detector: for each key a record of so many doubles, one after the other in one array.
 *
 * Invariant: a record that was never written holds the initial values. Saving copies, so what was saved does not
 * change any more. Not here: what the doubles mean; each detector names its own.
 */

export interface Records {
  /** Record of key k: from `k * width`. Hold on to it only within one call: growing replaces it. */
  cells: Float64Array;
  readonly width: number;
  grow(keys: number): void;
  save(keys: number): unknown;
  load(saved: unknown): void;
}

/** Records as wide as `initial`. Growing key by key costs little: room is made for half as many again. */
export function createRecords(initial: readonly number[]): Records {
  const width = initial.length;
  const records: Records = {
    cells: new Float64Array(0),
    width,
    grow(keys) {
      const present = records.cells.length / width;
      if (keys <= present) return;
      const larger = new Float64Array(Math.max(keys, Math.ceil(present * 1.5)) * width);
      larger.set(records.cells);
      for (let at = records.cells.length; at < larger.length; at += width) larger.set(initial, at);
      records.cells = larger;
    },
    save(keys) {
      records.grow(keys);
      return records.cells.slice(0, keys * width);
    },
    load(saved) {
      records.cells = (saved as Float64Array).slice();
    },
  };
  return records;
}
