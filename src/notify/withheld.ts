/**
 * What a notifier was not told because of a silence: of each episode the newest that was to be said.
 *
 * Kept beside the notifier's position, in one file: after a crash both are of one moment.
 * Invariant: bounded; an alert too many is told in spite of its silence.
 */

import type { Alert } from '../core/types.ts';

export interface Held {
  readonly alert: Alert;
  /** The notifier had been told of the episode before the silence: it is told of its end. */
  readonly wasTold: boolean;
}

/** By episode. Changed in place, in the same tick in which the notifier's position moves. */
export interface Withheld {
  get(episode: string): Held | undefined;
  /** False when there are too many. */
  hold(held: Held): boolean;
  forget(episode: string): void;
  all(): readonly Held[];
  size(): number;
  /** For the file; `readWithheld` reads it. Undefined for none. */
  toJSON(): readonly Held[] | undefined;
}

/** An alert takes some 500 bytes of the file, which is written anew with the position, once a second. */
const maxHeld = 10_000;

export function createWithheld(held: readonly Held[] = []): Withheld {
  const byEpisode = new Map(held.map((one) => [one.alert.episode, one]));
  return {
    get: (episode) => byEpisode.get(episode),
    hold(one) {
      const { episode } = one.alert;
      if (byEpisode.size >= maxHeld && !byEpisode.has(episode)) return false;
      byEpisode.set(episode, one);
      return true;
    },
    forget: (episode) => void byEpisode.delete(episode),
    all: () => [...byEpisode.values()],
    size: () => byEpisode.size,
    toJSON: () => (byEpisode.size === 0 ? undefined : [...byEpisode.values()]),
  };
}

/** Undefined when it is not what `toJSON` gave. */
export function readWithheld(value: unknown): Withheld | undefined {
  if (value === undefined) return createWithheld();
  if (!Array.isArray(value) || !value.every(isHeld)) return undefined;
  return createWithheld(value);
}

function isHeld(value: unknown): value is Held {
  const { alert, wasTold } = (value ?? {}) as Partial<Held>;
  return typeof alert?.episode === 'string' && typeof wasTold === 'boolean';
}
