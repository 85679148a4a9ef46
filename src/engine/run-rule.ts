/**
 * One rule at work: rows of its devices in, points and alerts out.
 *
 * Flow: lets → where → key of each row → window (panes, aggregates, closed windows as result rows) or the reading
 * itself → alerts and points.
 * Invariant: everything kept between calls is in `save()`; a rule knows no other rule.
 */

import type { RuleLine } from '../core/status.ts';
import type { Alert, FieldValue } from '../core/types.ts';
import { type Column, capacityFor, type Rows, type StringColumn } from '../expression/rows.ts';
import type { RuleInput, RulePlan } from '../rules/plan.ts';
import { aggregates as registry } from './aggregates/index.ts';
import type { AlertStates } from './alert-state.ts';
import { type Output, setAside } from './output.ts';
import { createSeriesIndex, restoreSeries, tagsOf } from './series.ts';
import { createSilence, type Silence } from './silence.ts';
import { createJudge, type NamedSlot, pointOf, valuesOf } from './verdict.ts';
import { createWindows, type SavedWindows, type Windows } from './window.ts';

export interface RunningRule {
  readonly plan: RulePlan;
  /** Rows of one device, in arrival order; `input` is the device's place in `RulePlan.inputs`. */
  run(input: number, rows: Rows): void;
  /** Lets arrival time pass. Time before `listeningSinceMs` counts for nobody's idleness or silence. */
  pass(nowMs: number, listeningSinceMs: number): void;
  closeAll(nowMs: number): void;
  readonly quietUntilMs: number;
  status(): RuleLine;
  readonly alertStates: readonly AlertStates[];
  tagsOf(key: number): Readonly<Record<string, string>>;
  save(): SavedRule;
  load(saved: SavedRule): void;
}

export interface SavedRule {
  readonly tags: readonly (readonly string[])[];
  readonly keys: number;
  readonly windows: SavedWindows | undefined;
  readonly alerts: ReturnType<AlertStates['save']> | undefined;
  readonly silence: ReturnType<Silence['save']> | undefined;
  readonly forwarded: readonly (readonly [number, Readonly<Record<string, FieldValue | null>>])[];
}

/** Result rows at a time: a rule must stay small when there are thousands of them. */
const resultRows = 32;
const unknownKey = -2;

