/**
 * The depot's two machines: a press whose bearing runs dry and is lubricated, a pit that fills and is pumped out.
 *
 * Invariant: pure, like bus.ts: time may be cut anywhere.
 */

import type { Depot, Message } from './bus.ts';
import { chance } from './noise.ts';

/** A value over a period as straight pieces between [minute, value], the first at 0; it repeats. */
type Course = readonly (readonly [minute: number, value: number])[];

/** Kelvin above normal: dry from minute 5, lubricated at 51, at rest again long before the next turn. */
const bearing: Course = [
  [0, 0],
  [5, 0],
  [51, 13],
  [55, 9],
  [160, 0],
  [170, 0],
];
/** Centimetres: the pump sets in late, at 85, and empties the pit in three minutes. */
const pit: Course = [
  [0, 34],
  [14, 66],
  [21, 85],
  [24, 24],
  [26, 34],
];

function valueAt(course: Course, sinceMs: number): number {
  const periodMinutes = course.at(-1)![0];
  const minute = (((sinceMs / 60_000) % periodMinutes) + periodMinutes) % periodMinutes;
  const next = Math.max(
    1,
    course.findIndex(([at]) => at > minute),
  );
  const [from, before] = course[next - 1]!;
  const [to, after] = course[next]!;
  return before + ((after - before) * (minute - from)) / (to - from);
}

const bearingEveryMs = 10_000;
const probeEveryMs = 2000;

/** What the press's controller publishes in [fromMs, toMs). */
export function pressMessages(depot: Depot, fromMs: number, toMs: number): Message[] {
  return timesOf(fromMs, toMs, bearingEveryMs).map((atMs) => {
    const above = valueAt(bearing, atMs - depot.startMs);
    const noise = (part: number): number => chance(depot.seed, part, Math.floor(atMs / 1000)) - 0.5;
    const payload = JSON.stringify({
      time: new Date(atMs).toISOString(),
      bearing: {
        temperature: rounded(61.5 + above + 0.5 * noise(101)),
        vibration: rounded(2.1 + 0.15 * above + 0.2 * noise(102)),
      },
    });
    return { atMs, sender: 'press-2', topic: 'plant/press-2/bearing', payload };
  });
}

/** What the level probe writes to its serial line in [fromMs, toMs): one number a line. */
export function probeLines(depot: Depot, fromMs: number, toMs: number): string[] {
  return timesOf(fromMs, toMs, probeEveryMs).map((atMs) => {
    const noise = chance(depot.seed, 103, Math.floor(atMs / 1000)) - 0.5;
    return `${(valueAt(pit, atMs - depot.startMs) + 0.6 * noise).toFixed(1)}\r\n`;
  });
}

function timesOf(fromMs: number, toMs: number, everyMs: number): number[] {
  const firstMs = Math.ceil(fromMs / everyMs) * everyMs;
  return Array.from(
    { length: Math.max(0, Math.ceil((toMs - firstMs) / everyMs)) },
    (_, i) => firstMs + i * everyMs,
  );
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
