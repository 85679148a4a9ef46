/** An expectation that was not met, in words: what was expected, what came instead, and what came near it. */

import { formatDuration } from '../../config/duration.ts';
import type { AlertExpectation, Expectation, PointExpectation } from '../../config/test-schema.ts';
import type { Alert, Point } from '../../core/types.ts';
import { count } from '../print-diagnostics.ts';
import { keyText } from '../status-view.ts';
import { timeText } from '../units-text.ts';
import {
  type AlertVerdict,
  type FieldDifference,
  judgeAlert,
  judgePoint,
  type PointVerdict,
} from './judge.ts';
import type { Played } from './play.ts';

/** Lines beginning with `-` are expected, with `+` actual. Undefined when the expectation is met. */
export function explain(expected: Expectation, startMs: number, played: Played): string[] | undefined {
  if ('alert' in expected) {
    const verdict = judgeAlert(expected, startMs, played.alerts);
    return verdict.isMet ? undefined : alertLines(expected, startMs, verdict);
  }
  const verdict = judgePoint(expected, startMs, played.points);
  return verdict.isMet ? undefined : pointLines(expected, startMs, verdict);
}

/** `at 5m (2026-01-05T06:05:00Z): alert bus-load vehicle=01029`. */
export function titleOf(expected: Expectation, startMs: number): string {
  const what = 'alert' in expected ? `alert ${expected.alert}` : `point ${expected.point}`;
  const tags = Object.keys(expected.tags).length > 0 ? ` ${keyText(expected.tags)}` : '';
  const { atMs } = expected;
  return `at ${formatDuration(atMs)} (${timeText(startMs + atMs)}): ${what}${tags}`;
}

/** Changes and points shown of those that are near. */
const shown = 6;

function alertLines(expected: AlertExpectation, startMs: number, verdict: AlertVerdict): string[] {
  const { severity, state } = expected;
  const wanted = severity === undefined ? state : `${state} ${severity}`;
  const actual = verdict.firing.map((alert) => {
    const since = sinceStart(alert.atMs, startMs);
    return `+ firing ${alert.severity} since ${since} ${keyText(alert.key)}: ${alert.message}`;
  });
  const changes = nearest(verdict.changes, ({ atMs }) => atMs, startMs + expected.atMs);
  return [
    `- ${wanted}`,
    ...(actual.length > 0 ? actual.slice(0, shown) : ['+ ok']),
    changes.length > 0 ? 'its changes:' : 'it never fired',
    ...changes.map((alert) => `  ${changeText(alert, startMs)}`),
  ];
}

function changeText({ atMs, state, severity, key, message }: Alert, startMs: number): string {
  return `${sinceStart(atMs, startMs)}  ${state} ${severity} ${keyText(key)}: ${message}`;
}

function pointLines(expected: PointExpectation, startMs: number, verdict: PointVerdict): string[] {
  const { nearest: there, points } = verdict;
  if (expected.fields === 'none') return ['- no point', `+ ${pointText(there!.point)}`];
  if (there) return [...there.differences.flatMap(fieldLines), `of ${pointText(there.point)}`];
  const others = nearest(points, ({ timeMs }) => timeMs, startMs + expected.atMs);
  return [
    `- ${fieldsText(expected.fields) || 'a point'}`,
    '+ no point of that time',
    others.length > 0 ? 'its points:' : 'there is none of another time, either',
    ...others.map((point) => `  ${sinceStart(point.timeMs, startMs)}  ${pointText(point)}`),
  ];
}

function fieldLines({ name, expected, actual }: FieldDifference): string[] {
  const value = (one: unknown): string => (one === undefined ? 'null' : JSON.stringify(one));
  return [`- ${name}: ${value(expected)}`, `+ ${name}: ${value(actual)}`];
}

function pointText({ tags, fields }: Point): string {
  const { gateway: _, ...key } = tags;
  return `${keyText(key)}: ${fieldsText(fields)}`;
}

function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(' ');
}

/** The few nearest in time, in their order. */
function nearest<T>(all: readonly T[], timeOf: (one: T) => number, atMs: number): T[] {
  const near = all
    .toSorted((a, b) => Math.abs(timeOf(a) - atMs) - Math.abs(timeOf(b) - atMs))
    .slice(0, shown);
  return all.filter((one) => near.includes(one));
}

function sinceStart(ms: number, startMs: number): string {
  return formatDuration(ms - startMs);
}

/** What was fed and not used, by reason: often why a test fails. */
export function unusedLines({ setAside, duplicates }: Played): string[] {
  const byReason = Map.groupBy(setAside, ({ reason }) => reason);
  const lines = [...byReason].map(([reason, all]) => `${all.length} set aside, ${reason}: ${all[0]!.detail}`);
  const copies = `${count(duplicates, 'reading')} dropped: same tags and time as one before`;
  return duplicates > 0 ? [...lines, copies] : lines;
}
