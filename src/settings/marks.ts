/** What people have said of alerts that fire: which are acknowledged, which silenced. For those who show them. */

import type { FiringAlert, Seen } from '../core/status.ts';
import { severities } from '../core/types.ts';
import type { Acknowledgement, Settings } from './settings.ts';
import { current, silencedUntilMs } from './silences.ts';

/** The alerts with their marks at `nowMs`, in the same order. */
export function marked(
  alerts: readonly FiringAlert[],
  { acknowledged, silences }: Settings,
  nowMs: number,
): readonly FiringAlert[] {
  if (acknowledged.length === 0 && silences.length === 0) return alerts;
  const byEpisode = new Map(acknowledged.map((one) => [one.episode, one]));
  const now: Settings = { acknowledged: [], silences: current({ acknowledged, silences }, nowMs) };
  return alerts.map((alert) => {
    const seen = seenOf(byEpisode.get(alert.episode), alert);
    const untilMs = silencedUntilMs(now, alert, nowMs);
    return {
      ...alert,
      ...(seen && { acknowledged: seen }),
      ...(untilMs !== undefined && { silencedUntilMs: untilMs }),
    };
  });
}

function seenOf(one: Acknowledgement | undefined, { severity }: FiringAlert): Seen | undefined {
  if (one === undefined || severities.indexOf(one.severity) < severities.indexOf(severity)) return undefined;
  const { atMs, by, note } = one;
  return { atMs, ...(by !== undefined && { by }), ...(note !== undefined && { note }) };
}
