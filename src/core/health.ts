/** Whether a target takes what it is given, since when, and when it is tried again: in words for people, and in the log. */

import type { Logger } from './log.ts';

export interface Health {
  readonly state: 'waiting' | 'connected' | 'down' | 'refused';
  /** "connected", "down for 4 min: ECONNREFUSED, next try in 12 s". */
  detail(): string;
  good(): void;
  bad(state: 'down' | 'refused', why: string, nextTryMs: number, remedy?: string): void;
}

/** Whether it takes nothing. */
export function isAway(state: string | undefined): boolean {
  return state === 'down' || state === 'refused';
}

/**
 * One line is logged when it goes bad and one when it is good again, none for each try; for who debugs only, while somebody
 * else has told of the same.
 */
export function createHealth(
  target: string,
  now: () => number,
  logger: Logger,
  isTold: () => boolean = () => false,
): Health {
  let state: Health['state'] = 'waiting';
  let sinceMs = 0;
  let why = '';
  let tryAtMs = 0;
  let tells = false;

  return {
    get state() {
      return state;
    },
    detail() {
      if (state === 'waiting') return 'nothing sent yet';
      if (state === 'connected') return 'connected';
      const next = Math.max(0, tryAtMs - now());
      return `${state} for ${duration(now() - sinceMs)}: ${why}, next try in ${duration(next)}`;
    },
    good() {
      if (isAway(state)) {
        const details = { target, downMs: Math.round(now() - sinceMs) };
        logger[tells ? 'info' : 'debug'](details, 'delivery goes on');
        tells = false;
      }
      state = 'connected';
    },
    bad(next, reason, nextTryMs, remedy) {
      const isNew = !isAway(state);
      if (isNew) sinceMs = now();
      if (isNew || state !== next) {
        const help = remedy === undefined ? {} : { remedy };
        tells ||= !isTold();
        const details = { target, why: reason, ...help };
        logger[tells ? 'warn' : 'debug'](details, 'not delivered: kept and tried again');
      }
      state = next;
      why = remedy === undefined || remedy === '' ? reason : `${reason} (${remedy})`;
      tryAtMs = now() + nextTryMs;
    },
  };
}

/** "12 s", "4 min", "3 h", "2 d". */
export function duration(ms: number): string {
  const seconds = Math.round(Math.max(0, ms) / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
