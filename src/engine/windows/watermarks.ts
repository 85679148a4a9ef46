/**
 * The watermarks of a rule: one for each key, or one for all (`watermark: global`).
 *
 * A key's own is the latest event time seen for it less the lateness of the device that sent it. The one for all is, of
 * the inputs' latest event times less their lateness, the least: an input that sent nothing yet holds it back, as in
 * Spark.
 * Invariant: none ever goes back, but when the clock does.
 */

import { grown } from '../grown.ts';
import type { Hold } from './windows.ts';

export interface Watermarks {
  growKeys(capacity: number): void;
  /** -Infinity before there is one. */
  of(key: number): number;
  /** The one for all; -Infinity where each key has its own. */
  forAll(): number;
  /** A reading counted. */
  advance(key: number, timeMs: number, input: number): void;
  /** What the key had until then was closed without its watermark. */
  raise(key: number, ms: number): void;
  /** To `ms`, wherever it was. */
  setBack(key: number, ms: number): void;
  /** The latest times of all inputs to `toMs`, where they are after `fromMs`. */
  setInputsBack(fromMs: number, toMs: number): void;
  save(keys: number): SavedWatermarks;
  load(saved: SavedWatermarks): void;
}

export interface SavedWatermarks {
  readonly ofKeys: Float64Array;
  readonly ofInputs: Float64Array;
}

export function createWatermarks(
  kind: 'key' | 'global',
  latenessMs: readonly number[],
  hold?: Hold,
): Watermarks {
  const isGlobal = kind === 'global';
  let ofKeys = new Float64Array(0);
  const ofInputs = new Float64Array(latenessMs.length).fill(Number.NEGATIVE_INFINITY);
  let forAll = Number.NEGATIVE_INFINITY;

  return {
    growKeys(capacity) {
      ofKeys = grown(ofKeys, capacity, Number.NEGATIVE_INFINITY);
    },
    of: (key) => Math.max(ofKeys[key]!, forAll),
    forAll: () => forAll,
    advance(key, timeMs, input) {
      const mark = timeMs - latenessMs[input]!;
      if (!isGlobal) {
        const reachedMs = hold === undefined ? mark : hold.raise(key, mark);
        if (reachedMs > ofKeys[key]!) ofKeys[key] = reachedMs;
      } else if (mark > ofInputs[input]!) {
        ofInputs[input] = mark;
        forAll = Math.min(...ofInputs);
      }
    },
    raise(key, ms) {
      if (ms > ofKeys[key]!) ofKeys[key] = ms;
    },
    setBack(key, ms) {
      ofKeys[key] = ms;
    },
    setInputsBack(fromMs, toMs) {
      if (!isGlobal) return;
      for (const [i, late] of latenessMs.entries()) {
        if (ofInputs[i]! + late > fromMs) ofInputs[i] = toMs - late;
      }
      forAll = Math.min(...ofInputs);
    },
    save: (keys) => ({ ofKeys: ofKeys.slice(0, keys), ofInputs: ofInputs.slice() }),
    load(saved) {
      ofKeys.set(saved.ofKeys);
      ofInputs.set(saved.ofInputs);
      if (isGlobal) forAll = Math.min(...ofInputs);
    },
  };
}
