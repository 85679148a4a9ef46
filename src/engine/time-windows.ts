/**
 * Tumbling and sliding windows in event time, by key, over panes.
 *
 * A row is folded once, into the pane of its key and time; a window's result combines its panes. A window `[start, end)`
 * closes when its key's watermark (latest event time − lateness) reaches `end`, or when the key has been idle for
 * `idleAfterMs` and arrival time has passed `end + lateness`. A row is late when every window it belongs to has closed.
 *
 * Invariants: watermarks advance row by row, so results do not depend on where batches are cut; a closed window never
 * opens again; a key's watermark never goes back.
 * Not here: the panes themselves, what the aggregates compute and what becomes of a result.
 */

import { type Column, capacityFor, type Rows } from '../expression/rows.ts';
import { type GridPlan, gridOf } from './grid.ts';
import { grown } from './grown.ts';
import { createPanes, noPane, type SavedPanes } from './panes.ts';
import type { WindowSettings, Windows } from './windows.ts';

type Columns = readonly Column[];
export type TimeWindowPlan = GridPlan & { readonly kind: 'time' };

export interface SavedWindows {
  readonly watermarkMs: Float64Array;
  readonly lastArrivalMs: Float64Array;
  readonly nextCloseMs: Float64Array;
  readonly panes: SavedPanes;
}

