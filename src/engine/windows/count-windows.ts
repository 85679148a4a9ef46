/**
 * Windows by count: the last `size` readings of a key in order of arrival, each time `every` more have come.
 *
 * Event time decides nothing here: no reading is late, and there is no watermark. A window that is not full has no result,
 * however long it waits.
 * The time of a result is the latest event time of its readings; one that is not later than the key's result before,
 * because readings share a time or came out of order, is a microsecond after it: points of one key and time would
 * overwrite each other.
 *
 * Invariant: results follow from the order of a key's readings alone.
 * Not here: how the readings of a window are held.
 */

import { greatestCommonDivisor } from '../../core/divisor.ts';
import { type Column, capacityFor, type Rows } from '../../expression/rows.ts';
import type { WindowPlan } from '../../rules/plan.ts';
import type { Aggregate } from '../aggregates/aggregate.ts';
import { grown } from '../grown.ts';
import { createCountPanes, type SavedCountPanes } from './count-panes.ts';
import { createEmitting, type SavedEmitting } from './emitting.ts';
import { noSlot } from './slots.ts';
import type { WindowSettings, Windows } from './windows.ts';

export type CountWindowPlan = WindowPlan & { readonly kind: 'count' };

export interface SavedCounts {
  readonly inPane: Int32Array;
  readonly sinceResult: Int32Array;
  readonly sinceMs: Float64Array;
  readonly latestMs: Float64Array;
  readonly hadResult: Int32Array;
  readonly lastArrivalMs: Float64Array;
  readonly panes: SavedCountPanes;
  readonly emitting: SavedEmitting | undefined;
}

