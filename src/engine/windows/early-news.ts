/**
 * The readings that early results are due for: of which keys, and their latest event times.
 *
 * Not here: when they are due (emitting.ts), and what a key's open windows are.
 */

import type { Rows } from '../../expression/rows.ts';
import { grown } from '../grown.ts';
import { createEmitting, type SavedEmitting } from './emitting.ts';
import { noPane } from './panes.ts';

export interface EarlyNews {
  growKeys(capacity: number): void;
  /** Arrival time at which early results are due; Infinity while no key has news. */
  dueMs(): number;
  /** The end of the rows from `from` on that arrive before the next early results could be due. */
  endOfRun(rows: Rows, from: number): number;
  /** Rows from … to-1 were folded into `slots`; those without one did not count. */
  note(rows: Rows, keys: Int32Array, slots: Int32Array, from: number, to: number): void;
  /** The keys with news, in their order; after it there are none. */
  take(): number[];
  latestMs(key: number): number;
  /** It is not after `ms` any more. */
  setBack(key: number, ms: number): void;
  save(): SavedEarlyNews;
  load(saved: SavedEarlyNews): void;
}

export interface SavedEarlyNews {
  readonly emitting: SavedEmitting;
  readonly latestMs: Float64Array;
}

export function createEarlyNews(emitMs: number): EarlyNews {
  const emitting = createEmitting(emitMs);
  /** By key. */
  let latestMs = new Float64Array(0);
  return {
    growKeys(capacity) {
      latestMs = grown(latestMs, capacity, Number.NEGATIVE_INFINITY);
    },
    dueMs: emitting.dueMs,
    endOfRun({ n, arrivalMs }, from) {
      const untilMs = (Math.floor(arrivalMs[from]! / emitMs) + 1) * emitMs;
      let end = from + 1;
      while (end < n && arrivalMs[end]! < untilMs) end++;
      return end;
    },
    note({ eventMs, arrivalMs }, keys, slots, from, to) {
      for (let i = from; i < to; i++) {
        if (slots[i] === noPane) continue;
        const key = keys[i]!;
        emitting.heard(key, arrivalMs[i]!);
        if (eventMs[i]! > latestMs[key]!) latestMs[key] = eventMs[i]!;
      }
    },
    take: emitting.take,
    latestMs: (key) => latestMs[key]!,
    setBack(key, ms) {
      latestMs[key] = Math.min(latestMs[key]!, ms);
    },
    save: () => ({ emitting: emitting.save(), latestMs: latestMs.slice() }),
    load(saved) {
      emitting.load(saved.emitting);
      latestMs.set(saved.latestMs.subarray(0, latestMs.length));
    },
  };
}
