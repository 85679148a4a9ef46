/** Acknowledged alerts: which reminders they stop, and their making and forgetting. */

import { GatewayError } from '../core/errors.ts';
import { type Severity, severities } from '../core/types.ts';
import type { Acknowledgement, Settings } from './settings.ts';

/** More are refused. */
export const maxAcknowledged = 10_000;

/** What of an alert an acknowledgement goes by. */
export interface Acknowledgeable {
  readonly episode: string;
  readonly severity: Severity;
}

/** Undefined as well when the alert has become more severe since: that nobody has seen. */
export function acknowledgementOf(
  { acknowledged }: Settings,
  { episode, severity }: Acknowledgeable,
): Acknowledgement | undefined {
  const rank = severities.indexOf(severity);
  return acknowledged.find((one) => one.episode === episode && severities.indexOf(one.severity) >= rank);
}

/**
 * With these in place of earlier ones of the same episodes; a note stays until there is another. Throws `GatewayError`
 * when there are too many.
 */
export function withAcknowledged(settings: Settings, added: readonly Acknowledgement[]): Settings {
  const earlier = new Map(settings.acknowledged.map((one) => [one.episode, one]));
  const episodes = new Set(added.map(({ episode }) => episode));
  const others = settings.acknowledged.filter(({ episode }) => !episodes.has(episode));
  const all = [...others, ...added.map((one) => withNote(one, earlier.get(one.episode)?.note))];
  if (all.length > maxAcknowledged) {
    throw new GatewayError(`more than ${maxAcknowledged} alerts would be acknowledged`, {
      remedy: 'silence the rule instead: headgate silence RULE --for 2h',
    });
  }
  return { ...settings, acknowledged: all };
}

function withNote(one: Acknowledgement, note: string | undefined): Acknowledgement {
  return one.note !== undefined || note === undefined ? one : { ...one, note };
}

/** Without those of episodes that have ended: the same settings when there are none. */
export function withoutEnded(settings: Settings, hasEnded: (episode: string) => boolean): Settings {
  if (!settings.acknowledged.some(({ episode }) => hasEnded(episode))) return settings;
  return { ...settings, acknowledged: settings.acknowledged.filter(({ episode }) => !hasEnded(episode)) };
}
