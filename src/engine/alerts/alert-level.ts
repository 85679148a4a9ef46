/**
 * One severity of one key: `ok → pending (for) → firing → ok`.
 *
 * What is judged and what counts differ while it flaps: then it counts as firing.
 * Not here: which of several severities counts, and who is told.
 */

import type { FlappingConfig } from '../../config/schema.ts';
import { type FieldValue, type Severity, severities } from '../../core/types.ts';
import { arrivalAt, calmAtMs, type Flaps, forgettableMs, noteChange } from './alert-flapping.ts';

/** A severity of a rule, as far as the state machine cares. */
export interface AlertLevel {
  readonly severity: Severity;
  readonly forMs: number;
  readonly notify: readonly string[];
  /** A reminder so often while it fires; absent: none. */
  readonly repeatMs?: number | undefined;
  readonly flapping?: FlappingConfig | undefined;
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
  /** As judged. */
  phase: 'ok' | 'pending' | 'firing';
  /** Since when `when` holds, as far as `for` cares. */
  sinceMs: number;
  sinceArrivalMs: number;
  /** Since when it counts as firing, if it does. */
  firedAtMs: number;
  /** Undefined: it has not changed for so long that it does not matter, or the severity does not care. */
  flaps: Flaps | undefined;
}

/** What time does to a level when nothing is judged. */
export interface LevelTiming {
  /** Whether a pending alert fires. */
  readonly firesByTime: boolean;
  /** Whether the rule judges from one event time through another. */
  readonly isActive: (fromMs: number, toMs: number) => boolean;
  /** The first moment at or after `ms` at which the rule judges. */
  readonly activeFrom: (ms: number) => number;
}

export function okLevel(): LevelState {
  return { phase: 'ok', sinceMs: 0, sinceArrivalMs: 0, firedAtMs: 0, flaps: undefined };
}

/** Whether it fires as far as others can see. */
export function countsAsFiring({ phase, flaps }: LevelState): boolean {
  return phase === 'firing' || flaps?.isFlapping === true;
}

/** Nothing of it needs to be remembered. */
export function isQuiet({ phase, flaps }: LevelState): boolean {
  return phase === 'ok' && flaps === undefined;
}

/** Judges the i-th level anew. */
export function advance(level: LevelState, plan: AlertLevel, i: number, judgement: Judgement): void {
  const { atMs, arrivalMs } = judgement;
  const { flaps } = level;
  if (flaps?.isFlapping && calmAtMs(flaps, plan.flapping) <= atMs)
    level.flaps = { ...flaps, isFlapping: false };
  const wasFiring = level.phase === 'firing';
  const counted = countsAsFiring(level);
  judgePhase(level, plan, i, judgement);
  if (level.phase === 'firing' && !counted) level.firedAtMs = atMs;
  if ((level.phase === 'firing') !== wasFiring) noteFlap(level, plan, atMs, arrivalMs);
}

function judgePhase(level: LevelState, { forMs }: AlertLevel, i: number, judgement: Judgement): void {
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

function noteFlap(level: LevelState, { flapping }: AlertLevel, atMs: number, arrivalMs: number): void {
  if (flapping) level.flaps = noteChange(level.flaps, flapping, atMs, arrivalMs);
}

/** The arrival time at which the level changes by itself; Infinity when it does not. */
export function levelDueMs(level: LevelState, plan: AlertLevel, timing: LevelTiming): number {
  return Math.min(firingDueMs(level, plan, timing), flapsDueMs(level, plan, timing));
}

function firingDueMs(
  { phase, sinceArrivalMs }: LevelState,
  { forMs }: AlertLevel,
  timing: LevelTiming,
): number {
  return phase === 'pending' && timing.firesByTime ? sinceArrivalMs + forMs : Number.POSITIVE_INFINITY;
}

function flapsDueMs({ flaps }: LevelState, { flapping }: AlertLevel, timing: LevelTiming): number {
  if (flaps === undefined) return Number.POSITIVE_INFINITY;
  if (!flaps.isFlapping) return forgettableMs(flaps, flapping);
  return arrivalAt(flaps, timing.activeFrom(calmAtMs(flaps, flapping)));
}

/** Lets a level change by itself when that is due at `arrivalMs`; gives the event time of the change, or -Infinity. */
export function passLevel(
  level: LevelState,
  plan: AlertLevel,
  timing: LevelTiming,
  arrivalMs: number,
): number {
  const calmMs = passFlaps(level, plan, timing, arrivalMs);
  if (firingDueMs(level, plan, timing) > arrivalMs) return calmMs;
  const atMs = level.sinceMs + plan.forMs;
  // Outside of its active hours a rule fires nothing, and what was pending begins anew.
  level.phase = timing.isActive(level.sinceMs, atMs) ? 'firing' : 'ok';
  if (level.phase === 'firing') {
    if (level.flaps?.isFlapping !== true) level.firedAtMs = atMs;
    noteFlap(level, plan, atMs, arrivalMs);
  }
  return Math.max(calmMs, atMs);
}

function passFlaps(level: LevelState, plan: AlertLevel, timing: LevelTiming, arrivalMs: number): number {
  const { flaps } = level;
  if (flaps === undefined || flapsDueMs(level, plan, timing) > arrivalMs) return Number.NEGATIVE_INFINITY;
  level.flaps = flaps.isFlapping ? { ...flaps, isFlapping: false } : undefined;
  return flaps.isFlapping ? timing.activeFrom(calmAtMs(flaps, plan.flapping)) : Number.NEGATIVE_INFINITY;
}

/** Its times were moved; since when it is said to fire stays what was said. */
export function shiftLevel(level: LevelState, byMs: number): void {
  level.sinceMs += byMs;
  if (level.flaps) level.flaps = { ...level.flaps, atMs: level.flaps.atMs.map((ms) => ms + byMs) };
}

/** The place of the most severe level that counts as firing. */
export function highestFiring(
  states: readonly LevelState[],
  levels: readonly AlertLevel[],
): number | undefined {
  let highest: number | undefined;
  for (const [i, state] of states.entries()) {
    if (!countsAsFiring(state)) continue;
    const rank = severities.indexOf(levels[i]!.severity);
    if (highest === undefined || rank > severities.indexOf(levels[highest]!.severity)) highest = i;
  }
  return highest;
}
