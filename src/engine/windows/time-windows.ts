/**
 * Windows in event time, by key: tumbling, sliding, and all others whose ends are known beforehand.
 *
 * A row is folded once, into the pane of its key and time. A window `[start, end)` closes when its key's watermark (latest
 * event time − lateness) reaches `end`, or when the key has been idle for `idleAfterMs` and arrival time has passed
 * `end + lateness`. With one watermark for all keys, it closes windows in order of end, then key. A row is late when
 * every window it belongs to has closed and `keepMs` more have passed; until then it changes results that were given,
 * which are given again.
 *
 * Invariants: watermarks advance row by row, so results do not depend on where batches are cut; a closed window never
 * opens again; a key's watermark never goes back.
 * Not here: where windows begin and end (grid.ts), their panes (window-panes.ts) and what becomes of a result.
 */

import type { Column, Rows } from '../../expression/rows.ts';
import { grownTogether } from '../grown.ts';
import { borrowRowNumbers, giveBackRowNumbers } from '../row-numbers.ts';
import { type ClockStep, steady } from '../time-of-day.ts';
import { createEarlyNews, type SavedEarlyNews } from './early-news.ts';
import { type GridPlan, gridOf } from './grid.ts';
import { noPane } from './panes.ts';
import { createWatermarks, type SavedWatermarks } from './watermarks.ts';
import { createWindowPanes, type SavedWindowPanes } from './window-panes.ts';
import type { ResultStage, WindowSettings, Windows } from './windows.ts';

type Columns = readonly Column[];
export type TimeWindowPlan = GridPlan & { readonly kind: 'time' };

export interface SavedWindows {
  readonly watermarkMs: Float64Array;
  readonly lastArrivalMs: Float64Array;
  readonly nextCloseMs: Float64Array;
  readonly panes: SavedWindowPanes;
  readonly forAll: SavedWatermarks | undefined;
  readonly news: SavedEarlyNews | undefined;
}

/** Of a key: an input that stands still while the key goes on holds one watermark for all, and no pane could go. */
export const mostPanes = 10_000;

const noSlots = new Int32Array(0);

