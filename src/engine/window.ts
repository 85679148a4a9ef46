/**
 * Tumbling and sliding windows in event time, by key, over panes.
 *
 * A row is folded once, into the pane of its key and time; a window's result combines its panes. A window `[start, end)`
 * closes when its key's watermark (latest event time − lateness) reaches `end`, or when the key has been idle for
 * `idleAfterMs` and arrival time has passed `end + lateness`. A row is late when every window it belongs to has closed.
 *
 * Invariants: watermarks advance row by row, so results do not depend on where batches are cut; a closed window never
 * opens again; a key's watermark never goes back.
 * Not here: what the aggregates compute and what becomes of a result.
 */

import { type Column, capacityFor, type Rows } from '../expression/rows.ts';
import type { WindowPlan } from '../rules/plan.ts';
import type { Aggregate } from './aggregates/aggregate.ts';

export interface WindowSettings {
  readonly window: WindowPlan;
  readonly latenessMs: number;
  readonly idleAfterMs: number;
  readonly aggregates: readonly Aggregate[];
  /** A window of `key` has closed; its result is in `slot` of every aggregate until this returns. */
  readonly closed: (key: number, endMs: number, slot: number, arrivalMs: number) => void;
  /** Row `i` came after its windows had closed. */
  readonly late: (rows: Rows, i: number, key: number, watermarkMs: number) => void;
}

export interface Windows {
  /** Rows in arrival order; `keys[i]` is negative for rows that do not count; one column for each aggregate. */
  fold(rows: Rows, keys: Int32Array, columns: readonly Column[]): void;
  /** Lets arrival time pass to `nowMs`: closes the windows of idle keys. Time before `listeningSinceMs` is not idle time. */
  pass(nowMs: number, listeningSinceMs: number): void;
  /** Closes everything, as at the end of recorded input. */
  closeAll(arrivalMs: number): void;
  /** No window closes by `pass` before this arrival time. */
  readonly quietUntilMs: number;
  readonly openPanes: number;
  save(): SavedWindows;
  load(saved: SavedWindows): void;
}

export interface SavedWindows {
  readonly keys: {
    readonly watermarkMs: Float64Array;
    readonly lastArrivalMs: Float64Array;
    readonly nextCloseMs: Float64Array;
  };
  readonly panes: { readonly key: Int32Array; readonly startMs: Float64Array };
  readonly aggregates: readonly unknown[];
}

const none = -1;

