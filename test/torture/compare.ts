/**
 * What is in the database, held against what must be: by the oracle's definition, and against another database.
 *
 * Invariant: points are compared one by one, exactly; a point more, a point less and a field that differs are findings.
 */

import { type OracleReading, windowsOf } from '../oracle.ts';
import type { Influxd } from '../peers/influxd.ts';
import { alarmAbove, latenessMs, padOf } from './devices.ts';
import type { ReceivedAlerts } from './hook.ts';
import { alertedRule, editedRule } from './setup.ts';

/** "measurement key time" to its fields. */
export type Points = ReadonlyMap<string, string>;

type Fields = Readonly<Record<string, unknown>>;

const nameOf = (measurement: string, key: string, timeMs: number): string =>
  `${measurement} ${key} ${new Date(timeMs).toISOString()}`;

const fieldsText = (fields: Fields): string =>
  JSON.stringify(Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1))));

/** All results in a database but what depends on when rules were edited. What a gateway tells of itself is none. */
export async function storedPoints(influxd: Influxd, database: string): Promise<Points> {
  const points = new Map<string, string>();
  for (const { name, tags, columns, values } of await influxd.query(
    'SELECT * FROM /.*/ GROUP BY *',
    database,
  )) {
    if (name === editedRule || /^headgate(?:_|$)/.test(name)) continue;
    for (const [timeMs, ...row] of values) {
      const fields = Object.fromEntries(
        // Columns of the other measurements are among them, empty.
        row.flatMap((value, i) => (value === null ? [] : [[columns[i + 1]!, value]])),
      );
      points.set(nameOf(name, tags!.id!, timeMs as number), fieldsText(fields));
    }
  }
  return points;
}

/** What is wrong with the starts that a gateway told of: they are told in order, and of each run the same. */
export async function startFindings(influxd: Influxd, database: string): Promise<string[]> {
  const [told] = await influxd.query('SELECT restarts FROM headgate', database);
  const starts = (told?.values ?? []).map(([, restarts]) => restarts as number);
  if (starts.length === 0) return ['the gateway told nothing of itself'];
  return starts.flatMap((restarts, i) =>
    restarts < (starts[i - 1] ?? 0) ? [`start ${restarts} after start ${starts[i - 1]}`] : [],
  );
}

/** The alerts that are stored as points, as `ReceivedAlerts`. */
export async function storedAlerts(influxd: Influxd, database: string): Promise<ReceivedAlerts> {
  const alerts = new Map<string, Set<string>>();
  for (const { tags, values } of await influxd.query('SELECT id FROM headgate_alert GROUP BY *', database)) {
    for (const [timeMs, id] of values) {
      const name = `${tags!.key_id} ${tags!.state} ${new Date(timeMs as number).toISOString()}`;
      alerts.set(name, (alerts.get(name) ?? new Set()).add(id as string));
    }
  }
  return alerts;
}

/** Every point that these readings, in their order, must give. The last one of each key has closed all windows before. */
export function expectedPoints(readings: readonly OracleReading[], padded: readonly OracleReading[]): Points {
  const points = new Map<string, string>();
  for (const { key, timeMs, value } of readings)
    points.set(nameOf('each', key, timeMs), fieldsText({ x: value }));
  for (const { key, timeMs, value } of padded) {
    points.set(nameOf('padded', key, timeMs), fieldsText({ x: value, pad: padOf(timeMs) }));
  }
  for (const { key, endMs, values } of closedWindows(readings, 10_000, 10_000)) {
    points.set(
      nameOf(alertedRule, key, endMs),
      fieldsText({ ...sumOf(values), max: Math.max(...(values as number[])) }),
    );
  }
  for (const { key, endMs, values } of closedWindows(readings, 7000, 3000)) {
    points.set(nameOf('sliding', key, endMs), fieldsText(sumOf(values)));
  }
  return points;
}

function closedWindows(readings: readonly OracleReading[], lengthMs: number, everyMs: number) {
  const latest = new Map<string, number>();
  for (const { key, timeMs } of readings) latest.set(key, Math.max(latest.get(key) ?? 0, timeMs));
  const { windows } = windowsOf(readings, lengthMs, everyMs, latenessMs);
  return windows.filter(({ key, endMs }) => endMs <= latest.get(key)! - latenessMs);
}

const sumOf = (values: readonly (number | null)[]) => ({
  count: values.length,
  sum: values.reduce<number>((sum, x) => sum + x!, 0),
});

/** "key state time": fires and clears with the largest value of each window in turn. */
export function expectedAlerts(readings: readonly OracleReading[]): readonly string[] {
  const firing = new Set<string>();
  return closedWindows(readings, 10_000, 10_000)
    .toSorted((a, b) => a.endMs - b.endMs)
    .flatMap(({ key, endMs, values }) => {
      const holds = values.some((x) => x! > alarmAbove);
      if (holds === firing.has(key)) return [];
      if (holds) firing.add(key);
      else firing.delete(key);
      return [`${key} ${holds ? 'firing' : 'ok'} ${new Date(endMs).toISOString()}`];
    });
}

/** What is missing, extra or different, in words; empty when both are the same. */
export function differences(actual: Points, wanted: Points): string[] {
  const missing = [...wanted.keys()].filter((name) => !actual.has(name)).map((name) => `missing: ${name}`);
  const extra = [...actual.keys()].filter((name) => !wanted.has(name)).map((name) => `extra: ${name}`);
  const changed = [...wanted]
    .filter(([name, fields]) => actual.has(name) && actual.get(name) !== fields)
    .map(([name, fields]) => `${name}: ${actual.get(name)!.slice(0, 200)} for ${fields.slice(0, 200)}`);
  return [...missing, ...extra, ...changed];
}

/** Alerts that did not come, came unasked, or came under several ids. */
export function alertDifferences(received: ReceivedAlerts, wanted: readonly string[]): string[] {
  const set = new Set(wanted);
  return [
    ...wanted.filter((name) => !received.has(name)).map((name) => `missing alert: ${name}`),
    ...[...received.keys()].filter((name) => !set.has(name)).map((name) => `extra alert: ${name}`),
    ...[...received]
      .filter(([, ids]) => ids.size > 1)
      .map(([name, ids]) => `${name} under ${[...ids].join(', ')}`),
  ];
}

/** The alerts as points, to be held against those of another run. */
export const alertPoints = (received: ReceivedAlerts): Points =>
  new Map([...received].map(([name, ids]) => [name, [...ids].join(', ')]));