export function createTimeWindows(settings: WindowSettings<GridPlan>): Windows {
  const { idleDelayMs, idleAfterMs, aggregates } = settings;
  const grid = gridOf(settings.window);
  const panes = createPanes(aggregates);

  // By key.
  let watermarkMs = new Float64Array(0);
  let lastArrivalMs = new Float64Array(0);
  /** End of the earliest window of the key that has rows and is open; Infinity when none is. */
  let nextCloseMs = new Float64Array(0);
  /** The pane of the key's last row, where the next one mostly belongs too; Infinity when that pane is gone. */
  let lastPaneMs = new Float64Array(0);
  let lastPaneEndMs = new Float64Array(0);
  let lastPane = new Int32Array(0);
  let keyCount = 0;

  let slots = new Int32Array(0);
  let listeningSinceMs = Number.NEGATIVE_INFINITY;
  /** A lower bound of the arrival time at which an idle key is due. */
  let idleDueMs = Number.POSITIVE_INFINITY;

  function meet(key: number): void {
    keyCount = key + 1;
    if (key < watermarkMs.length) return;
    const capacity = Math.max(4, watermarkMs.length * 2, keyCount);
    watermarkMs = grown(watermarkMs, capacity, Number.NEGATIVE_INFINITY);
    lastArrivalMs = grown(lastArrivalMs, capacity, Number.POSITIVE_INFINITY);
    nextCloseMs = grown(nextCloseMs, capacity, Number.POSITIVE_INFINITY);
    lastPaneMs = grown(lastPaneMs, capacity, Number.POSITIVE_INFINITY);
    lastPaneEndMs = grown(lastPaneEndMs, capacity, Number.NEGATIVE_INFINITY);
    lastPane = grown(lastPane, capacity, noPane);
  }

  /** The pane of a row; none when all its windows have closed. */
  function slotOf(key: number, t: number): number {
    if (grid.lastEndOf(t) <= watermarkMs[key]!) return noPane;
    const startMs = grid.paneStartOf(t);
    let pane = panes.find(key, startMs);
    if (pane === noPane) {
      nextCloseMs[key] = Math.min(nextCloseMs[key]!, grid.endAfter(t, watermarkMs[key]!));
      idleDueMs = Math.min(idleDueMs, idleFromOf(key));
      pane = panes.open(key, startMs);
    }
    lastPane[key] = pane;
    lastPaneMs[key] = startMs;
    lastPaneEndMs[key] = grid.paneEndOf(startMs);
    return pane;
  }

  function foldRange(from: number, to: number, rows: Rows, columns: readonly Columns[]): void {
    if (from === to) return;
    for (let a = 0; a < aggregates.length; a++) aggregates[a]!.fold(slots, from, to, rows, columns[a]!);
  }

  function closeUntil(key: number, untilMs: number, arrivalMs: number): void {
    while (nextCloseMs[key]! <= untilMs) {
      const endMs = nextCloseMs[key]!;
      const slot = panes.combine(key, grid.startOf(endMs), endMs);
      const sinceMs = grid.sinceOf(endMs);
      settings.give({ key, stage: 'final', slot, endMs, sinceMs, atMs: endMs, arrivalMs });
      watermarkMs[key] = Math.max(watermarkMs[key]!, endMs);
      nextCloseMs[key] = leaveBehind(key, endMs);
    }
  }

  /** Drops the panes whose last window has closed; gives the end of the next window to close. */
  function leaveBehind(key: number, closedMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (let slot = panes.newest(key); slot !== noPane; slot = panes.older(slot)) {
      const startMs = panes.startMs(slot);
      if (grid.lastEndOf(startMs) <= closedMs) {
        panes.dropFrom(key, slot);
        lastPaneMs[key] = Number.POSITIVE_INFINITY;
        break;
      }
      nextMs = Math.min(nextMs, grid.endAfter(startMs, closedMs));
    }
    return nextMs;
  }

  /** Arrival time from which the key is idle, if nothing more comes. */
  function idleFromOf(key: number): number {
    return Math.max(lastArrivalMs[key]!, listeningSinceMs) + idleAfterMs;
  }

  /** Arrival time at which the key is idle and its next window is due. */
  function idleDueOf(key: number): number {
    return Math.max(idleFromOf(key), nextCloseMs[key]! + idleDelayMs);
  }

  return {
    fold(rows, rowKeys, columns, input) {
      const { n, eventMs, arrivalMs } = rows;
      const latenessMs = settings.latenessMs[input]!;
      if (slots.length < n) slots = new Int32Array(capacityFor(n));
      let from = 0;
      for (let i = 0; i < n; i++) {
        const key = rowKeys[i]!;
        slots[i] = noPane;
        if (key < 0) continue;
        if (key >= keyCount) meet(key);
        const now = arrivalMs[i]!;
        // What the passing of time would have closed before this row, whatever batch it came in.
        if (now - lastArrivalMs[key]! >= idleAfterMs && idleDueOf(key) <= now) {
          foldRange(from, i, rows, columns);
          from = i;
          closeUntil(key, now - idleDelayMs, now);
        }
        lastArrivalMs[key] = now;
        const t = eventMs[i]!;
        const slot = t >= lastPaneMs[key]! && t < lastPaneEndMs[key]! ? lastPane[key]! : slotOf(key, t);
        slots[i] = slot;
        if (slot === noPane) {
          settings.late(rows, i, key, watermarkMs[key]!);
          continue;
        }
        const mark = t - latenessMs;
        if (mark <= watermarkMs[key]!) continue;
        watermarkMs[key] = mark;
        if (nextCloseMs[key]! > mark) continue;
        foldRange(from, i + 1, rows, columns);
        from = i + 1;
        closeUntil(key, mark, now);
      }
      foldRange(from, n, rows, columns);
    },

    listenSince(ms) {
      listeningSinceMs = ms;
    },

    pass(nowMs) {
      if (nowMs < idleDueMs) return;
      idleDueMs = Number.POSITIVE_INFINITY;
      for (let key = 0; key < keyCount; key++) {
        if (idleDueOf(key) <= nowMs) closeUntil(key, nowMs - idleDelayMs, nowMs);
        idleDueMs = Math.min(idleDueMs, idleDueOf(key));
      }
    },

    closeAll(arrivalMs) {
      for (let key = 0; key < keyCount; key++) closeUntil(key, Number.MAX_VALUE, arrivalMs);
    },

    quietUntilMs: () => idleDueMs,
    openPanes: panes.count,
    watermarkMs: (key) => (key < keyCount ? watermarkMs[key]! : Number.NEGATIVE_INFINITY),
    lastArrivalMs: (key) => (key < keyCount ? lastArrivalMs[key]! : Number.NEGATIVE_INFINITY),

    visitOpen(key, visit) {
      if (key >= keyCount || nextCloseMs[key] === Number.POSITIVE_INFINITY) return;
      const lastMs =
        panes.newest(key) === noPane ? nextCloseMs[key]! : grid.lastEndOf(panes.startMs(panes.newest(key)));
      for (let endMs = nextCloseMs[key]!; endMs <= lastMs; endMs = grid.nextEndOf(endMs)) {
        const startMs = grid.startOf(endMs);
        visit({ startMs, endMs, slot: panes.combine(key, startMs, endMs) });
      }
    },

    save: (): SavedWindows => ({
      watermarkMs: watermarkMs.slice(0, keyCount),
      lastArrivalMs: lastArrivalMs.slice(0, keyCount),
      nextCloseMs: nextCloseMs.slice(0, keyCount),
      panes: panes.save(),
    }),

    load(state) {
      const saved = state as SavedWindows;
      if (saved.watermarkMs.length > 0) meet(saved.watermarkMs.length - 1);
      watermarkMs.set(saved.watermarkMs);
      lastArrivalMs.set(saved.lastArrivalMs);
      nextCloseMs.set(saved.nextCloseMs);
      panes.load(saved.panes);
      idleDueMs = Number.NEGATIVE_INFINITY;
    },
  };
}