export function createTimeWindows(settings: WindowSettings<GridPlan>): Windows {
  const { idleDelayMs, idleAfterMs, aggregates, hold, clock = steady } = settings;
  const { emitMs, keepMs = 0, watermark } = settings.window;
  const grid = gridOf(settings.window);
  const panes = createWindowPanes({
    ...{ grid, aggregates, keepMs, isCounting: watermark === 'global' },
    left: settings.left,
    beforeDrop: (key) => giveRevised(key, Number.MAX_VALUE, lastArrivalMs[key]!),
  });
  const forAll = watermark === 'global' ? createWatermarks('global', settings.latenessMs) : undefined;
  const news = emitMs === undefined ? undefined : createEarlyNews(emitMs);

  // By key.
  /** Windows that end up to here have closed. With a watermark for all that one counts too, where it is further. */
  let watermarkMs = new Float64Array(0);
  let lastArrivalMs = new Float64Array(0);
  /** End of the earliest window of the key that has rows and is open; Infinity when none is. */
  let nextCloseMs = new Float64Array(0);
  /** The pane of the key's last row, where the next one mostly belongs too; Infinity when it must be looked up. */
  let lastPaneMs = new Float64Array(0);
  let lastPaneEndMs = new Float64Array(0);
  let lastPane = new Int32Array(0);
  let keyCount = 0;

  /** Of the rows that are folded; lent for so long. */
  let slots: Int32Array = noSlots;
  let listeningSinceMs = Number.NEGATIVE_INFINITY;
  /** A lower bound of the arrival time at which an idle key is due. */
  let idleDueMs = Number.POSITIVE_INFINITY;
  /** A lower bound of `nextCloseMs` of all keys. */
  let earliestCloseMs = Number.POSITIVE_INFINITY;

  function meet(key: number): void {
    keyCount = key + 1;
    if (key < watermarkMs.length) return;
    const capacity = Math.max(4, watermarkMs.length * 2, keyCount);
    [watermarkMs, lastArrivalMs, nextCloseMs, lastPaneMs, lastPaneEndMs, lastPane] = grownTogether(capacity, [
      [watermarkMs, Number.NEGATIVE_INFINITY],
      [lastArrivalMs, Number.POSITIVE_INFINITY],
      [nextCloseMs, Number.POSITIVE_INFINITY],
      [lastPaneMs, Number.POSITIVE_INFINITY],
      [lastPaneEndMs, Number.NEGATIVE_INFINITY],
      [lastPane, noPane],
    ]);
    news?.growKeys(capacity);
  }

  /** Windows of the key that end up to here have closed. */
  function closedOf(key: number): number {
    return forAll === undefined ? watermarkMs[key]! : Math.max(watermarkMs[key]!, forAll.forAll());
  }

  /** The pane of a row; none when it is late. */
  function slotOf(key: number, t: number): number {
    const closedMs = closedOf(key);
    const lastEndMs = grid.lastEndOf(t);
    if (lastEndMs + keepMs <= closedMs) return noPane;
    const startMs = grid.paneStartOf(t);
    const pane = panes.at(key, startMs);
    if (lastEndMs > closedMs) {
      nextCloseMs[key] = Math.min(nextCloseMs[key]!, grid.endAfter(t, closedMs));
      earliestCloseMs = Math.min(earliestCloseMs, nextCloseMs[key]!);
      idleDueMs = Math.min(idleDueMs, idleFromOf(key));
    }
    // The next row that changes a closed window has to mark it too.
    if (keepMs > 0 && panes.revise(key, t, closedMs)) return pane;
    lastPane[key] = pane;
    lastPaneMs[key] = startMs;
    lastPaneEndMs[key] = grid.paneEndOf(startMs);
    return pane;
  }

  function foldRange(from: number, to: number, rows: Rows, columns: readonly Columns[]): void {
    if (from === to) return;
    panes.hold(slots, from, to);
    for (let a = 0; a < aggregates.length; a++) aggregates[a]!.fold(slots, from, to, rows, columns[a]!);
  }

  function give(
    stage: ResultStage,
    key: number,
    slot: number,
    endMs: number,
    atMs: number,
    arrivalMs: number,
  ): void {
    settings.give({ key, stage, slot, endMs, sinceMs: grid.sinceOf(endMs), atMs, arrivalMs });
    // Rows that follow may change what was joined for this.
    lastPaneMs[key] = Number.POSITIVE_INFINITY;
  }

  function closeNext(key: number, arrivalMs: number): void {
    const endMs = nextCloseMs[key]!;
    give('final', key, panes.join(key, endMs), endMs, endMs, arrivalMs);
    watermarkMs[key] = Math.max(watermarkMs[key]!, endMs);
    nextCloseMs[key] = panes.leave(key, endMs);
    settings.closed?.(key, arrivalMs);
  }

  function closeUntil(key: number, untilMs: number, arrivalMs: number): void {
    while (nextCloseMs[key]! <= untilMs) closeNext(key, arrivalMs);
  }

  /** Closes windows of all keys in order of end, then key. */
  function closeAllUntil(untilMs: number, arrivalMs: number): void {
    while (earliestCloseMs <= untilMs) {
      const endMs = earliestCloseMs;
      earliestCloseMs = Number.POSITIVE_INFINITY;
      for (let key = 0; key < keyCount; key++) {
        closeUntil(key, endMs, arrivalMs);
        earliestCloseMs = Math.min(earliestCloseMs, nextCloseMs[key]!);
      }
    }
  }

  /** Gives the key's changed windows that end by then again; they are not judged. */
  function giveRevised(key: number, untilMs: number, arrivalMs: number): void {
    panes.takeRevised(key, untilMs, ({ endMs, slot }) =>
      give('revised', key, slot, endMs, Number.NaN, arrivalMs),
    );
  }

  /** Gives the early results that are due; of each key only that of the window to close first is judged. */
  function emit(): void {
    const nowMs = news!.dueMs();
    for (const key of news!.take()) {
      if (idleDueOf(key) <= nowMs) closeIdle(key, nowMs);
      const firstMs = nextCloseMs[key]!;
      panes.visit(key, firstMs, ({ endMs, slot }) => {
        const latest = Math.max(grid.sinceOf(endMs), Math.min(endMs, news!.latestMs(key)));
        give('early', key, slot, endMs, endMs === firstMs ? latest : Number.NaN, nowMs);
      });
    }
  }

  /** Arrival time from which the key is idle, if nothing more comes. */
  function idleFromOf(key: number): number {
    return Math.max(lastArrivalMs[key]!, listeningSinceMs) + idleAfterMs;
  }

  /** Each at the moment it was due, whatever batch that is noticed in. */
  function closeIdle(key: number, nowMs: number): void {
    while (idleDueOf(key) <= nowMs) closeNext(key, idleDueOf(key));
  }

  /** Arrival time at which the key is idle and its next window is due; Infinity while that waits for something else. */
  function idleDueOf(key: number): number {
    if (hold !== undefined && hold.heldMs(key) < nextCloseMs[key]!) return Number.POSITIVE_INFINITY;
    return Math.max(idleFromOf(key), nextCloseMs[key]! + idleDelayMs - clock.offsetMs);
  }

  function leaveFutureOf(key: number, { toMs, byMs, arrivalMs }: ClockStep): void {
    giveRevised(key, Number.MAX_VALUE, arrivalMs);
    panes.visit(key, nextCloseMs[key]!, ({ startMs, endMs, slot }) => {
      if (startMs > toMs) give('final', key, slot, endMs, endMs, arrivalMs);
    });
    panes.dropFrom(key, toMs);
    // One that closed by a clock wrong by less than it is long has most of what belongs in it: it is not begun anew.
    const endMs = grid.lastEndOf(toMs);
    const staysClosed = byMs < 0 && endMs - grid.startOf(endMs) > -byMs;
    const keptMs = staysClosed ? Math.min(closedOf(key), endMs) : Number.NEGATIVE_INFINITY;
    const backMs = Math.max(toMs - Math.max(...settings.latenessMs), keptMs);
    watermarkMs[key] = backMs;
    nextCloseMs[key] = panes.firstEndAfter(key, backMs);
    lastPaneMs[key] = Number.POSITIVE_INFINITY;
    news?.setBack(key, toMs);
    settings.closed?.(key, arrivalMs);
  }

  function foldRows(
    rows: Rows,
    rowKeys: Int32Array,
    columns: readonly Columns[],
    input: number,
    start: number,
    end: number,
  ): void {
    const { eventMs, arrivalMs } = rows;
    const latenessMs = settings.latenessMs[input]!;
    const revises = keepMs > 0;
    // One test a row for most rules.
    const goesByKeyAlone = forAll === undefined && hold === undefined;
    let from = start;
    for (let i = start; i < end; i++) {
      const key = rowKeys[i]!;
      slots[i] = noPane;
      if (key < 0) continue;
      if (key >= keyCount) meet(key);
      const now = arrivalMs[i]!;
      // What the passing of time would have closed before this row, whatever batch it came in.
      if (now - lastArrivalMs[key]! >= idleAfterMs && idleDueOf(key) <= now) {
        foldRange(from, i, rows, columns);
        from = i;
        closeIdle(key, now);
      }
      // A window that may not change any more shares panes with others that this row may change.
      if (revises && panes.revisedFromMs(key) + keepMs <= closedOf(key)) {
        foldRange(from, i, rows, columns);
        from = i;
        giveRevised(key, closedOf(key) - keepMs, now);
      }
      lastArrivalMs[key] = now;
      const t = eventMs[i]!;
      const slot = t >= lastPaneMs[key]! && t < lastPaneEndMs[key]! ? lastPane[key]! : slotOf(key, t);
      slots[i] = slot;
      if (slot === noPane) {
        settings.late(rows, i, key, closedOf(key));
        continue;
      }
      if (!goesByKeyAlone && forAll !== undefined) {
        forAll.advance(key, t, input);
        const isFull = panes.countOf(key) > mostPanes;
        if (earliestCloseMs > forAll.forAll() && !isFull) continue;
        foldRange(from, i + 1, rows, columns);
        from = i + 1;
        if (isFull && nextCloseMs[key]! < Number.POSITIVE_INFINITY) closeNext(key, now);
        closeAllUntil(forAll.forAll(), now);
        continue;
      }
      const mark = goesByKeyAlone ? t - latenessMs : hold!.raise(key, t - latenessMs);
      if (mark <= watermarkMs[key]!) continue;
      watermarkMs[key] = mark;
      if (nextCloseMs[key]! > mark) continue;
      foldRange(from, i + 1, rows, columns);
      from = i + 1;
      closeUntil(key, mark, now);
    }
    foldRange(from, end, rows, columns);
  }

  /** With early results: in runs of rows between which none is due. */
  function foldRuns(rows: Rows, rowKeys: Int32Array, columns: readonly Columns[], input: number): void {
    if (news === undefined) {
      foldRows(rows, rowKeys, columns, input, 0, rows.n);
      return;
    }
    for (let from = 0; from < rows.n; ) {
      if (news.dueMs() <= rows.arrivalMs[from]!) emit();
      const to = news.endOfRun(rows, from);
      foldRows(rows, rowKeys, columns, input, from, to);
      news.note(rows, rowKeys, slots, from, to);
      from = to;
    }
  }

  return {
    fold(rows, rowKeys, columns, input) {
      slots = borrowRowNumbers(rows.n);
      foldRuns(rows, rowKeys, columns, input);
      giveBackRowNumbers(slots);
      slots = noSlots;
    },

    listenSince(ms) {
      listeningSinceMs = ms;
    },

    pass(nowMs) {
      for (const key of panes.revised()) giveRevised(key, Number.MAX_VALUE, nowMs);
      if (news !== undefined && news.dueMs() <= nowMs) emit();
      if (nowMs < idleDueMs) return;
      idleDueMs = Number.POSITIVE_INFINITY;
      for (let key = 0; key < keyCount; key++) {
        if (idleDueOf(key) <= nowMs) closeIdle(key, nowMs);
        idleDueMs = Math.min(idleDueMs, idleDueOf(key));
      }
    },

    leaveFuture(fromMs, step) {
      idleDueMs = Number.NEGATIVE_INFINITY;
      earliestCloseMs = Number.NEGATIVE_INFINITY;
      const leastMs = Math.min(...settings.latenessMs);
      for (let key = 0; key < keyCount; key++) {
        const isAhead = closedOf(key) + leastMs > fromMs || panes.latestMs(key) > fromMs;
        if (isAhead) leaveFutureOf(key, step);
      }
      forAll?.setInputsBack(fromMs, step.toMs);
    },

    advance(key, markMs, arrivalMs) {
      if (key >= keyCount) return;
      idleDueMs = Math.min(idleDueMs, idleFromOf(key));
      if (markMs <= watermarkMs[key]!) return;
      watermarkMs[key] = markMs;
      closeUntil(key, markMs, arrivalMs);
    },

    openFromMs: (key) => (key < keyCount ? nextCloseMs[key]! : Number.POSITIVE_INFINITY),

    closeAll(arrivalMs) {
      for (const key of panes.revised()) giveRevised(key, Number.MAX_VALUE, arrivalMs);
      if (forAll !== undefined) closeAllUntil(Number.MAX_VALUE, arrivalMs);
      else for (let key = 0; key < keyCount; key++) closeUntil(key, Number.MAX_VALUE, arrivalMs);
    },

    quietUntilMs: () => Math.min(idleDueMs, news?.dueMs() ?? Number.POSITIVE_INFINITY),
    openPanes: panes.count,
    held: () => panes.held(keyCount, closedOf),
    watermarkMs: (key) => (key < keyCount ? closedOf(key) : Number.NEGATIVE_INFINITY),
    lastArrivalMs: (key) => (key < keyCount ? lastArrivalMs[key]! : Number.NEGATIVE_INFINITY),

    visitOpen(key, visit) {
      if (key >= keyCount) return;
      lastPaneMs[key] = Number.POSITIVE_INFINITY;
      panes.visit(key, nextCloseMs[key]!, visit);
    },

    save: (): SavedWindows => ({
      watermarkMs: watermarkMs.slice(0, keyCount),
      lastArrivalMs: lastArrivalMs.slice(0, keyCount),
      nextCloseMs: nextCloseMs.slice(0, keyCount),
      panes: panes.save(),
      forAll: forAll?.save(0),
      news: news?.save(),
    }),

    load(state) {
      const saved = state as SavedWindows;
      if (saved.watermarkMs.length > 0) meet(saved.watermarkMs.length - 1);
      watermarkMs.set(saved.watermarkMs);
      lastArrivalMs.set(saved.lastArrivalMs);
      nextCloseMs.set(saved.nextCloseMs);
      panes.load(saved.panes);
      if (saved.forAll) forAll?.load(saved.forAll);
      if (saved.news) news?.load(saved.news);
      idleDueMs = Number.NEGATIVE_INFINITY;
      earliestCloseMs = Number.NEGATIVE_INFINITY;
    },
  };
}
