/**
 * The alert of each key of a rule: every severity by itself (alert-level.ts); the highest firing one counts.
 *
 * Invariants: an alert is given out for each change of a key's severity, once; running a batch again gives the same
 * ones. Of a key that is quietly ok no more is kept than when it fired.
 * Not here: what the conditions are (rules/) and who is told (notify/).
 */

import type { Alert, Severity } from '../core/types.ts';
import type { JudgingHours } from './active.ts';
import { createEpisodes, type Episode, type Fired } from './alert-episode.ts';
import {
  type AlertLevel,
  advance,
  highestFiring,
  type Judgement,
  type LevelState,
  okLevel,
} from './alert-level.ts';

export type { AlertLevel, Judgement } from './alert-level.ts';

export interface KeyAlert {
  readonly levels: LevelState[];
  episode: Episode | undefined;
}

export interface SavedAlerts {
  readonly severities: readonly Severity[];
  readonly keys: readonly (readonly [number, KeyAlert])[];
  readonly fired: readonly (readonly [number, Fired])[];
}

export interface AlertStates {
  /** Judges one key anew. */
  judge(key: number, judgement: Judgement): void;
  /** Fires what has been pending long enough by arrival time, for rules that judge single readings. */
  pass(nowMs: number): void;
  passKey(key: number, nowMs: number): void;
  /** No pending alert fires by `pass` before this arrival time. */
  quietUntilMs(): number;
  firing(): IterableIterator<{ key: number; severity: Severity; firedAtMs: number; message: string }>;
  save(): SavedAlerts;
  load(saved: SavedAlerts): void;
}

export interface AlertSettings {
  readonly rule: string;
  readonly levels: readonly AlertLevel[];
  readonly tagsOf: (key: number) => Readonly<Record<string, string>>;
  readonly give: (alert: Alert) => void;
  /** Whether a pending alert also fires when no further reading comes. */
  readonly firesByTime: boolean;
  /** Absent: it judges at all times. */
  readonly hours?: JudgingHours | undefined;
}

export function createAlertStates(settings: AlertSettings): AlertStates {
  const { levels } = settings;
  const keys = new Map<number, KeyAlert>();
  const episodes = createEpisodes(settings);
  let dueMs = Number.POSITIVE_INFINITY;

  function stateOf(key: number): KeyAlert {
    let state = keys.get(key);
    if (state === undefined) {
      state = { levels: levels.map(okLevel), episode: undefined };
      keys.set(key, state);
    }
    return state;
  }

  function judge(key: number, judgement: Judgement): void {
    if (!keys.has(key) && !judgement.when.includes(1)) return;
    const state = stateOf(key);
    for (const [i, level] of state.levels.entries()) {
      advance(level, levels[i]!, i, judgement);
      if (level.phase === 'pending' && settings.firesByTime) remember(level, i, judgement);
    }
    settle(key, state, judgement.atMs, judgement.message, judgement.values);
  }

  function remember(level: LevelState, i: number, judgement: Judgement): void {
    level.message = judgement.message(i);
    level.values = judgement.values();
    dueMs = Math.min(dueMs, level.sinceArrivalMs + levels[i]!.forMs);
  }

  function passKey(key: number, nowMs: number): void {
    const state = keys.get(key);
    if (state === undefined) return;
    for (const [i, level] of state.levels.entries()) {
      if (level.phase !== 'pending') continue;
      const { forMs } = levels[i]!;
      if (level.sinceArrivalMs + forMs > nowMs) {
        dueMs = Math.min(dueMs, level.sinceArrivalMs + forMs);
        continue;
      }
      // Outside of its active hours a rule fires nothing, and what was pending begins anew.
      const isActive = settings.hours?.lasts(level.sinceMs, level.sinceMs + forMs) ?? true;
      level.phase = isActive ? 'firing' : 'ok';
      const { message, values } = level;
      settle(
        key,
        state,
        level.sinceMs + forMs,
        () => message,
        () => values,
      );
    }
  }

  /** Gives out the change, if the highest firing severity is another one than before. */
  function settle(
    key: number,
    state: KeyAlert,
    atMs: number,
    message: Judgement['message'],
    values: Judgement['values'],
  ): void {
    const highest = highestFiring(state.levels, levels);
    const { episode } = state;
    if (highest !== undefined) {
      if (episode?.level === highest) return;
      state.episode ??= episodes.begin(key, atMs);
      episodes.fire(key, state.episode, highest, atMs, message(highest), values());
      return;
    }
    if (episode !== undefined) episodes.clear(key, episode, atMs, message(episode.level), values());
    state.episode = undefined;
    if (state.levels.every((level) => level.phase === 'ok')) keys.delete(key);
  }

  return {
    judge,
    passKey,
    pass(nowMs) {
      if (nowMs < dueMs) return;
      dueMs = Number.POSITIVE_INFINITY;
      for (const key of [...keys.keys()]) passKey(key, nowMs);
    },
    quietUntilMs: () => dueMs,
    firing() {
      return keys
        .entries()
        .filter(([, state]) => state.episode !== undefined)
        .map(([key, { episode }]) => ({
          key,
          severity: levels[episode!.level]!.severity,
          firedAtMs: episode!.firedAtMs,
          message: episode!.message,
        }));
    },
    save: () => ({
      severities: levels.map((level) => level.severity),
      keys: [...keys],
      fired: episodes.save(),
    }),
    load(saved) {
      const levelOf = levels.map(({ severity }) => saved.severities.indexOf(severity));
      for (const [key, state] of saved.keys) keys.set(key, reorder(state, levelOf));
      episodes.load(saved.fired);
      dueMs = Number.NEGATIVE_INFINITY;
    },
  };
}

/** The state under edited severities: `levelOf[i]` is where level i stood before, or -1 when it is new. */
function reorder(state: KeyAlert, levelOf: readonly number[]): KeyAlert {
  const { episode } = state;
  const level = episode === undefined ? -1 : levelOf.indexOf(episode.level);
  const levels = levelOf.map((before) => (before < 0 ? okLevel() : state.levels[before]!));
  // A severity that was taken out of the rule while it fired cannot clear any more: its episode ends unsaid.
  return { levels, episode: level < 0 ? undefined : { ...episode!, level } };
}
