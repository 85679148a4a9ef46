/**
 * What was expected against what came: the state of alerts as of an event time, points by their time.
 *
 * An expectation speaks of event time (a window's end, an alert's moment), whenever it was computed. Numbers agree when
 * they differ by at most a billionth of the larger.
 * Not here: how a difference is shown.
 */

import type { AlertExpectation, FieldExpectation, PointExpectation } from '../../config/test-schema.ts';
import type { Alert, Point } from '../../core/types.ts';

/** Episodes that fire at that moment: the change that each stood at. */
export function firingAt(alerts: readonly Alert[], atMs: number): Alert[] {
  const last = new Map<string, Alert>();
  for (const alert of alerts) if (alert.atMs <= atMs) last.set(alert.episode, alert);
  return [...last.values()].filter(({ state }) => state === 'firing');
}

export interface AlertVerdict {
  readonly isMet: boolean;
  /** Of the rule and the tags: what fires at that moment. */
  readonly firing: readonly Alert[];
  /** Of the rule and the tags: all changes, in order of time. */
  readonly changes: readonly Alert[];
}

/**
 * `firing` is met when a key with the tags fires (with the severity), `ok` when none does. Of a key that fires with
 * several severities the highest counts, as in notifications.
 */
export function judgeAlert(
  expected: AlertExpectation,
  startMs: number,
  alerts: readonly Alert[],
): AlertVerdict {
  const own = alerts.filter(
    ({ rule, key, reminder }) =>
      rule === expected.alert && reminder === undefined && hasTags(key, expected.tags),
  );
  const firing = firingAt(own, startMs + expected.atMs);
  const isFiring = firing.some(
    ({ severity }) => expected.severity === undefined || severity === expected.severity,
  );
  const changes = own.toSorted((a, b) => a.atMs - b.atMs);
  return { isMet: isFiring === (expected.state === 'firing'), firing, changes };
}

export interface FieldDifference {
  readonly name: string;
  readonly expected: FieldExpectation;
  /** Undefined: the point lacks it. */
  readonly actual: number | boolean | string | undefined;
}

export interface PointVerdict {
  readonly isMet: boolean;
  /** The point of that time that comes nearest, and how it differs. */
  readonly nearest: { readonly point: Point; readonly differences: readonly FieldDifference[] } | undefined;
  /** Of the rule and the tags: all points, in order of time. */
  readonly points: readonly Point[];
}

/** Met when a point of that time with these tags has these fields, or there is none where none is expected. */
export function judgePoint(
  expected: PointExpectation,
  startMs: number,
  points: readonly Point[],
): PointVerdict {
  const own = latestOf(points)
    .filter(({ measurement, tags }) => measurement === expected.point && hasTags(tags, expected.tags))
    .sort((a, b) => a.timeMs - b.timeMs);
  const { fields } = expected;
  const wanted = fields === 'none' ? {} : fields;
  const [nearest] = own
    .filter(({ timeMs }) => timeMs === startMs + expected.atMs)
    .map((point) => ({ point, differences: differencesOf(point, wanted) }))
    .sort((a, b) => a.differences.length - b.differences.length);
  const isThere = nearest !== undefined && nearest.differences.length === 0;
  return { isMet: isThere === (fields !== 'none'), nearest, points: own };
}

/** A point written again overwrites the one before. */
function latestOf(points: readonly Point[]): Point[] {
  const identity = ({ measurement, tags, timeMs }: Point): string =>
    JSON.stringify([measurement, timeMs, Object.entries(tags).sort()]);
  return [...new Map(points.map((point) => [identity(point), point])).values()];
}

function hasTags(tags: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => (ownValue(tags, name) ?? '') === value);
}

function differencesOf(
  { fields }: Point,
  wanted: Readonly<Record<string, FieldExpectation>>,
): FieldDifference[] {
  return Object.entries(wanted).flatMap(([name, expected]) => {
    const actual = ownValue(fields, name);
    return agree(expected, actual) ? [] : [{ name, expected, actual }];
  });
}

function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Sums of doubles depend on their order; what a person writes down has not that many digits. */
const tolerance = 1e-9;

function agree(expected: FieldExpectation, actual: number | boolean | string | undefined): boolean {
  if (expected === null) return actual === undefined;
  if (typeof expected !== 'number' || typeof actual !== 'number') return expected === actual;
  const scale = Math.max(Math.abs(expected), Math.abs(actual));
  return expected === actual || Math.abs(expected - actual) <= tolerance * scale;
}
