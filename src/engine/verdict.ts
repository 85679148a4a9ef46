/**
 * What becomes of a rule's rows, be they readings or closed windows: alerts are judged and points made.
 *
 * Not here: how the rows came about.
 */

import type { Alert, FieldValue, Point, ValueType } from '../core/types.ts';
import type { Column, NumberColumn, NumberKernel, Rows } from '../expression/rows.ts';
import type { AlertPlan, MessageTemplate } from '../rules/plan.ts';
import type { JudgingHours } from './alerts/active.ts';
import { type AlertStates, createAlertStates } from './alerts/alert-state.ts';
import type { ResultStage } from './windows/windows.ts';

/** Names of the columns a point or an alert shows. */
export interface NamedSlot {
  readonly name: string;
  readonly slot: number;
  readonly type: ValueType;
}

/** The value of one cell; null where it is missing. Infinity is no value a database could hold. */
export function cellOf(column: Column, type: ValueType, row: number): FieldValue | null {
  if (type === 'string') return (column as (string | null)[])[row]!;
  const x = (column as NumberColumn)[row]!;
  if (!Number.isFinite(x)) return null;
  return type === 'boolean' ? x === 1 : x;
}

export function valuesOf(
  rows: Rows,
  slots: readonly NamedSlot[],
  row: number,
): Record<string, FieldValue | null> {
  const values: Record<string, FieldValue | null> = {};
  for (const { name, slot, type } of slots) values[name] = cellOf(rows.columns[slot]!, type, row);
  return values;
}

/** The point of one row; undefined when none of its fields has a value. */
export function pointOf(
  measurement: string,
  tags: Readonly<Record<string, string>>,
  rows: Rows,
  slots: readonly NamedSlot[],
  row: number,
): Point | undefined {
  const fields: Record<string, FieldValue> = {};
  let filled = false;
  for (const { name, slot, type } of slots) {
    const value = cellOf(rows.columns[slot]!, type, row);
    if (value === null) continue;
    fields[name] = value;
    filled = true;
  }
  return filled ? { measurement, tags, fields, timeMs: rows.eventMs[row]! } : undefined;
}

export interface Judge {
  readonly states: AlertStates;
  /** Judges rows in order. `input` chooses the expressions compiled for these rows. */
  judge(rows: Rows, keys: Int32Array, input: number, slots: readonly NamedSlot[], times: JudgedTimes): void;
}

/** By row. */
export interface JudgedTimes {
  /** Since when the row's data speaks. */
  readonly sinceMs: Float64Array;
  /** NaN: the row is not judged. */
  readonly atMs: Float64Array;
  /** They speak for time before `atMs` alone: windows that end there, unless a result is early. */
  readonly areEnds: boolean;
  /** Absent: the rows are readings. */
  readonly stages?: readonly ResultStage[];
}

export interface JudgeSettings {
  readonly rule: string;
  readonly alerts: readonly AlertPlan[];
  readonly tagsOf: (key: number) => Readonly<Record<string, string>>;
  readonly give: (alert: Alert) => void;
  readonly firesByTime: boolean;
  /** Absent: it judges at all times. */
  readonly hours?: JudgingHours | undefined;
}

const noKernel: NumberKernel = () => new Float64Array(0);

/** Judges the rows of a rule; undefined for a rule without alerts. */
export function createJudge(settings: JudgeSettings): Judge | undefined {
  const { alerts, hours } = settings;
  if (alerts.length === 0) return undefined;
  const states = createAlertStates({ ...settings, levels: alerts });
  const when = alerts.map(() => 0);
  const clear = alerts.map(() => 0);

  return {
    states,
    judge(rows, keys, input, slots, { sinceMs, atMs, areEnds, stages }) {
      const whenColumns = alerts.map((alert) => (alert.when[input] ?? noKernel)(rows));
      const clearColumns = alerts.map((alert) => alert.clear?.[input]?.(rows));
      const messages: readonly (MessageTemplate | undefined)[] = alerts.map((alert) => alert.message[input]);
      for (let row = 0; row < rows.n; row++) {
        const key = keys[row]!;
        if (key < 0 || Number.isNaN(atMs[row]!)) continue;
        states.passKey(key, rows.arrivalMs[row]!);
        const isEnd = areEnds && stages?.[row] !== 'early';
        const activeSinceMs = hours?.since(atMs[row]!, isEnd) ?? Number.NEGATIVE_INFINITY;
        if (Number.isNaN(activeSinceMs)) continue;
        for (let level = 0; level < alerts.length; level++) {
          const holds = whenColumns[level]![row]!;
          when[level] = holds;
          // Without a condition of its own an alert clears when `when` is false; a missing value clears nothing.
          clear[level] = clearColumns[level]?.[row] ?? (holds === 0 ? 1 : 0);
        }
        states.judge(key, {
          when,
          clear,
          sinceMs: Math.max(sinceMs[row]!, activeSinceMs),
          activeSinceMs,
          atMs: atMs[row]!,
          arrivalMs: rows.arrivalMs[row]!,
          message: (level) => messages[level]?.(rows, row) ?? '',
          values: () => valuesOf(rows, slots, row),
        });
      }
    },
  };
}