export function createRule(plan: RulePlan, gateway: string, output: Output): RunningRule {
  const keys = createSeriesIndex(plan.by.length, plan.seriesLimit);
  const keyTags: Readonly<Record<string, string>>[] = [];
  const pointTags: Readonly<Record<string, string>>[] = [];
  const counts = {
    readings: 0,
    filtered: 0,
    late: 0,
    windowsClosed: 0,
    points: 0,
    fired: 0,
    cleared: 0,
    overLimit: 0,
  };
  const inputs = plan.inputs.map((input) => createInput(plan, input));
  const forwarded = new Map<number, Record<string, FieldValue | null>>();

  const tagsOfKey = (key: number): Readonly<Record<string, string>> => {
    keyTags[key] ??= tagsOf(keys, plan.by, key);
    return keyTags[key];
  };
  const tagsOfPoint = (key: number): Readonly<Record<string, string>> => {
    pointTags[key] ??= { gateway, ...tagsOfKey(key) };
    return pointTags[key];
  };
  const give = (alert: Alert): void => {
    output.alerts.push(alert);
    if (alert.state === 'ok') counts.cleared += 1;
    else if (alert.atMs === alert.firedAtMs && alert.id.endsWith('-0')) counts.fired += 1;
  };

  const judge = createJudge({
    rule: plan.name,
    alerts: plan.alerts,
    tagsOf: tagsOfKey,
    give,
    firesByTime: plan.window === undefined,
  });
  const silence = plan.silent && createSilence(plan.silent, { rule: plan.name, tagsOf: tagsOfKey, give });
  const results = createResults();
  const windows = plan.window && createRuleWindows(plan.window);

  function createRuleWindows(window: NonNullable<RulePlan['window']>): Windows {
    const running = plan.aggregates.map((aggregate) => registry[aggregate.fn]!(aggregate));
    return createWindows({
      window,
      latenessMs: plan.latenessMs,
      idleAfterMs: plan.idleAfterMs,
      aggregates: running,
      closed(key, endMs, slot, arrivalMs) {
        counts.windowsClosed += 1;
        const row = results.rows.n++;
        results.keys[row] = key;
        results.rows.series[row] = key;
        results.rows.eventMs[row] = endMs;
        results.rows.arrivalMs[row] = arrivalMs;
        for (const [a, aggregate] of running.entries()) {
          const column = results.rows.columns[a]!;
          const value = aggregate.result(slot);
          if (Array.isArray(column)) column[row] = value as string | null;
          else column[row] = value === null ? Number.NaN : (value as number);
        }
        if (results.rows.n === resultRows) flushResults(window.everyMs);
      },
      late(rows, i, key, watermarkMs) {
        counts.late += 1;
        setAside(output, 'late', () => ({
          detail: `its window had closed; the watermark of the key is ${new Date(watermarkMs).toISOString()}`,
          rule: plan.name,
          key: tagsOfKey(key),
          eventMs: rows.eventMs[i]!,
          arrivalMs: rows.arrivalMs[i]!,
        }));
      },
    });
  }

  function createResults(): { rows: Rows; keys: Int32Array; slots: NamedSlot[] } {
    const columns: Column[] = plan.aggregates.map(({ resultType }) =>
      resultType === 'string' ? ([] as StringColumn) : new Float64Array(resultRows),
    );
    const slots = plan.computes.map(({ name, compiled }, i) => ({
      name,
      slot: plan.aggregates.length + i,
      type: compiled.type,
    }));
    const rows: Rows = {
      n: 0,
      columns,
      series: new Int32Array(resultRows),
      eventMs: new Float64Array(resultRows),
      arrivalMs: new Float64Array(resultRows),
      table: keys,
    };
    return { rows, keys: new Int32Array(resultRows), slots };
  }

  /** Closed windows become alerts and points. */
  function flushResults(everyMs: number): void {
    const { rows, keys: rowKeys, slots } = results;
    if (rows.n === 0) return;
    for (const [i, { compiled }] of plan.computes.entries()) {
      rows.columns[plan.aggregates.length + i] = compiled.kernel(rows);
    }
    judge?.judge(rows, rowKeys, 0, slots, everyMs);
    if (plan.forward !== undefined) {
      for (let row = 0; row < rows.n; row++) forwardRow(rows, rowKeys[row]!, slots, row);
    }
    rows.n = 0;
  }

  function forwardRow(rows: Rows, key: number, slots: readonly NamedSlot[], row: number): void {
    const { measurement, onChange } = plan.forward!;
    if (onChange !== undefined && !hasChanged(key, valuesOf(rows, slots, row), onChange)) return;
    const point = pointOf(measurement, tagsOfPoint(key), rows, slots, row);
    if (point === undefined) return;
    counts.points += 1;
    output.points.push(point);
  }

  /** Compares with what was forwarded last, not with the reading before: a slow drift is forwarded too. */
  function hasChanged(key: number, values: Record<string, FieldValue | null>, step: number): boolean {
    const before = forwarded.get(key);
    // A value that this reading lacks is no news of it: devices that send parts forward only what moved.
    const present = Object.entries(values).filter(([, value]) => value !== null);
    const changed = present.some(([name, value]) => differs(before?.[name], value, step));
    if (changed) forwarded.set(key, { ...before, ...Object.fromEntries(present) });
    return changed;
  }

  /** Gives each row its key; filtered rows and rows of keys beyond the limit get a negative one. */
  function assignKeys(input: RunningInput, rows: Rows): void {
    const passes = input.plan.where?.(rows);
    const { rowKeys, keyOfSeries } = input;
    for (let i = 0; i < rows.n; i++) {
      const series = rows.series[i]!;
      let key = series < keyOfSeries.length ? keyOfSeries[series]! : unknownKey;
      if (key === unknownKey) key = input.learn(series, rows, keys.idOf);
      if (key >= 0) silence?.heard(key, rows.arrivalMs[i]!);
      if (key < 0) {
        counts.overLimit += 1;
      } else if (passes !== undefined && passes[i] !== 1) {
        counts.filtered += 1;
        key = -1;
      }
      rowKeys[i] = key;
    }
  }

  function judgeReadings(input: RunningInput, rows: Rows, index: number): void {
    judge?.judge(rows, input.rowKeys, index, input.slots, 0);
    if (plan.forward === undefined) return;
    for (let row = 0; row < rows.n; row++) {
      if (input.rowKeys[row]! >= 0) forwardRow(rows, input.rowKeys[row]!, input.slots, row);
    }
  }

  return {
    plan,
    tagsOf: tagsOfKey,
    alertStates: [judge?.states, silence?.alerts].filter((states) => states !== undefined),
    run(index, device) {
      const input = inputs[index]!;
      const rows = input.view(device);
      counts.readings += rows.n;
      for (const [i, { compiled }] of input.plan.lets.entries()) {
        rows.columns[input.fieldCount + i] = compiled.kernel(rows);
      }
      assignKeys(input, rows);
      if (windows === undefined) {
        judgeReadings(input, rows, index);
      } else {
        windows.fold(rows, input.rowKeys, input.argumentColumns(rows));
        flushResults(plan.window!.everyMs);
      }
    },
    pass(nowMs, listeningSinceMs) {
      windows?.pass(nowMs, listeningSinceMs);
      if (windows !== undefined) flushResults(plan.window!.everyMs);
      else judge?.states.pass(nowMs);
      silence?.pass(nowMs, listeningSinceMs);
    },
    closeAll(nowMs) {
      windows?.closeAll(nowMs);
      if (windows !== undefined) flushResults(plan.window!.everyMs);
    },
    get quietUntilMs() {
      const timed = windows === undefined ? judge?.states.quietUntilMs : windows.quietUntilMs;
      return Math.min(timed ?? Number.POSITIVE_INFINITY, silence?.quietUntilMs ?? Number.POSITIVE_INFINITY);
    },
    status: () => ({ name: plan.name, ...counts, keys: keys.size, openWindows: windows?.openPanes ?? 0 }),
    save: () => ({
      tags: keys.tags,
      keys: keys.size,
      windows: windows?.save(),
      alerts: judge?.states.save(),
      silence: silence?.save(),
      forwarded: [...forwarded],
    }),
    load(saved) {
      restoreSeries(keys, saved.tags, saved.keys);
      if (saved.windows) windows?.load(saved.windows);
      if (saved.alerts) judge?.states.load(saved.alerts);
      if (saved.silence) silence?.load(saved.silence);
      for (const [key, values] of saved.forwarded) forwarded.set(key, { ...values });
    },
  };
}

