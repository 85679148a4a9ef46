/**
 * The alert of each key of a rule: `ok → pending (for) → firing → ok`, for every severity; the highest firing one counts.
 *
 * Invariants: an alert is given out for each change of a key's severity, once; the id of a change follows from rule, key,
 * time and order alone, so running a batch again gives the same ids. Of a key that is quietly ok no more is kept than when
 * it fired.
 * Not here: what the conditions are (rules/) and who is told (notify/).
 */

import { hash } from 'node:crypto';
import { type Alert, type FieldValue, type Severity, severities } from '../core/types.ts';

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
  readonly atMs: number;
  readonly arrivalMs: number;
  readonly message: (level: number) => string;
  readonly values: () => Values;
}

type Values = Readonly<Record<string, FieldValue | null>>;

interface LevelState {
  phase: 'ok' | 'pending' | 'firing';
  sinceMs: number;
  sinceArrivalMs: number;
  /** What to say when a pending alert fires by the passing of time. */
  message: string;
  values: Values;
}

interface Episode {
  readonly id: string;
  readonly firedAtMs: number;
  level: number;
  message: string;
  /** Changes given out so far. */
  changes: number;
  told: string[];
  values: Values;
}

export interface KeyAlert {
  readonly levels: LevelState[];
  episode: Episode | undefined;
}

export interface SavedAlerts {
  readonly severities: readonly Severity[];
  readonly keys: readonly (readonly [number, KeyAlert])[];
  readonly fired: readonly (readonly [number, Fired])[];
}

/** Devices that share a key may fire it again at the same time, or an earlier one: those episodes are numbered. */
interface Fired {
  readonly latestMs: number;
  readonly again: number;
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
}