export function createWindows(settings: WindowSettings): Windows {
  const { latenessMs, idleAfterMs, aggregates } = settings;
  const { lengthMs, everyMs, offsetMs } = settings.window;
  const paneMs = greatestCommonDivisor(lengthMs, everyMs);

  // By key.
  let watermarkMs = new Float64Array(0);
  let lastArrivalMs = new Float64Array(0);
  /** End of the earliest window of the key that has rows and is open; Infinity when none is. */
  let nextCloseMs = new Float64Array(0);
  /** Newest pane of the key. */
  let newest = new Int32Array(0);
  let keys = 0;

  // By slot. The slot before the panes is where a sliding window's panes are combined.
  const combined = 0;
  let paneKey = new Int32Array(0);
  let paneStartMs = new Float64Array(0);
  /** The next older pane of the same key. */
  let older = new Int32Array(0);
  let usedSlots = 1;
  const freeSlots: number[] = [];

  let slots = new Int32Array(0);
  let listeningSince = Number.NEGATIVE_INFINITY;
  /** A lower bound of the arrival time at which an idle key is due. */
  let idleDueMs = Number.POSITIVE_INFINITY;

  const lastEndOf = (t: number): number =>
    Math.floor((t - offsetMs) / everyMs) * everyMs + offsetMs + lengthMs;
  const firstEndOf = (t: number): number =>
    (Math.floor((t - lengthMs - offsetMs) / everyMs) + 1) * everyMs + offsetMs + lengthMs;
  const paneStartOf = (t: number): number => Math.floor((t - offsetMs) / paneMs) * paneMs + offsetMs;

  growSlots(4);

  function growKeys(atLeast: number): void {
    const capacity = Math.max(4, watermarkMs.length * 2, atLeast);
    watermarkMs = grown(watermarkMs, capacity, Number.NEGATIVE_INFINITY);
    lastArrivalMs = grown(lastArrivalMs, capacity, Number.POSITIVE_INFINITY);
    nextCloseMs = grown(nextCloseMs, capacity, Number.POSITIVE_INFINITY);
    newest = grown(newest, capacity, none);
  }

  function growSlots(capacity: number): void {
    paneKey = grown(paneKey, capacity, none);
    paneStartMs = grown(paneStartMs, capacity, 0);
    older = grown(older, capacity, none);
    for (const aggregate of aggregates) aggregate.grow(capacity);
  }

  function newPane(key: number, startMs: number): number {
    const slot = freeSlots.pop() ?? usedSlots++;
    if (slot >= paneKey.length) growSlots(paneKey.length * 2);
    for (const aggregate of aggregates) aggregate.reset(slot);
    paneKey[slot] = key;
    paneStartMs[slot] = startMs;
    link(key, slot);
    return slot;
  }

  /** Keeps a key's panes in order, newest first. */
  function link(key: number, slot: number): void {
    let after = none;
    let next = newest[key]!;
    while (next !== none && paneStartMs[next]! > paneStartMs[slot]!) {
      after = next;
      next = older[next]!;
    }
    older[slot] = next;
    if (after === none) newest[key] = slot;
    else older[after] = slot;
  }

  /** The pane of an event time that is not late. */
  function paneOf(key: number, t: number): number {
    const startMs = paneStartOf(t);
    let slot = newest[key]!;
    while (slot !== none && paneStartMs[slot]! > startMs) slot = older[slot]!;
    if (slot !== none && paneStartMs[slot] === startMs) return slot;
    const firstOpenMs = endAfter(t, watermarkMs[key]!);
    if (firstOpenMs < nextCloseMs[key]!) nextCloseMs[key] = firstOpenMs;
    const dueMs = Math.max(lastArrivalMs[key]!, listeningSince) + idleAfterMs;
    if (dueMs < idleDueMs) idleDueMs = dueMs;
    return newPane(key, startMs);
  }

  /** End of the first window holding `t` that ends after `closedMs`. */
  function endAfter(t: number, closedMs: number): number {
    const first = firstEndOf(t);
    return first > closedMs ? first : first + (Math.floor((closedMs - first) / everyMs) + 1) * everyMs;
  }

  function foldRange(from: number, to: number, rows: Rows, columns: readonly Column[]): void {
    if (from === to) return;
    for (let a = 0; a < aggregates.length; a++) aggregates[a]!.fold(slots, from, to, rows, columns[a]!);
  }

  function closeUntil(key: number, untilMs: number, arrivalMs: number): void {
    while (nextCloseMs[key]! <= untilMs) {
      const endMs = nextCloseMs[key]!;
      const slot = combine(key, endMs);
      settings.closed(key, endMs, slot, arrivalMs);
      dropPanes(key, endMs);
      if (endMs > watermarkMs[key]!) watermarkMs[key] = endMs;
      nextCloseMs[key] = earliestEndAfter(key, endMs);
    }
  }

  /** The slot with the window's result. */
  function combine(key: number, endMs: number): number {
    const startMs = endMs - lengthMs;
    const panes: number[] = [];
    for (let slot = newest[key]!; slot !== none && paneStartMs[slot]! >= startMs; slot = older[slot]!) {
      if (paneStartMs[slot]! < endMs) panes.push(slot);
    }
    if (panes.length === 1) return panes[0]!;
    for (const aggregate of aggregates) {
      aggregate.reset(combined);
      for (let p = panes.length - 1; p >= 0; p--) aggregate.merge(combined, panes[p]!);
    }
    return combined;
  }

  /** Frees the panes whose last window has closed: they are the oldest. */
  function dropPanes(key: number, closedMs: number): void {
    let keep = none;
    let slot = newest[key]!;
    while (slot !== none && lastEndOf(paneStartMs[slot]!) > closedMs) {
      keep = slot;
      slot = older[slot]!;
    }
    if (keep === none) newest[key] = none;
    else older[keep] = none;
    for (; slot !== none; slot = older[slot]!) freeSlots.push(slot);
  }

  function earliestEndAfter(key: number, closedMs: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let slot = newest[key]!; slot !== none; slot = older[slot]!) {
      earliest = Math.min(earliest, endAfter(paneStartMs[slot]!, closedMs));
    }
    return earliest;
  }

  /** Arrival time at which the key is idle and its next window is due. */
  function idleDueOf(key: number): number {
    const idleFrom = Math.max(lastArrivalMs[key]!, listeningSince) + idleAfterMs;
    return Math.max(idleFrom, nextCloseMs[key]! + latenessMs);
  }

  return {
    fold(rows, rowKeys, columns) {
      const { n, eventMs, arrivalMs } = rows;
      if (slots.length < n) slots = new Int32Array(capacityFor(n));
      let from = 0;
      for (let i = 0; i < n; i++) {
        const key = rowKeys[i]!;
        if (key < 0) {
          slots[i] = none;
          continue;
        }
        if (key >= keys) {
          if (key >= watermarkMs.length) growKeys(key + 1);
          keys = key + 1;
        }
        const now = arrivalMs[i]!;
        // What the passing of time would have closed before this row, whatever batch it came in.
        if (now - lastArrivalMs[key]! >= idleAfterMs && idleDueOf(key) <= now) {
          foldRange(from, i, rows, columns);
          from = i;
          closeUntil(key, now - latenessMs, now);
        }
        lastArrivalMs[key] = now;
        const t = eventMs[i]!;
        const pane = newest[key]!;
        if (pane !== none && t >= paneStartMs[pane]! && t < paneStartMs[pane]! + paneMs) {
          slots[i] = pane;
        } else if (lastEndOf(t) <= watermarkMs[key]!) {
          slots[i] = none;
          settings.late(rows, i, key, watermarkMs[key]!);
          continue;
        } else {
          slots[i] = paneOf(key, t);
        }
        const mark = t - latenessMs;
        if (mark > watermarkMs[key]!) {
          watermarkMs[key] = mark;
          if (nextCloseMs[key]! <= mark) {
            foldRange(from, i + 1, rows, columns);
            from = i + 1;
            closeUntil(key, mark, now);
          }
        }
      }
      foldRange(from, n, rows, columns);
    },

    pass(nowMs, listeningSinceMs) {
      listeningSince = listeningSinceMs;
      if (nowMs < idleDueMs) return;
      idleDueMs = Number.POSITIVE_INFINITY;
      for (let key = 0; key < keys; key++) {
        if (idleDueOf(key) <= nowMs) closeUntil(key, nowMs - latenessMs, nowMs);
        idleDueMs = Math.min(idleDueMs, idleDueOf(key));
      }
    },

    closeAll(arrivalMs) {
      for (let key = 0; key < keys; key++) closeUntil(key, Number.MAX_VALUE, arrivalMs);
    },

    get quietUntilMs() {
      return idleDueMs;
    },
    get openPanes() {
      return usedSlots - 1 - freeSlots.length;
    },

    save() {
      const free = new Set(freeSlots);
      const live = Int32Array.from({ length: usedSlots - 1 }, (_, i) => i + 1).filter(
        (slot) => !free.has(slot),
      );
      return {
        keys: {
          watermarkMs: watermarkMs.slice(0, keys),
          lastArrivalMs: lastArrivalMs.slice(0, keys),
          nextCloseMs: nextCloseMs.slice(0, keys),
        },
        panes: {
          key: live.map((slot) => paneKey[slot]!),
          startMs: Float64Array.from(live, (slot) => paneStartMs[slot]!),
        },
        aggregates: aggregates.map((aggregate) => aggregate.save(live)),
      };
    },

    load(saved) {
      keys = saved.keys.watermarkMs.length;
      growKeys(keys);
      watermarkMs.set(saved.keys.watermarkMs);
      lastArrivalMs.set(saved.keys.lastArrivalMs);
      nextCloseMs.set(saved.keys.nextCloseMs);
      const live = Int32Array.from(saved.panes.key, (key, i) => newPane(key, saved.panes.startMs[i]!));
      for (const [a, aggregate] of aggregates.entries()) aggregate.load(saved.aggregates[a], live);
      idleDueMs = Number.NEGATIVE_INFINITY;
    },
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function grown<A extends Float64Array | Int32Array>(array: A, capacity: number, fill: number): A {
  const Type = array.constructor as new (length: number) => A;
  const larger = new Type(capacity);
  larger.set(array);
  larger.fill(fill, array.length);
  return larger;
}
