/** Alerts as tables for people. Pure: the same answer gives the same lines. */

import type { FiringAlert, PendingAlert } from '../core/status.ts';
import type { Silence } from '../settings/settings.ts';
import { stateText, untilText } from './alert-marks.ts';
import type { AlertsAnswer } from './answers/alerts.ts';
import { keyText, severityStyle } from './status-view.ts';
import { type Cell, type Column, paint, table } from './table.ts';
import { durationText, timeText } from './units-text.ts';

const left = (title: string): Column => ({ title });

/** As much of an episode's id as people type. */
export function shortId(episode: string): string {
  return episode.slice(0, 8);
}

export function alertsLines({ nowMs, firing, pending, silences }: AlertsAnswer, colours: boolean): string[] {
  const sections = [
    section('Firing', firingTable(firing, colours), colours),
    ...(pending.length > 0 ? [section('Pending', pendingTable(pending, nowMs, colours), colours)] : []),
    ...(silences.length > 0 ? [section('Silences', silenceTable(silences, nowMs, colours), colours)] : []),
  ];
  return sections.flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}

export function silencesLines({ nowMs, silences }: AlertsAnswer, colours: boolean): string[] {
  return section('Silences', silenceTable(silences, nowMs, colours), colours);
}

function section(title: string, lines: readonly string[], colours: boolean): string[] {
  const strong = colours ? paint('bold', title) : title;
  return lines.length === 0 ? [`${strong}: none`] : [strong, ...lines.map((line) => `  ${line}`)];
}

export function firingTable(alerts: readonly FiringAlert[], colours: boolean): string[] {
  if (alerts.length === 0) return [];
  const columns = ['id', 'severity', 'rule', 'key', 'since', 'state', 'message'].map(left);
  const rows = alerts.map((alert): Cell[] => [
    shortId(alert.episode),
    { text: alert.severity, style: severityStyle[alert.severity] },
    alert.rule,
    keyText(alert.key),
    timeText(alert.firedAtMs),
    stateText(alert),
    alert.message,
  ]);
  return table(columns, rows, colours);
}

function pendingTable(alerts: readonly PendingAlert[], nowMs: number, colours: boolean): string[] {
  const columns = ['severity', 'rule', 'key', 'for'].map(left);
  const rows = alerts.map((alert): Cell[] => [
    alert.severity,
    alert.rule,
    keyText(alert.key),
    durationText(nowMs - alert.sinceMs),
  ]);
  return table(columns, rows, colours);
}

function silenceTable(silences: readonly Silence[], nowMs: number, colours: boolean): string[] {
  if (silences.length === 0) return [];
  const columns = ['id', 'rule', 'key', 'until', 'left', 'by', 'reason'].map(left);
  const rows = silences.map((silence): Cell[] => [
    silence.id,
    silence.rule,
    keyText(silence.key),
    untilText(silence.untilMs),
    durationText(silence.untilMs - nowMs),
    silence.by ?? '–',
    silence.reason ?? '',
  ]);
  return table(columns, rows, colours);
}