export function createAlertStates(settings: AlertSettings): AlertStates {
  const { levels } = settings;
  const keys = new Map<number, KeyAlert>();
  const fired = new Map<number, Fired>();
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
    for (let i = 0; i < levels.length; i++) advance(state.levels[i]!, i, judgement);
    settle(key, state, judgement.atMs, judgement.message, judgement.values);
  }

  function advance(level: LevelState, i: number, judgement: Judgement): void {
    if (level.phase === 'firing') {
      if (judgement.clear[i] === 1) level.phase = 'ok';
      return;
    }
    if (judgement.when[i] !== 1) {
      level.phase = 'ok';
      return;
    }
    const { forMs } = levels[i]!;
    if (level.phase === 'ok') {
      level.phase = 'pending';
      level.sinceMs = judgement.sinceMs;
      level.sinceArrivalMs = judgement.arrivalMs;
    }
    if (judgement.atMs - level.sinceMs >= forMs) {
      level.phase = 'firing';
    } else if (settings.firesByTime) {
      level.message = judgement.message(i);
      level.values = judgement.values();
      dueMs = Math.min(dueMs, level.sinceArrivalMs + forMs);
    }
  }

  function passKey(key: number, nowMs: number): void {
    const state = keys.get(key);
    if (state === undefined) return;
    for (let i = 0; i < levels.length; i++) {
      const level = state.levels[i]!;
      const firesAtMs = level.sinceArrivalMs + levels[i]!.forMs;
      if (level.phase !== 'pending') continue;
      if (firesAtMs > nowMs) {
        dueMs = Math.min(dueMs, firesAtMs);
        continue;
      }
      level.phase = 'firing';
      settle(
        key,
        state,
        level.sinceMs + levels[i]!.forMs,
        () => level.message,
        () => level.values,
      );
    }
  }

  /** Gives out the change, if the highest firing severity is another one than before. */
  function settle(
    key: number,
    state: KeyAlert,
    atMs: number,
    message: (level: number) => string,
    values: Judgement['values'],
  ): void {
    const highest = highestFiring(state.levels, levels);
    const { episode } = state;
    if (highest === undefined) {
      if (episode !== undefined) clear(key, state, episode, atMs, message, values);
      if (state.levels.every((level) => level.phase === 'ok')) keys.delete(key);
      return;
    }
    if (episode?.level === highest) return;
    const current = episode ?? newEpisode(key, atMs, highest);
    state.episode = current;
    current.level = highest;
    current.message = message(highest);
    current.told = [...new Set([...current.told, ...levels[highest]!.notify])];
    current.values = values();
    give(key, current, 'firing', atMs);
  }

  function clear(
    key: number,
    state: KeyAlert,
    episode: Episode,
    atMs: number,
    message: (level: number) => string,
    values: Judgement['values'],
  ): void {
    episode.message = message(episode.level);
    episode.values = values();
    give(key, episode, 'ok', atMs);
    state.episode = undefined;
  }

  function newEpisode(key: number, firedAtMs: number, level: number): Episode {
    const tags = Object.entries(settings.tagsOf(key)).sort(([a], [b]) => (a < b ? -1 : 1));
    const again = countFiring(key, firedAtMs);
    const identity = [settings.rule, tags, firedAtMs, ...(again === 0 ? [] : [again])];
    const id = hash('sha256', JSON.stringify(identity)).slice(0, 16);
    return { id, firedAtMs, level, message: '', changes: 0, told: [], values: {} };
  }

  /** 0 when the key never fired at or after this time. No number is given twice for one time. */
  function countFiring(key: number, firedAtMs: number): number {
    const { latestMs, again } = fired.get(key) ?? { latestMs: Number.NEGATIVE_INFINITY, again: 0 };
    const isLater = firedAtMs > latestMs;
    fired.set(key, isLater ? { latestMs: firedAtMs, again } : { latestMs, again: again + 1 });
    return isLater ? 0 : again + 1;
  }

  function give(key: number, episode: Episode, state: Alert['state'], atMs: number): void {
    const change = episode.changes++;
    settings.give({
      id: `${episode.id}-${change}`,
      episode: episode.id,
      rule: settings.rule,
      key: settings.tagsOf(key),
      state,
      severity: levels[episode.level]!.severity,
      firedAtMs: episode.firedAtMs,
      atMs,
      message: episode.message,
      notify: episode.told,
      values: episode.values,
    });
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
    save: () => ({ severities: levels.map((level) => level.severity), keys: [...keys], fired: [...fired] }),
    load(saved) {
      const levelOf = levels.map(({ severity }) => saved.severities.indexOf(severity));
      for (const [key, state] of saved.keys) {
        const kept = reorder(state, levelOf);
        if (kept !== undefined) keys.set(key, kept);
      }
      for (const [key, last] of saved.fired) fired.set(key, last);
      dueMs = Number.NEGATIVE_INFINITY;
    },
  };
}

function okLevel(): LevelState {
  return { phase: 'ok', sinceMs: 0, sinceArrivalMs: 0, message: '', values: {} };
}

function highestFiring(states: readonly LevelState[], levels: readonly AlertLevel[]): number | undefined {
  let highest: number | undefined;
  for (const [i, { phase }] of states.entries()) {
    if (phase !== 'firing') continue;
    const rank = severities.indexOf(levels[i]!.severity);
    if (highest === undefined || rank > severities.indexOf(levels[highest]!.severity)) highest = i;
  }
  return highest;
}

/** The state under edited severities: `levelOf[i]` is where level i stood before, or -1 when it is new. */
function reorder(state: KeyAlert, levelOf: readonly number[]): KeyAlert | undefined {
  const { episode } = state;
  const level = episode === undefined ? -1 : levelOf.indexOf(episode.level);
  const levels = levelOf.map((before) => (before < 0 ? okLevel() : state.levels[before]!));
  // A severity that was taken out of the rule while it fired cannot clear any more: its episode ends unsaid.
  return { levels, episode: level < 0 ? undefined : { ...episode!, level } };
}
