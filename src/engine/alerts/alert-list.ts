/** What an engine's alerts stand at, for those who ask from outside. Changes nothing. */

import type { PendingAlert } from '../../core/status.ts';
import type { EngineState } from '../engine.ts';

/** Episodes that fire now. */
export function firingEpisodes(state: EngineState): Set<string> {
  const episodes = new Set<string>();
  for (const { alertStates } of state.rules) {
    for (const states of alertStates) for (const { episode } of states.firing()) episodes.add(episode);
  }
  return episodes;
}

/** What fires soon, unless it stops; the longest pending first. */
export function pendingAlerts(state: EngineState): PendingAlert[] {
  const pending: PendingAlert[] = [];
  for (const rule of state.rules) {
    for (const states of rule.alertStates) {
      for (const { key, ...alert } of states.pending()) {
        pending.push({ rule: rule.plan.name, key: rule.tagsOf(key), ...alert });
      }
    }
  }
  return pending.sort((a, b) => a.sinceMs - b.sinceMs);
}

/** The key tags of each rule, and the values each has had, by tag. A key without a value for a tag has the empty text. */
export function ruleKeys(state: EngineState, name: string): RuleKeys | undefined {
  const rule = state.rules.find(({ plan }) => plan.name === name);
  return rule && { by: rule.plan.by, count: rule.table.size, values: rule.table.tags };
}

export interface RuleKeys {
  readonly by: readonly string[];
  readonly count: number;
  /** By tag, then by key. */
  readonly values: readonly (readonly string[])[];
}
