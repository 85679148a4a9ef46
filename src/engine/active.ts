/**
 * `active` of a rule: which of its results are judged, and since when it has been judging.
 *
 * A result is judged when the last moment it speaks for is active: a reading's time, a window's last millisecond.
 * Not here: silence, which goes by arrival (silence.ts).
 */

import type { RulePlan } from '../rules/plan.ts';
import type { ActiveHours } from '../schedule/schedule.ts';
import type { ResultStage } from './windows.ts';

export interface JudgingHours {
  /**
   * Since when the rule has been judging without a break, at the judgement of a result; NaN: the result is not judged.
   * `stage` is undefined for a reading.
   */
  since(atMs: number, stage: ResultStage | undefined): number;
  /** Whether it judges from a moment at which it does through `toMs`. */
  lasts(fromMs: number, toMs: number): boolean;
}

/** Undefined for a rule that judges at all times. */
export function judgingHoursOf({ active, window }: RulePlan): JudgingHours | undefined {
  return active && createJudgingHours(active, window !== undefined && window.kind !== 'count');
}

/** `endsOpen`: a final result is of the time before its end; that of a window by count ends with a reading. */
function createJudgingHours(active: ActiveHours, endsOpen: boolean): JudgingHours {
  return {
    since: (atMs, stage) => active.since(endsOpen && stage === 'final' ? atMs - 1 : atMs),
    lasts: (fromMs, toMs) => toMs < active.until(fromMs),
  };
}
