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

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export const detectors = {
  zscore: {
    signature: 'zscore(x, 1h)',
    doc: 'how many standard deviations x is above (below: negative) the mean of the last hour',
    parameters: [windowOf('window')],
    resultType: 'number',
  },
  mad: {
    signature: 'mad(x, 1h)',
    doc: 'the same with median and median distance in place of mean and standard deviation: outliers do not disturb it',
    parameters: [windowOf('window')],
    resultType: 'number',
  },
  ewma: {
    signature: 'ewma(x, 5m)',
    doc: 'x smoothed: older readings count less and less; their mean age is that of an average over five minutes',
    parameters: [windowOf('window')],
    resultType: 'number',
  },
  cusum: {
    signature: 'cusum(x, 1h) or cusum(x, 1h, slack)',
    doc: 'deviations from the last hour, added up: a small shift that lasts gets above 5; slack (0.5) is what is left off each',
    parameters: [windowOf('window'), { name: 'slack', kind: 'number', min: 0, max: 3, default: 0.5 }],
    resultType: 'number',
  },
  drift: {
    signature: 'drift(x) or drift(x, 1h, 24h)',
    doc: 'how many standard deviations the mean of the last hour is above that of the 24 hours before it',
    parameters: [windowOf('recent', hourMs), windowOf('baseline', dayMs)],
    resultType: 'number',
  },
  stuck: {
    signature: 'stuck(x, 10m) or stuck(x, 10m, tolerance)',
    doc: 'true when x is sent but has not changed, by more than the tolerance (0), for ten minutes',
    takes: ['number', 'boolean'],
    parameters: [windowOf('window'), { name: 'tolerance', kind: 'number', min: 0, max: 1e9, default: 0 }],
    resultType: 'boolean',
  },
  spike: {
    signature: 'spike(x)',
    doc: 'true when x alone stands out from the readings before it and their usual noise',
    parameters: [],
    resultType: 'boolean',
  },
  forecast: {
    signature: 'forecast(x, 10m)',
    doc: 'the value expected in ten minutes: level, steady trend and, after three days, the usual course of the day',
    parameters: [windowOf('horizon')],
    resultType: 'number',
  },
  anomaly: {
    signature: 'anomaly(x)',
    doc: 'how odd x is, from 0 to 1, with nothing to set: jumps, new levels, odd hours, dead sensors; try 0.99',
    parameters: [],
    resultType: 'number',
  },
} as const satisfies Record<string, DetectorEntry>;

/** The entry of a function, or undefined: only the map's own names count. */
export function detectorNamed(name: string): DetectorEntry | undefined {
  return Object.hasOwn(detectors, name) ? detectors[name as keyof typeof detectors] : undefined;
}

/** A length of time; one with a default may be left out. */
function windowOf<Name extends string>(name: Name, defaultMs?: number) {
  const parameter = { name, kind: 'duration', min: 10, max: 1000 * dayMs } as const;
  return defaultMs === undefined ? parameter : { ...parameter, default: defaultMs };
}
