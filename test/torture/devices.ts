/**
 * What the devices measure: readings that follow from a seed, a tenth of them late, some too late for their windows.
 *
 * No two readings of a device have one time: a copy that was sent again is known by it.
 */

import { createHash } from 'node:crypto';
import type { OracleReading } from '../oracle.ts';
import { createRandom } from './random.ts';

export const latenessMs = 2000;
/** Values go a little higher, so that some windows fire and some do not. */
export const alarmAbove = 90;

const startMs = Date.UTC(2024, 0, 15);

export interface Device {
  readonly key: string;
  /** In the order in which they were given out. */
  readonly readings: readonly OracleReading[];
  next(): OracleReading;
  /** The last one: so late in time that every window before it closes. */
  last(): OracleReading;
}

export function createDevice(key: string, seed: number): Device {
  const random = createRandom(seed, key);
  const readings: OracleReading[] = [];
  const times = new Set<number>();
  let timeMs = startMs;

  function give(atMs: number): OracleReading {
    while (times.has(atMs)) atMs += 1;
    times.add(atMs);
    const reading = { key, timeMs: atMs, value: Math.floor(random() * (alarmAbove + 3)) };
    readings.push(reading);
    return reading;
  }

  return {
    key,
    readings,
    next() {
      timeMs += 50 + Math.floor(random() * 150);
      return give(random() < 0.1 ? timeMs - Math.floor(random() * 2 * latenessMs) : timeMs);
    },
    last() {
      timeMs += 120_000;
      return give(timeMs);
    },
  };
}

export const jsonOf = ({ timeMs, value }: OracleReading): string => JSON.stringify({ at: timeMs, x: value });
export const lineOf = ({ timeMs, value }: OracleReading): string => `${timeMs},${value}\n`;

/** Text that hardly compresses, so that the outbox fills its segments. */
export function padOf(timeMs: number): string {
  return createHash('shake256', { outputLength: 24_000 }).update(String(timeMs)).digest('base64');
}

export const paddedJsonOf = ({ timeMs, value }: OracleReading): string =>
  JSON.stringify({ at: timeMs, x: value, pad: padOf(timeMs) });
