/**
 * Active hours: the minutes whose local time a cron expression names, joined to spans.
 *
 * They go by the clock on the wall: an hour that it shows twice is active twice, one that it leaves out is not there.
 * Spans are half-open.
 */

import type { Zone } from '../core/zone.ts';
import type { Cron } from './cron.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;
const searchedMs = 50 * 366 * dayMs;
/** Active spans are shorter, but that of an expression that is always active: eleven months at most. */
const joinedMs = 400 * dayMs;

export interface ActiveHours {
  readonly cron: string;
  readonly zone: string;
  matches(ms: number): boolean;
  /** Start of the active span that holds `ms`; NaN when it is not active. -Infinity: it was always. */
  since(ms: number): number;
  /** End of the active span that holds `ms`; NaN when it is not active. */
  until(ms: number): number;
  /** The first active instant at or after `ms`; Infinity when none comes in 50 years. */
  next(ms: number): number;
}

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly active: boolean;
}

const always: Span = {
  fromMs: Number.NEGATIVE_INFINITY,
  untilMs: Number.POSITIVE_INFINITY,
  active: true,
};

export function createActiveHours(cron: Cron, zone: Zone): Omit<ActiveHours, 'cron' | 'zone'> {
  const named = new Uint8Array(1440);
  for (const minute of cron.minutes) named[minute] = 1;
  let span: Span =
    cron.everyDay && cron.minutes.length === named.length ? always : { fromMs: 0, untilMs: 0, active: false };

  function spanAround(ms: number): Span {
    if (!(ms >= span.fromMs && ms < span.untilMs)) span = join(ms);
    return span;
  }

  /** The pieces around `ms` that are alike. */
  function join(ms: number): Span {
    const piece = pieceAround(ms);
    let { fromMs, untilMs } = piece;
    while (ms - fromMs < joinedMs) {
      const before = pieceAround(fromMs - 1);
      if (before.active !== piece.active) break;
      fromMs = before.fromMs;
    }
    while (untilMs - ms < joinedMs) {
      const after = pieceAround(untilMs);
      if (after.active !== piece.active) break;
      untilMs = after.untilMs;
    }
    return { fromMs, untilMs, active: piece.active };
  }

  /** Some time around `ms` in one local day, of one offset, in which all minutes are active or none is. */
  function pieceAround(ms: number): Span {
    const steady = zone.steadyAround(ms);
    const local = ms + zone.offsetAt(ms);
    const day = Math.floor(local / dayMs);
    const midnightMs = ms - (local - day * dayMs);
    const isOn = cron.isOn(day);
    let from = Math.floor((ms - midnightMs) / minuteMs);
    let until = from + 1;
    const active = isOn && named[from] === 1;
    while (from > 0 && (!isOn || named[from - 1] === named[from])) from--;
    while (until < 1440 && (!isOn || named[until] === named[until - 1])) until++;
    return {
      fromMs: Math.max(steady.fromMs, midnightMs + from * minuteMs),
      untilMs: Math.min(steady.untilMs, midnightMs + until * minuteMs),
      active,
    };
  }

  return {
    matches: (ms) => spanAround(ms).active,
    since: (ms) => (spanAround(ms).active ? span.fromMs : Number.NaN),
    until: (ms) => (spanAround(ms).active ? span.untilMs : Number.NaN),
    next(ms) {
      let at = ms;
      while (!spanAround(at).active) {
        at = span.untilMs;
        if (at - ms > searchedMs) return Number.POSITIVE_INFINITY;
      }
      return at;
    },
  };
}
