/**
 * A cron expression in a time zone, past and future: what calendar windows and active hours go by.
 *
 * Invariant: nothing here runs by itself or looks at a clock; the same question has the same answer at all times.
 */

import { zoneOf } from '../core/zone.ts';
import { type ActiveHours, createActiveHours } from './active-hours.ts';
import { type Cron, neverComes, parseCron } from './cron.ts';
import { createInstants, type Instants } from './instants.ts';

export type { ActiveHours } from './active-hours.ts';

export interface Schedule extends Instants {
  readonly cron: string;
  readonly zone: string;
}

/** Rules by the hundred name the same hours; what a schedule remembers follows from its text alone. */
const keptSchedules = 1000;
const schedules = new Map<string, Schedule>();
const activeHours = new Map<string, ActiveHours>();

/** Throws GatewayError for a mistake in the expression, or when its time never comes, and for an unknown zone. */
export function scheduleOf(cron: string, zone: string): Schedule {
  return keptOrMade(schedules, cron, zone, () => ({
    cron,
    zone,
    ...createInstants(checkCron(cron), zoneOf(zone)),
  }));
}

/** Throws as `scheduleOf` does. */
export function activeHoursOf(cron: string, zone: string): ActiveHours {
  return keptOrMade(activeHours, cron, zone, () => ({
    cron,
    zone,
    ...createActiveHours(checkCron(cron), zoneOf(zone)),
  }));
}

/** Throws GatewayError for a mistake in the expression, or when its time never comes. */
export function checkCron(text: string): Cron {
  const cron = parseCron(text);
  const { next } = createInstants(cron, zoneOf('UTC'));
  if (next(Date.UTC(2000, 0, 1)) === Number.POSITIVE_INFINITY) throw neverComes(text);
  return cron;
}

function keptOrMade<T>(kept: Map<string, T>, cron: string, zone: string, make: () => T): T {
  const name = `${zone} ${cron}`;
  const known = kept.get(name);
  if (known !== undefined) return known;
  if (kept.size >= keptSchedules) kept.clear();
  const made = make();
  kept.set(name, made);
  return made;
}
