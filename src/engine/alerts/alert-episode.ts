/**
 * Episodes: an alert of a key from firing to clear, the changes of it that are given out, and the reminders between.
 *
 * Invariant: ids follow from rule, key, time and order alone; no two episodes, and no two things told of one, have one id.
 */

import { hash } from 'node:crypto';
import type { Alert, Severity } from '../../core/types.ts';
import type { AlertLevel, Values } from './alert-level.ts';

export interface Episode {
  readonly id: string;
  readonly firedAtMs: number;
  /** Place of the level that it stands for; after an edit it may be of another severity than was told. */
  level: number;
  /** As told last. */
  severity: Severity;
  message: string;
  /** Changes and reminders given out so far. */
  changes: number;
  reminders: number;
  told: readonly string[];
  values: Values;
  /** Of what was given out last: event time and arrival. */
  toldAtMs: number;
  toldArrivalMs: number;
  /** Arrival at which the next reminder is due; Infinity for none. */
  remindMs: number;
}

/** What is to be said, and when: event time and arrival. */
export interface Telling {
  readonly atMs: number;
  readonly arrivalMs: number;
  readonly message: (level: number) => string;
  readonly values: () => Values;
}

/** Devices that share a key may fire it again at the same time, or an earlier one: those episodes are numbered. */
export interface Fired {
  readonly latestMs: number;
  readonly again: number;
}

export interface EpisodeSettings {
  readonly rule: string;
  readonly levels: readonly AlertLevel[];
  readonly tagsOf: (key: number) => Readonly<Record<string, string>>;
  readonly give: (alert: Alert) => void;
  /** The arrival at which a reminder may be given that is due at `ms`. */
  readonly reminderFrom: (ms: number) => number;
}

export interface Episodes {
  begin(key: number, level: number, firedAtMs: number): Episode;
  /** Gives out that the episode now fires at a level. */
  fire(key: number, episode: Episode, level: number, telling: Telling): void;
  /** Gives out the reminder that is due, with what was judged last. */
  remind(key: number, episode: Episode, latest: Pick<Telling, 'message' | 'values'>): void;
  /** Gives out its end. */
  clear(key: number, episode: Episode, telling: Telling): void;
  /** Finds out anew when the next reminder is due. */
  schedule(episode: Episode): void;
  save(): readonly (readonly [number, Fired])[];
  load(saved: readonly (readonly [number, Fired])[]): void;
}

export function createEpisodes({ rule, levels, tagsOf, give, reminderFrom }: EpisodeSettings): Episodes {
  const fired = new Map<number, Fired>();

  /** 0 when the key never fired at or after this time. No number is given twice for one time. */
  function countFiring(key: number, firedAtMs: number): number {
    const { latestMs, again } = fired.get(key) ?? { latestMs: Number.NEGATIVE_INFINITY, again: 0 };
    const isLater = firedAtMs > latestMs;
    fired.set(key, isLater ? { latestMs: firedAtMs, again } : { latestMs, again: again + 1 });
    return isLater ? 0 : again + 1;
  }

  function schedule(episode: Episode): void {
    const { repeatMs } = levels[episode.level]!;
    episode.remindMs =
      repeatMs === undefined ? Number.POSITIVE_INFINITY : reminderFrom(episode.toldArrivalMs + repeatMs);
  }

  function tell(
    key: number,
    episode: Episode,
    state: Alert['state'],
    telling: Telling,
    extra: object = {},
  ): void {
    const change = episode.changes++;
    episode.message = telling.message(episode.level);
    episode.values = telling.values();
    episode.toldAtMs = telling.atMs;
    episode.toldArrivalMs = telling.arrivalMs;
    schedule(episode);
    give({
      id: `${episode.id}-${change}`,
      episode: episode.id,
      rule,
      key: tagsOf(key),
      state,
      severity: episode.severity,
      firedAtMs: episode.firedAtMs,
      atMs: telling.atMs,
      message: episode.message,
      notify: episode.told,
      values: episode.values,
      ...extra,
    });
  }

  return {
    begin(key, level, firedAtMs) {
      const tags = Object.entries(tagsOf(key)).sort(([a], [b]) => (a < b ? -1 : 1));
      const again = countFiring(key, firedAtMs);
      const identity = [rule, tags, firedAtMs, ...(again === 0 ? [] : [again])];
      const id = hash('sha256', JSON.stringify(identity)).slice(0, 16);
      return {
        ...{ id, firedAtMs, level, severity: levels[level]!.severity, message: '', values: {} },
        ...{ changes: 0, reminders: 0, told: [], toldAtMs: firedAtMs, toldArrivalMs: firedAtMs },
        remindMs: Number.POSITIVE_INFINITY,
      };
    },
    fire(key, episode, level, telling) {
      // Whoever was told of the alert is told of its end.
      const before = episode.told;
      episode.told = [...new Set([...before, ...levels[level]!.notify])];
      episode.level = level;
      episode.severity = levels[level]!.severity;
      tell(key, episode, 'firing', telling, before.length > 0 ? { toldBefore: before } : {});
    },
    remind(key, episode, { message, values }) {
      const arrivalMs = episode.remindMs;
      // As much event time as arrival time has passed since.
      const atMs = episode.toldAtMs + (arrivalMs - episode.toldArrivalMs);
      const reminder = ++episode.reminders;
      const extra = { reminder, toldBefore: episode.told };
      tell(key, episode, 'firing', { atMs, arrivalMs, message, values }, extra);
    },
    clear(key, episode, telling) {
      tell(key, episode, 'ok', telling, { toldBefore: episode.told });
    },
    schedule,
    save: () => [...fired],
    load(saved) {
      for (const [key, last] of saved) fired.set(key, last);
    },
  };
}
