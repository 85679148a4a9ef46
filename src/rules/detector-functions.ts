/**
 * The functions with memory over the values of a key: one entry each, with the line the documentation shows.
 *
 * Invariant: the engine has an implementation for every name here (engine/detectors.ts). To add one: an entry here, a
 * file in src/detectors/ and a line there. Not here: `lag`, which is part of the language (memory-calls.ts).
 */

import type { ValueType } from '../core/types.ts';

export interface DetectorEntry {
  readonly signature: string;
  readonly doc: string;
  /** Types x may have; default number alone. Booleans reach the detector as 1 and 0. */
  readonly takes?: readonly ValueType[];
  /** Constants after x, each with its bounds: durations in ms. Those with a default may be left out, from the last one on. */
  readonly parameters: readonly DetectorParameter[];
  readonly resultType: 'number' | 'boolean';
}

export interface DetectorParameter {
  readonly name: string;
  readonly kind: 'duration' | 'number';
  readonly min: number;
  readonly max: number;
  readonly default?: number;
}

const secondMs = 1000;
const dayMs = 86_400_000;

export const detectors = {
  zscore: {
    signature: 'zscore(x, 1h)',
    doc: 'how many standard deviations x is above the average of the last hour',
    parameters: [{ name: 'window', kind: 'duration', min: secondMs, max: 365 * dayMs }],
    resultType: 'number',
  },
} as const satisfies Record<string, DetectorEntry>;

/** The entry of a function, or undefined: only the map's own names count. */
export function detectorNamed(name: string): DetectorEntry | undefined {
  return Object.hasOwn(detectors, name) ? detectors[name as keyof typeof detectors] : undefined;
}