/** A device's rows as one rule sees them. */
interface RunningInput {
  readonly plan: RuleInput;
  readonly fieldCount: number;
  /** Columns of a reading's point: the device's fields and the rule's lets. */
  readonly slots: readonly NamedSlot[];
  readonly rowKeys: Int32Array;
  readonly keyOfSeries: Int32Array;
  /** The device's rows with room for the rule's own columns. */
  view(device: Rows): Rows;
  /** Finds and remembers the key of a series. */
  learn(series: number, rows: Rows, idOf: (values: readonly string[]) => number): number;
  argumentColumns(rows: Rows): Column[];
}

const noColumn: Column = new Float64Array(0);

function createInput(plan: RulePlan, input: RuleInput): RunningInput {
  const { fields } = input.device;
  const slots: NamedSlot[] = fields.map(({ name, type }, slot) => ({ name, slot, type }));
  for (const [i, { name, compiled }] of input.lets.entries()) {
    slots.push({ name, slot: fields.length + i, type: compiled.type });
  }
  let keyOfSeries = new Int32Array(0);
  let rowKeys = new Int32Array(0);
  let view: Rows | undefined;

  return {
    plan: input,
    fieldCount: fields.length,
    slots,
    get rowKeys() {
      return rowKeys;
    },
    get keyOfSeries() {
      return keyOfSeries;
    },
    view(device) {
      if (view?.table !== device.table) view = { ...device, columns: [...device.columns] };
      view.n = device.n;
      if (rowKeys.length < device.n) rowKeys = new Int32Array(capacityFor(device.n));
      return view;
    },
    learn(series, rows, idOf) {
      if (series >= keyOfSeries.length) {
        const larger = new Int32Array(Math.max(4, series + 1, keyOfSeries.length * 2)).fill(unknownKey);
        larger.set(keyOfSeries);
        keyOfSeries = larger;
      }
      keyOfSeries[series] = idOf(input.keyTags.map((tag) => rows.table.tags[tag]![series]!));
      return keyOfSeries[series]!;
    },
    argumentColumns: (rows) =>
      plan.aggregates.map((_, a) => input.arguments[a]?.[0]?.kernel(rows) ?? noColumn),
  };
}

function differs(before: FieldValue | null | undefined, after: FieldValue | null, step: number): boolean {
  if (typeof before === 'number' && typeof after === 'number') return Math.abs(after - before) >= step;
  return before !== after;
}
