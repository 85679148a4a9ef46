/**
 * Episodes: an alert of a key from firing to clear, and the changes of it that are given out.
 *
 * Invariant: ids follow from rule, key, time and order alone; no two episodes have one id.
 */

import { hash } from 'node:crypto';
import type { Alert } from '../core/types.ts';
import type { AlertLevel, Values } from './alert-level.ts';

export interface Episode {
  readonly id: string;
  readonly firedAtMs: number;
  level: number;
  message: string;
  /** Changes given out so far. */
  changes: number;
  told: readonly string[];
  values: Values;
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
}

export interface Episodes {
  begin(key: number, firedAtMs: number): Episode;
  /** Gives out that the episode now fires at a level. */
  fire(key: number, episode: Episode, level: number, atMs: number, message: string, values: Values): void;
  /** Gives out its end. */
  clear(key: number, episode: Episode, atMs: number, message: string, values: Values): void;
  save(): readonly (readonly [number, Fired])[];
  load(saved: readonly (readonly [number, Fired])[]): void;
}

export function createEpisodes({ rule, levels, tagsOf, give }: EpisodeSettings): Episodes {
  const fired = new Map<number, Fired>();

  /** 0 when the key never fired at or after this time. No number is given twice for one time. */
  function countFiring(key: number, firedAtMs: number): number {
    const { latestMs, again } = fired.get(key) ?? { latestMs: Number.NEGATIVE_INFINITY, again: 0 };
    const isLater = firedAtMs > latestMs;
    fired.set(key, isLater ? { latestMs: firedAtMs, again } : { latestMs, again: again + 1 });
    return isLater ? 0 : again + 1;
  }

  function tell(key: number, episode: Episode, state: Alert['state'], atMs: number): void {
    const change = episode.changes++;
    give({
      id: `${episode.id}-${change}`,
      episode: episode.id,
      rule,
      key: tagsOf(key),
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
    begin(key, firedAtMs) {
      const tags = Object.entries(tagsOf(key)).sort(([a], [b]) => (a < b ? -1 : 1));
      const again = countFiring(key, firedAtMs);
      const identity = [rule, tags, firedAtMs, ...(again === 0 ? [] : [again])];
      const id = hash('sha256', JSON.stringify(identity)).slice(0, 16);
      return { id, firedAtMs, level: -1, message: '', changes: 0, told: [], values: {} };
    },
    fire(key, episode, level, atMs, message, values) {
      // Whoever was told of the alert is told of its end.
      const told = [...new Set([...episode.told, ...levels[level]!.notify])];
      Object.assign(episode, { level, message, values, told });
      tell(key, episode, 'firing', atMs);
    },
    clear(key, episode, atMs, message, values) {
      Object.assign(episode, { message, values });
      tell(key, episode, 'ok', atMs);
    },
    save: () => [...fired],
    load(saved) {
      for (const [key, last] of saved) fired.set(key, last);
    },
  };
}
