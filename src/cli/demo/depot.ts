/**
 * The simulated depot: twelve buses, a press and a probe, and what they say in any stretch of time.
 *
 * Invariant: pure and the same for a seed: the messages of [a, c) are those of [a, b) and then those of [b, c).
 * Not here: sending any of it.
 */

import { buses, busMessages, type Depot, type Message } from './bus.ts';
import { pressMessages, probeLines } from './machines.ts';

const minuteMs = 60_000;

/** Once an hour one bus, each time another, is not heard for eleven minutes: its radio is off. */
const outage = { everyMs: 60 * minuteMs, fromMs: 18 * minuteMs, untilMs: 29 * minuteMs };

/** Whether bus `index` cannot be heard at `ms`. */
export function isSilent(depot: Depot, index: number, ms: number): boolean {
  const sinceMs = ms - depot.startMs;
  const hour = Math.floor(sinceMs / outage.everyMs);
  const intoMs = sinceMs - hour * outage.everyMs;
  const off = (((8 + 5 * hour) % buses.length) + buses.length) % buses.length;
  return index === off && intoMs >= outage.fromMs && intoMs < outage.untilMs;
}

/** Everything published over MQTT in [fromMs, toMs), in order of time. */
export function messagesBetween(depot: Depot, fromMs: number, toMs: number): Message[] {
  const messages = pressMessages(depot, fromMs, toMs);
  for (const index of buses.keys()) {
    for (const message of busMessages(depot, index, fromMs, toMs)) {
      if (!isSilent(depot, index, message.atMs)) messages.push(message);
    }
  }
  return messages.sort((a, b) => a.atMs - b.atMs);
}

/** Lines the probe writes to its serial line in [fromMs, toMs). */
export function linesBetween(depot: Depot, fromMs: number, toMs: number): string[] {
  return probeLines(depot, fromMs, toMs);
}

/** Everyone who sends over MQTT. */
export const senders: readonly string[] = [...buses.map(({ vehicle }) => `bus-${vehicle}`), 'press-2'];

const rushHours: readonly number[] = [6.75, 15.25];

/**
 * When the simulation begins: the newest rush hour that lies at least `backMs` before the present, so the buses are
 * full from the start, whatever the time of day. `midnightMs` is the local midnight before the present.
 */
export function beginningBefore(presentMs: number, midnightMs: number, backMs: number): number {
  const hourMs = 3_600_000;
  const days = [0, -1, -2];
  const begins = days.flatMap((day) => rushHours.map((hour) => midnightMs + (24 * day + hour) * hourMs));
  return Math.max(...begins.filter((ms) => ms <= presentMs - backMs));
}
