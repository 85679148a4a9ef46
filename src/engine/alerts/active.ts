/**
 * `active` of a rule: which of its results are judged, and since when it has been judging.
 *
 * A result is judged when the last moment it speaks for is active: a reading's time, a window's last millisecond.
 * Silence and all that happens by the passing of time is asked about by its own moment.
 */

import type { ActiveHours } from '../../schedule/schedule.ts';

export interface JudgingHours {
  /**
   * Since when the rule has been judging without a break, at the judgement of a result; NaN: the result is not judged.
   * `isEnd`: what it speaks for ended before `atMs`.
   */
  since(atMs: number, isEnd: boolean): number;
  /** Whether it judges from a moment at which it does through `toMs`. */
  lasts(fromMs: number, toMs: number): boolean;
  isActive(ms: number): boolean;
  /** The first moment at or after `ms` at which it judges; Infinity when none comes in 50 years. */
  next(ms: number): number;
}

export function createJudgingHours({ since, until, matches, next }: ActiveHours): JudgingHours {
  return {
    since: (atMs, isEnd) => since(isEnd ? atMs - 1 : atMs),
    lasts: (fromMs, toMs) => toMs < until(fromMs),
    isActive: matches,
    next,
  };
}
