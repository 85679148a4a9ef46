/**
 * Flapping: a severity of a key that fires and clears again and again is held firing.
 *
 * It flaps from the moment at which so many changes lie within so long a time, until fewer do. Times of changes are event
 * times, and never go back; what passes while nothing is judged is arrival time.
 * Invariant: no more changes are remembered than count.
 */

import type { FlappingConfig } from '../../config/schema.ts';

/** The newest changes of one severity of one key. */
export interface Flaps {
  /** When it fired or cleared, the oldest first; never empty. */
  readonly atMs: readonly number[];
  /** Arrival of the newest. */
  readonly arrivalMs: number;
  /** Held firing, whatever is judged. */
  readonly isFlapping: boolean;
}

/** After one more change. */
export function noteChange(
  flaps: Flaps | undefined,
  plan: FlappingConfig,
  atMs: number,
  arrivalMs: number,
): Flaps {
  const newestMs = Math.max(atMs, flaps?.atMs.at(-1) ?? atMs);
  const changed = { atMs: [...(flaps?.atMs ?? []), newestMs].slice(-plan.changes), arrivalMs };
  return { ...changed, isFlapping: calmAtMs(changed, plan) > newestMs };
}

/** At this event time it flaps no more, if nothing changes. Without a plan that is over. */
export function calmAtMs({ atMs }: Pick<Flaps, 'atMs'>, plan: FlappingConfig | undefined): number {
  const counted = plan && atMs.at(-plan.changes);
  const newestMs = atMs.at(-1)!;
  return counted === undefined ? newestMs : Math.max(newestMs, counted + plan!.withinMs);
}

/** How many of the changes still count at this arrival time, when nothing is judged in between. */
export function countedAt(flaps: Flaps, { withinMs }: FlappingConfig, nowMs: number): number {
  const eventMs = flaps.atMs.at(-1)! + Math.max(0, nowMs - flaps.arrivalMs);
  return flaps.atMs.filter((ms) => ms + withinMs > eventMs).length;
}

/** Arrival time for an event time at or after the newest change, when nothing is judged in between. */
export function arrivalAt({ atMs, arrivalMs }: Flaps, eventMs: number): number {
  return arrivalMs + (eventMs - atMs.at(-1)!);
}

/** From this arrival time on the changes count no more. */
export function forgettableMs(flaps: Flaps, plan: FlappingConfig | undefined): number {
  return flaps.arrivalMs + (plan?.withinMs ?? 0);
}
