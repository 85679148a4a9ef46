/**
 * The alert of each key of a rule: every severity by itself (alert-level.ts); the highest that counts as firing is it.
 *
 * Invariants: an alert is given out for each change of a key's severity, once, and a reminder so often while it stays;
 * running a batch again gives the same ones. What is due by arrival time happens at that instant, in order, whenever it is
 * noticed. Of a key that is quietly ok no more is kept than when it fired.
 * Not here: what the conditions are (rules/) and who is told (notify/).
 */

import type { Alert, Severity } from '../../core/types.ts';
import { type ClockStep, steady, type TimeOfDay } from '../time-of-day.ts';
import type { JudgingHours } from './active.ts';
import { placesBefore, reorder } from './alert-edits.ts';
import { createEpisodes, type Episode, type Episodes, type Fired, type Telling } from './alert-episode.ts';
import {
  type AlertLevel,
  advance,
  countsAsFiring,
  highestFiring,
  isQuiet,
  type Judgement,
  type LevelState,
  type LevelTiming,
  levelDueMs,
  okLevel,
  passLevel,
  shiftLevel,
  type Values,
} from './alert-level.ts';

export type { AlertLevel, Judgement } from './alert-level.ts';

export interface KeyAlert {
  readonly levels: LevelState[];
  episode: Episode | undefined;
  /** What to say by the passing of time: of the last judgement. Kept only while something may be due. */
  latest: Latest | undefined;
  /** Nothing is due before this arrival time. */
  dueMs: number;
}

interface Latest {
  /** By level; empty for those that cannot be told. */
  readonly messages: readonly string[];
  readonly values: Values;
}

export interface SavedAlerts {
  readonly severities: readonly Severity[];
  readonly keys: readonly (readonly [number, KeyAlert])[];
  readonly fired: readonly (readonly [number, Fired])[];
  readonly passedMs: number;
}

/** A key that fires now. */
export interface FiringKey {
  readonly key: number;
  readonly severity: Severity;
  readonly firedAtMs: number;
  readonly message: string;
  readonly episode: string;
  /** Held firing, whatever is judged. */
  readonly flapping: boolean;
}

/** A severity of a key whose `for` has not passed yet. */
export interface PendingKey {
  readonly key: number;
  readonly severity: Severity;
  readonly sinceMs: number;
}

export interface AlertStates {
  /** Judges one key anew. */
  judge(key: number, judgement: Judgement): void;
  /** Lets arrival time pass: what is due fires, clears, or is told again. */
  pass(nowMs: number): void;
  passKey(key: number, nowMs: number): void;
  /** The clock was set; event times have moved by `byMs`, and no time has passed. */
  clockStepped(step: ClockStep): void;
  /** Reminders that were due before are one, at that arrival time. */
  listenSince(ms: number): void;
  /** Nothing is due by `pass` before this arrival time. */
  quietUntilMs(): number;
  firing(): IterableIterator<FiringKey>;
  pending(): IterableIterator<PendingKey>;
  /** Undefined for a key that is quietly ok. */
  of(key: number): Readonly<KeyAlert> | undefined;
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
  /** Absent: arrivals are times of day. */
  readonly clock?: Readonly<TimeOfDay>;
}

