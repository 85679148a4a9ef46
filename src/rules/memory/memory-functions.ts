/**
 * All functions with memory, as the language has them: the detectors, and `lag`.
 *
 * Not here: what they compute (src/detectors, engine/lag.ts).
 */

import type { ValueType } from '../../core/types.ts';
import { type DetectorParameter, detectorNamed, detectors } from '../detector-functions.ts';

export interface MemoryEntry {
  readonly signature: string;
  readonly doc: string;
  /** Types the argument may have. */
  readonly takes: readonly ValueType[];
  readonly parameters: readonly MemoryParameter[];
  readonly resultType: ValueType | 'as argument';
}

/** A constant after the argument; a `count` is a whole number. */
export type MemoryParameter = Omit<DetectorParameter, 'kind'> & {
  readonly kind: DetectorParameter['kind'] | 'count';
};

export const lag: MemoryEntry = {
  signature: 'lag(x) or lag(x, n)',
  doc: 'the value of x, of any type, n readings or results of the key ago; n is 1 to 1000, else 1',
  takes: ['number', 'boolean', 'string'],
  parameters: [{ name: 'n', kind: 'count', min: 1, max: 1000, default: 1 }],
  resultType: 'as argument',
};

/** For the documentation: each with its signature and what it gives. */
export const memoryFunctions: Readonly<Record<string, Pick<MemoryEntry, 'signature' | 'doc'>>> = {
  lag,
  ...detectors,
};

const numberAlone: readonly ValueType[] = ['number'];

/** The entry of a function with memory, or undefined. */
export function memoryFunctionNamed(name: string): MemoryEntry | undefined {
  if (name === 'lag') return lag;
  const detector = detectorNamed(name);
  return detector && { ...detector, takes: detector.takes ?? numberAlone };
}
