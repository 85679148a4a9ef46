/**
 * `mode(x)`: the most frequent value, of any type; of several the smallest: the lesser number, false, the text first by
 * code units. Null when there was none. Exact up to `exactModes` different values in a window; beyond it the result is
 * a value that came at most a share `modeError` of the readings less often than the most frequent one.
 *
 * Sources: J. Misra, D. Gries, "Finding repeated elements" (1982); merging: P. K. Agarwal, G. Cormode, Z. Huang,
 * J. Phillips, Z. Wei, K. Yi, "Mergeable summaries" (2012).
 */

import { type Aggregate, isNull } from './aggregate.ts';

export const exactModes = 1024;
/** Values that may stay when there are too many. */
const kept = exactModes / 2;
/** What is taken off all counts at once is taken off `kept` + 1 of them at least, so in all at most this share. */
export const modeError = 1 / (kept + 1);

type Value = number | string;
type Counts = Map<Value, number>;

export function mode(): Aggregate {
  const slotCounts: Counts[] = [];
  return {
    grow() {},
    reset(slot) {
      slotCounts[slot] = new Map();
    },
    fold(slots, from, to, _rows, columns) {
      const xs = columns[0]!;
      for (let i = from; i < to; i++) {
        const x = xs[i]!;
        if (slots[i]! >= 0 && !isNull(x)) add(slotCounts[slots[i]!]!, x, 1);
      }
    },
    merge(into, from) {
      for (const [value, count] of slotCounts[from]!) add(slotCounts[into]!, value, count);
    },
    result: (slot) => mostFrequent(slotCounts[slot]!) ?? null,
    save: (slots) => Array.from(slots, (slot) => slotCounts[slot]),
    load(saved, slots) {
      for (const [j, slot] of slots.entries()) slotCounts[slot] = (saved as Counts[])[j]!;
    },
  };
}

function add(counts: Counts, value: Value, count: number): void {
  counts.set(value, (counts.get(value) ?? 0) + count);
  if (counts.size > exactModes) thin(counts);
}

function mostFrequent(counts: Counts): Value | undefined {
  let best: Value | undefined;
  let most = -1;
  for (const [value, count] of counts) {
    if (count < most || (count === most && value >= best!)) continue;
    best = value;
    most = count;
  }
  return best;
}

/** Takes the same off every count, so much that at most `kept` are left. */
function thin(counts: Counts): void {
  const best = mostFrequent(counts)!;
  const off = Float64Array.from(counts.values())
    .sort()
    .at(-kept - 1)!;
  for (const [value, count] of counts) {
    if (count > off) counts.set(value, count - off);
    else counts.delete(value);
  }
  // The result is a value that was there, even when no value stands out.
  if (counts.size === 0) counts.set(best, 0);
}
