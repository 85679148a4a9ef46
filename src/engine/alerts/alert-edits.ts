/**
 * Alerts whose rule was edited: what each severity of a key goes on from.
 *
 * Invariant: an episode that was told is told of until its end, whatever became of its severity.
 */

import type { Severity } from '../../core/types.ts';
import { type AlertLevel, highestFiring, okLevel } from './alert-level.ts';
import type { KeyAlert } from './alert-state.ts';

/**
 * Where each level stood before its rule was edited; -1 when it is new. A severity that is new goes on from one that is
 * gone, in their order: most likely it was that one.
 */
export function placesBefore(before: readonly Severity[], levels: readonly AlertLevel[]): number[] {
  const gone = [...before.keys()].filter((i) => !levels.some(({ severity }) => severity === before[i]));
  return levels.map(({ severity }) =>
    before.includes(severity) ? before.indexOf(severity) : (gone.shift() ?? -1),
  );
}

/**
 * The state under edited severities: `severities` are those it was saved with, `levelOf[i]` is where level i stood
 * among them, or -1 when it is new.
 */
export function reorder(
  { episode, latest, ...state }: KeyAlert,
  severities: readonly Severity[],
  levelOf: readonly number[],
  levels: readonly AlertLevel[],
): KeyAlert {
  const states = levelOf.map((before) => (before < 0 ? okLevel() : state.levels[before]!));
  return {
    levels: states,
    // One whose severity is gone is told of at the next judgement, as what is left of it, or as ok.
    episode: episode && {
      ...episode,
      // Earlier versions did not save it.
      severity: episode.severity ?? severities[episode.level]!,
      level: placeOf(episode.level, levelOf) ?? highestFiring(states, levels) ?? 0,
    },
    latest: latest && { ...latest, messages: levelOf.map((before) => latest.messages[before] ?? '') },
    dueMs: 0,
  };
}

function placeOf(before: number, levelOf: readonly number[]): number | undefined {
  const place = levelOf.indexOf(before);
  return place < 0 ? undefined : place;
}