export function createAlertStates(settings: AlertSettings): AlertStates {
  const { levels, hours, clock = steady } = settings;
  const keys = new Map<number, KeyAlert>();
  const timing: LevelTiming = {
    firesByTime: settings.firesByTime,
    isActive: (fromMs, toMs) => hours?.lasts(fromMs, toMs) ?? true,
    activeFrom: (ms) => hours?.next(ms) ?? ms,
  };
  /** No reminder is due before. */
  let remindsFromMs = Number.NEGATIVE_INFINITY;
  const reminderFrom = (ms: number): number =>
    timing.activeFrom(Math.max(ms, remindsFromMs) + clock.offsetMs) - clock.offsetMs;
  /** Most rules never fire. */
  let begun: Episodes | undefined;
  const episodes = (): Episodes => {
    begun ??= createEpisodes({ ...settings, reminderFrom });
    return begun;
  };
  let dueMs = Number.POSITIVE_INFINITY;
  let passedMs = Number.NEGATIVE_INFINITY;

  function stateOf(key: number): KeyAlert {
    let state = keys.get(key);
    if (state === undefined) {
      state = { levels: levels.map(okLevel), episode: undefined, latest: undefined, dueMs: 0 };
      keys.set(key, state);
    }
    return state;
  }

  function judge(key: number, judgement: Judgement): void {
    if (!keys.has(key) && !judgement.when.includes(1)) return;
    const state = stateOf(key);
    for (const [i, level] of state.levels.entries()) advance(level, levels[i]!, i, judgement);
    settle(key, state, judgement);
    state.latest = mayBeTold(state) ? latestOf(state, judgement) : undefined;
    schedule(state);
  }

  /** Whether something can be told of the key before it is judged again. */
  function mayBeTold({ levels: states, episode }: KeyAlert): boolean {
    if (episode !== undefined && levels[episode.level]!.repeatMs !== undefined) return true;
    return states.some(
      ({ phase, flaps }) => flaps?.isFlapping || (phase === 'pending' && settings.firesByTime),
    );
  }

  function schedule(state: KeyAlert): void {
    state.dueMs = dueOf(state);
    dueMs = Math.min(dueMs, state.dueMs);
  }

  function dueOf({ levels: states, episode }: KeyAlert): number {
    let first = episode?.remindMs ?? Number.POSITIVE_INFINITY;
    for (const [i, level] of states.entries()) first = Math.min(first, levelDueMs(level, levels[i]!, timing));
    return first;
  }

  function passKey(key: number, nowMs: number): void {
    const state = keys.get(key);
    if (state === undefined) return;
    while (state.dueMs <= nowMs) {
      happen(key, state, state.dueMs);
      state.dueMs = dueOf(state);
    }
    dueMs = Math.min(dueMs, state.dueMs);
  }

  /** All that is due at an instant: changes first, and no reminder together with one. */
  function happen(key: number, state: KeyAlert, arrivalMs: number): void {
    let atMs = Number.NEGATIVE_INFINITY;
    for (const [i, level] of state.levels.entries()) {
      atMs = Math.max(atMs, passLevel(level, levels[i]!, timing, arrivalMs));
    }
    const said = {
      message: (level: number) => state.latest?.messages[level] || (state.episode?.message ?? ''),
      values: () => state.latest?.values ?? state.episode?.values ?? {},
    };
    if (atMs > Number.NEGATIVE_INFINITY) settle(key, state, { atMs, arrivalMs, ...said });
    else forgetQuiet(key, state);
    const { episode } = state;
    if (episode !== undefined && episode.remindMs <= arrivalMs) episodes().remind(key, episode, said);
  }

  /** Gives out the change, if the highest firing severity is another one than before. */
  function settle(key: number, state: KeyAlert, telling: Telling): void {
    const highest = highestFiring(state.levels, levels);
    const { episode } = state;
    if (highest !== undefined) {
      if (episode?.level === highest && episode.severity === levels[highest]!.severity) return;
      state.episode ??= episodes().begin(key, highest, telling.atMs);
      episodes().fire(key, state.episode, highest, telling);
      return;
    }
    if (episode !== undefined) episodes().clear(key, episode, telling);
    state.episode = undefined;
    forgetQuiet(key, state);
  }

  function forgetQuiet(key: number, { episode, levels: states }: KeyAlert): void {
    if (episode === undefined && states.every(isQuiet)) keys.delete(key);
  }

  function scheduleAll(): void {
    for (const state of keys.values()) {
      if (state.episode !== undefined) episodes().schedule(state.episode);
      schedule(state);
    }
  }

  return {
    judge,
    passKey,
    pass(nowMs) {
      passedMs = nowMs;
      if (nowMs < dueMs) return;
      dueMs = Number.POSITIVE_INFINITY;
      for (const key of [...keys.keys()]) passKey(key, nowMs);
    },
    clockStepped({ byMs }) {
      for (const state of keys.values()) {
        for (const level of state.levels) shiftLevel(level, byMs);
        if (state.episode !== undefined) state.episode.toldAtMs += byMs;
      }
      scheduleAll();
    },
    listenSince(ms) {
      remindsFromMs = Math.max(remindsFromMs, ms);
      scheduleAll();
    },
    quietUntilMs: () => dueMs,
    firing() {
      return keys
        .entries()
        .filter(([, state]) => state.episode !== undefined)
        .map(([key, state]) => firingOf(key, state.episode!, state.levels));
    },
    *pending() {
      for (const [key, state] of keys) {
        for (const [i, { phase, sinceMs }] of state.levels.entries()) {
          if (phase === 'pending') yield { key, severity: levels[i]!.severity, sinceMs };
        }
      }
    },
    of: (key) => keys.get(key),
    save: () => ({
      severities: levels.map((level) => level.severity),
      keys: [...keys],
      fired: begun?.save() ?? [],
      passedMs,
    }),
    load(saved) {
      const levelOf = placesBefore(saved.severities, levels);
      for (const [key, state] of saved.keys) keys.set(key, reorder(state, saved.severities, levelOf, levels));
      if (saved.fired.length > 0) episodes().load(saved.fired);
      passedMs = saved.passedMs;
      // A `repeat` that was edited tells nothing of the time before.
      remindsFromMs = Math.max(remindsFromMs, passedMs);
      scheduleAll();
      dueMs = Number.NEGATIVE_INFINITY;
    },
  };
}

function latestOf({ levels }: KeyAlert, { message, values }: Judgement): Latest {
  const mayFire = (level: LevelState): boolean => level.phase !== 'ok' || countsAsFiring(level);
  return { messages: levels.map((level, i) => (mayFire(level) ? message(i) : '')), values: values() };
}

function firingOf(
  key: number,
  { level, severity, id, firedAtMs, message }: Episode,
  states: readonly LevelState[],
): FiringKey {
  const flapping = states[level]!.flaps?.isFlapping === true;
  return { key, severity, firedAtMs, message, episode: id, flapping };
}