export function createCountWindows(settings: WindowSettings<CountWindowPlan>): Windows {
  const { window, aggregates } = settings;
  const perPane = greatestCommonDivisor(window.size, window.every);
  const panesInWindow = window.size / perPane;
  const panesInStep = window.every / perPane;
  const panes = createCountPanes(aggregates);
  const emitting = window.emitMs === undefined ? undefined : createEmitting(window.emitMs);

  // By key.
  /** Readings in the newest pane, and since the last result. */
  let inPane = new Int32Array(0);
  let sinceResult = new Int32Array(0);
  /** Time of the last result, before the first one the earliest event time. */
  let sinceMs = new Float64Array(0);
  let latestMs = new Float64Array(0);
  let hadResult = new Int32Array(0);
  let lastArrivalMs = new Float64Array(0);
  let keyCount = 0;

  let slots = new Int32Array(0);

  function meet(key: number): void {
    keyCount = key + 1;
    if (key < inPane.length) return;
    const capacity = Math.max(4, inPane.length * 2, keyCount);
    inPane = grown(inPane, capacity, 0);
    sinceResult = grown(sinceResult, capacity, 0);
    sinceMs = grown(sinceMs, capacity, Number.POSITIVE_INFINITY);
    latestMs = grown(latestMs, capacity, Number.NEGATIVE_INFINITY);
    hadResult = grown(hadResult, capacity, 0);
    lastArrivalMs = grown(lastArrivalMs, capacity, Number.NEGATIVE_INFINITY);
  }

  /** The slot of the key's next row. */
  function place(key: number, timeMs: number, arrivalMs: number): number {
    const slot = inPane[key] === 0 ? panes.open(key) : panes.newest(key);
    inPane[key] = (inPane[key]! + 1) % perPane;
    sinceResult[key]! += 1;
    if (hadResult[key] === 0) sinceMs[key] = Math.min(sinceMs[key]!, timeMs);
    latestMs[key] = Math.max(latestMs[key]!, timeMs);
    lastArrivalMs[key] = arrivalMs;
    return slot;
  }

  const isFull = (key: number): boolean => inPane[key] === 0 && panes.length(key) === panesInWindow;

  function endOf(key: number): number {
    if (hadResult[key] === 0) return latestMs[key]!;
    return Math.max(latestMs[key]!, microsecondAfter(sinceMs[key]!));
  }

  function close(key: number, arrivalMs: number): void {
    const endMs = endOf(key);
    const slot = panes.combine(key);
    settings.give({ key, stage: 'final', slot, endMs, sinceMs: sinceMs[key]!, atMs: endMs, arrivalMs });
    sinceMs[key] = endMs;
    hadResult[key] = 1;
    sinceResult[key] = 0;
    panes.dropOldest(key, panesInStep);
    settings.left(window.every);
  }

  /** Readings of the key that are in panes. */
  function readingsOf(key: number): number {
    return panes.length(key) * perPane - (inPane[key] === 0 ? 0 : perPane - inPane[key]!);
  }

  function emit(): void {
    const arrivalMs = emitting!.dueMs();
    for (const key of emitting!.take()) {
      if (sinceResult[key] === 0) continue;
      const slot = panes.combine(key);
      const times = { endMs: Number.NaN, sinceMs: sinceMs[key]!, atMs: endOf(key), arrivalMs };
      settings.give({ key, stage: 'early', slot, ...times });
    }
  }

  return {
    fold(rows, keys, columns) {
      const { n, eventMs, arrivalMs } = rows;
      if (slots.length < n) slots = new Int32Array(capacityFor(n));
      let from = 0;
      for (let i = 0; i < n; i++) {
        const key = keys[i]!;
        slots[i] = noSlot;
        if (key < 0) continue;
        if (key >= keyCount) meet(key);
        const now = arrivalMs[i]!;
        if (emitting !== undefined && emitting.dueMs() <= now) {
          foldRange(aggregates, slots, from, i, rows, columns);
          from = i;
          emit();
        }
        slots[i] = place(key, eventMs[i]!, now);
        emitting?.heard(key, now);
        if (!isFull(key)) continue;
        foldRange(aggregates, slots, from, i + 1, rows, columns);
        from = i + 1;
        close(key, now);
      }
      foldRange(aggregates, slots, from, n, rows, columns);
    },

    listenSince() {},
    pass(nowMs) {
      if (emitting !== undefined && emitting.dueMs() <= nowMs) emit();
    },
    leaveFuture(fromMs, { toMs }) {
      for (let key = 0; key < keyCount; key++) {
        if (!(latestMs[key]! > fromMs)) continue;
        // Its readings stay; the next result has the time of those to come.
        latestMs[key] = toMs;
        sinceMs[key] = toMs;
        hadResult[key] = 0;
      }
    },
    advance() {},
    openFromMs: () => Number.POSITIVE_INFINITY,
    closeAll() {},

    quietUntilMs: () => emitting?.dueMs() ?? Number.POSITIVE_INFINITY,
    openPanes: panes.count,
    held() {
      let open = 0;
      for (let key = 0; key < keyCount; key++) open += readingsOf(key);
      return { open, closed: 0 };
    },
    watermarkMs: () => Number.NEGATIVE_INFINITY,
    lastArrivalMs: (key) => (key < keyCount ? lastArrivalMs[key]! : Number.NEGATIVE_INFINITY),

    visitOpen(key, visit) {
      if (key >= keyCount || panes.length(key) === 0) return;
      const slot = panes.combine(key);
      const readings = readingsOf(key);
      const missing = Math.max(window.size - readings, 0);
      visit({ startMs: sinceMs[key]!, endMs: Number.NaN, readings, missing, slot });
    },

    save: (): SavedCounts => ({
      inPane: inPane.slice(0, keyCount),
      sinceResult: sinceResult.slice(0, keyCount),
      sinceMs: sinceMs.slice(0, keyCount),
      latestMs: latestMs.slice(0, keyCount),
      hadResult: hadResult.slice(0, keyCount),
      lastArrivalMs: lastArrivalMs.slice(0, keyCount),
      panes: panes.save(),
      emitting: emitting?.save(),
    }),

    load(state) {
      const saved = state as SavedCounts;
      if (saved.inPane.length > 0) meet(saved.inPane.length - 1);
      inPane.set(saved.inPane);
      sinceResult.set(saved.sinceResult);
      sinceMs.set(saved.sinceMs);
      latestMs.set(saved.latestMs);
      hadResult.set(saved.hadResult);
      lastArrivalMs.set(saved.lastArrivalMs);
      panes.load(saved.panes);
      if (saved.emitting !== undefined) emitting?.load(saved.emitting);
    },
  };
}

/** A time as points are written, in whole microseconds: the next one. */
function microsecondAfter(ms: number): number {
  return (Math.round(ms * 1000) + 1) / 1000;
}

function foldRange(
  aggregates: readonly Aggregate[],
  slots: Int32Array,
  from: number,
  to: number,
  rows: Rows,
  columns: readonly (readonly Column[])[],
): void {
  if (from === to) return;
  for (let a = 0; a < aggregates.length; a++) aggregates[a]!.fold(slots, from, to, rows, columns[a]!);
}
