/**
 * One severity of one key: `ok → pending (for) → firing → ok`.
 *
 * Not here: which of several severities counts, and who is told.
 */

import { type FieldValue, type Severity, severities } from '../core/types.ts';

/** A severity of a rule, as far as the state machine cares. */
export interface AlertLevel {
  readonly severity: Severity;
  readonly forMs: number;
  readonly notify: readonly string[];
}

/** What one judgement of a key saw. `when` and `clear` are 1, 0 or NaN for null, one of each level. */
export interface Judgement {
  readonly when: readonly number[];
  readonly clear: readonly number[];
  /** Since when the data behind this judgement speaks: the start of the window's step, or the reading's own time. */
  readonly sinceMs: number;
  /** Since when the rule has been judging (`active`): what was pending before begins anew. Absent: always. */
  readonly activeSinceMs?: number;
  readonly atMs: number;
  readonly arrivalMs: number;
  readonly message: (level: number) => string;
  readonly values: () => Values;
}

export type Values = Readonly<Record<string, FieldValue | null>>;

export interface LevelState {
  phase: 'ok' | 'pending' | 'firing';
  sinceMs: number;
  sinceArrivalMs: number;
  /** What to say when a pending alert fires by the passing of time. */
  message: string;
  values: Values;
}

export function okLevel(): LevelState {
  return { phase: 'ok', sinceMs: 0, sinceArrivalMs: 0, message: '', values: {} };
}

/** Judges the i-th level anew. */
export function advance(level: LevelState, { forMs }: AlertLevel, i: number, judgement: Judgement): void {
  if (level.phase === 'firing') {
    if (judgement.clear[i] === 1) level.phase = 'ok';
    return;
  }
  if (judgement.when[i] !== 1) {
    level.phase = 'ok';
    return;
  }
  const isPending = level.phase === 'pending' && level.sinceMs >= (judgement.activeSinceMs ?? level.sinceMs);
  if (!isPending) {
    level.phase = 'pending';
    level.sinceMs = judgement.sinceMs;
    level.sinceArrivalMs = judgement.arrivalMs;
  }
  if (judgement.atMs - level.sinceMs >= forMs) level.phase = 'firing';
}

/** The place of the most severe level that fires. */
export function highestFiring(
  states: readonly LevelState[],
  levels: readonly AlertLevel[],
): number | undefined {
  let highest: number | undefined;
  for (const [i, { phase }] of states.entries()) {
    if (phase !== 'firing') continue;
    const rank = severities.indexOf(levels[i]!.severity);
    if (highest === undefined || rank > severities.indexOf(levels[highest]!.severity)) highest = i;
  }
  return highest;
}
