/**
 * Local time of an IANA zone to UTC, and its offset at any instant.
 *
 * Where clocks are set forward, a local time that does not exist is taken to be that much later (02:30 means 03:30
 * summer time); where they are set back, a local time that exists twice is the first of the two. Both as
 * `disambiguation: 'compatible'` of ECMAScript Temporal. A device whose times must not be ambiguous sends UTC.
 * Offsets come from Intl and are kept for whole UTC days, so that a reading costs no formatting.
 */

import { GatewayError } from './errors.ts';
import { closest } from './suggest.ts';

const dayMs = 86_400_000;
const keptDays = 4096;

export interface Zone {
  /** UTC: its offset never changes. */
  readonly isFixed: boolean;
  /** The UTC ms of a local time written as if it were UTC ms. */
  toUtc(localMs: number): number;
  /** What local time is ahead of UTC, in ms. */
  offsetAt(utcMs: number): number;
  /** Half-open, at most a UTC day long: time around `utcMs` in which the offset does not change. */
  steadyAround(utcMs: number): { readonly fromMs: number; readonly untilMs: number };
}

/** Of one name there is one: what it keeps is large, and follows from the name alone. */
const opened = new Map<string, Zone>();

/** Throws GatewayError for an unknown zone. */
export function zoneOf(name: string): Zone {
  let zone = opened.get(name);
  if (zone === undefined) {
    zone = openZone(name === 'UTC', name === 'UTC' ? dayOfUtc : daysOf(name));
    opened.set(name, zone);
  }
  return zone;
}

/** Gives the UTC ms of a local time written as if it were UTC ms. Throws GatewayError for an unknown zone. */
export function compileZone(zone: string): (localMs: number) => number {
  return zone === 'UTC' ? (localMs) => localMs : zoneOf(zone).toUtc;
}

function dayOfUtc(utcMs: number): Day {
  return { startOffset: 0, endOffset: 0, changeMs: (Math.floor(utcMs / dayMs) + 1) * dayMs };
}

function openZone(isFixed: boolean, dayAt: (utcMs: number) => Day): Zone {
  const offsetAt = (utcMs: number): number => {
    const day = dayAt(utcMs);
    return utcMs < day.changeMs ? day.startOffset : day.endOffset;
  };
  return {
    isFixed,
    offsetAt,
    toUtc(localMs) {
      const before = offsetAt(localMs - dayMs);
      const after = offsetAt(localMs + dayMs);
      const early = localMs - before;
      if (before === after || offsetAt(early) === before) return early;
      const late = localMs - after;
      return offsetAt(late) === after ? late : early;
    },
    steadyAround(utcMs) {
      const { changeMs } = dayAt(utcMs);
      const startMs = Math.floor(utcMs / dayMs) * dayMs;
      return utcMs < changeMs
        ? { fromMs: startMs, untilMs: changeMs }
        : { fromMs: changeMs, untilMs: startMs + dayMs };
    },
  };
}

/** Offset at the start and at the end of a UTC day, and the first ms of the second one. */
interface Day {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly changeMs: number;
}

function daysOf(zone: string): (utcMs: number) => Day {
  const ask = intlOffset(zone);
  const days = new Map<number, Day>();
  return (utcMs) => {
    const number = Math.floor(utcMs / dayMs);
    let day = days.get(number);
    if (day === undefined) {
      if (days.size >= keptDays) days.clear();
      day = dayOf(number * dayMs, ask);
      days.set(number, day);
    }
    return day;
  };
}

/** No zone changes its offset twice within a day. */
function dayOf(startMs: number, ask: (utcMs: number) => number): Day {
  const startOffset = ask(startMs);
  const endOffset = ask(startMs + dayMs);
  if (startOffset === endOffset) return { startOffset, endOffset, changeMs: startMs + dayMs };
  let same = startMs;
  let changed = startMs + dayMs;
  while (changed - same > 1000) {
    const middle = same + Math.floor((changed - same) / 2000) * 1000;
    if (ask(middle) === startOffset) same = middle;
    else changed = middle;
  }
  return { startOffset, endOffset, changeMs: changed };
}

/** Asks Intl for the offset in ms: slow (some µs), to the second. */
function intlOffset(zone: string): (utcMs: number) => number {
  const format = formatOf(zone);
  return (utcMs) => {
    const name = format.formatToParts(utcMs).find((part) => part.type === 'timeZoneName')!.value;
    const match = /([+-])(\d+)(?::(\d+))?(?::(\d+))?$/.exec(name);
    if (match === null) return 0;
    const [, sign, hours, minutes = '0', seconds = '0'] = match;
    const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -ms : ms;
  };
}

function formatOf(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch (cause) {
    const near = nearZone(zone);
    const remedy = near
      ? `did you mean ${near}?`
      : 'use a name of the IANA time zone database, such as Europe/Helsinki, or UTC';
    throw new GatewayError(`unknown time zone ${JSON.stringify(zone)}`, { remedy, cause });
  }
}

/** The zone whose city was given alone, or nearly the name. */
function nearZone(name: string): string | undefined {
  const all = Intl.supportedValuesOf('timeZone');
  const plain = name.trim().toLowerCase().replaceAll(' ', '_');
  return all.find((zone) => zone.toLowerCase().split('/').at(-1) === plain) ?? closest(name, all);
}
