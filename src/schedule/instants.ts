/**
 * The instants of a cron expression in a zone: where calendar windows begin and end.
 *
 * A local time that clocks leave out is taken later by what they are set forward. One that they show twice counts once,
 * the first; twice when the expression means every hour. So a day is one window, of 23 or 25 hours too, and every hour
 * an hour.
 * Invariants: instants strictly increase; `previous(t) <= t < next(t)`, and nothing lies between the two.
 */

import type { Zone } from '../core/zone.ts';
import type { Cron } from './cron.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Days are UTC days since 1970-01-01: those of the years 1900 to 9999. */
const firstDay = Date.UTC(1900, 0, 1) / dayMs;
const lastDay = Date.UTC(9999, 11, 31) / dayMs;
/** February 29ths of one weekday are at most 40 years apart. */
const searchedDays = 50 * 366;
const keptDays = 8;
/** What clocks are set back in one night, with room: it makes a window longer. */
const setBackMs = 3 * 3_600_000;

export interface Instants {
  /** The last instant that is not after `ms`; -Infinity before the first one of 1900. */
  previous(ms: number): number;
  /** The first instant after `ms`; Infinity after the year 9999, or when none comes in 50 years. */
  next(ms: number): number;
  /** No two instants that follow each other are further apart. */
  longestMs(): number;
}

/** Two instants that follow each other. */
interface Between {
  readonly fromMs: number;
  readonly untilMs: number;
}

const nowhere: Between = { fromMs: 0, untilMs: 0 };

function holds({ fromMs, untilMs }: Between, ms: number): boolean {
  return ms >= fromMs && ms < untilMs;
}

export function createInstants(cron: Cron, zone: Zone): Instants {
  const known = new Map<number, readonly number[]>();
  /** Around a boundary readings of two windows take turns. */
  let here: Between = nowhere;
  let lately: Between = nowhere;
  let longest: number | undefined;

  function ofDay(day: number): readonly number[] {
    let instants = known.get(day);
    if (instants === undefined) {
      instants = instantsOf(cron, zone, day);
      if (known.size >= keptDays) known.clear();
      if (instants.length > 0) known.set(day, instants);
    }
    return instants;
  }

  function search(from: number, step: 1 | -1): number {
    for (let i = 1; i <= searchedDays; i++) {
      const day = from + i * step;
      if (day < firstDay || day > lastDay) break;
      const found = ofDay(day).at(step === 1 ? 0 : -1);
      if (found !== undefined) return found;
    }
    return step * Number.POSITIVE_INFINITY;
  }

  function around(ms: number): Between {
    if (!holds(here, ms)) [here, lately] = [holds(lately, ms) ? lately : find(ms), here];
    return here;
  }

  function find(ms: number): Between {
    const day = Math.floor(Math.max(firstDay - 1, Math.min(lastDay + 1, ms / dayMs)));
    const instants = day < firstDay || day > lastDay ? [] : ofDay(day);
    const after = instants.findIndex((instant) => instant > ms);
    const at = after < 0 ? instants.length : after;
    return { fromMs: instants[at - 1] ?? search(day, -1), untilMs: instants[at] ?? search(day, 1) };
  }

  return {
    previous: (ms) => around(ms).fromMs,
    next: (ms) => around(ms).untilMs,
    longestMs() {
      longest ??= longestOf(cron) * minuteMs + (zone.isFixed ? 0 : setBackMs);
      return longest;
    },
  };
}

/** The instants in a UTC day, ascending. */
function instantsOf(cron: Cron, zone: Zone, day: number): number[] {
  const fromMs = day * dayMs;
  // Local days reach into the day before and after; where a whole day is left out, into the next but one.
  const around = [-2, -1, 0, 1, 2].map((i) => day + i).filter(cron.isOn);
  if (around.length === 0) return [];
  const isSteady = [-2, -1, 0, 1, 2].every((i) => isSteadyDay(zone, day + i));
  const offsetMs = zone.offsetAt(fromMs);
  const utcOf = isSteady ? (localMs: number) => [localMs - offsetMs] : occurrencesOf(cron, zone);
  const found = around.flatMap((localDay) =>
    cron.minutes
      .flatMap((minute) => utcOf(localDay * dayMs + minute * minuteMs))
      .filter((ms) => ms >= fromMs && ms < fromMs + dayMs),
  );
  return [...new Set(found)].sort((a, b) => a - b);
}

function isSteadyDay(zone: Zone, day: number): boolean {
  return zone.offsetAt(day * dayMs) === zone.offsetAt((day + 1) * dayMs);
}

/** When a local time is: twice, where clocks are set back and every hour is meant. */
function occurrencesOf({ everyHour }: Cron, zone: Zone): (localMs: number) => number[] {
  return (localMs) => {
    const first = zone.toUtc(localMs);
    const second = localMs - zone.offsetAt(first + dayMs);
    const isTwice = everyHour && second > first && second + zone.offsetAt(second) === localMs;
    return isTwice ? [first, second] : [first];
  };
}

/** Years in which every pattern of days shows its longest pause, but those of February 29th. */
const patternDays = { from: Date.UTC(2000, 0, 1) / dayMs, to: Date.UTC(2029, 0, 1) / dayMs };

/** In minutes of the clock on the wall. */
function longestOf(cron: Cron): number {
  const { minutes } = cron;
  const steps = minutes.slice(1).map((minute, i) => minute - minutes[i]!);
  const overNight = 1440 * longestPause(cron) + minutes[0]! - minutes.at(-1)!;
  return Math.max(overNight, ...steps);
}

/** In days. */
function longestPause(cron: Cron): number {
  if (cron.everyDay) return 1;
  let last: number | undefined;
  let longest = 0;
  for (let day = patternDays.from; day < patternDays.to; day++) {
    if (!cron.isOn(day)) continue;
    longest = Math.max(longest, day - (last ?? day));
    last = day;
  }
  return longest === 0 ? searchedDays : longest;
}
