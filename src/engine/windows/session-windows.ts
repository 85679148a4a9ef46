/**
 * Session windows, by key: `[first reading, last reading + gap)`, at the longest `max` from the first reading.
 *
 * A reading joins a session that it touches, and may join two into one. A session closes when its key's watermark
 * reaches its end, or when the key has been idle for `idleAfterMs` and arrival time has passed the end + lateness. A
 * reading is late when the session that it would begin would be over, `t + gap <= watermark` (as in Spark), or when it
 * belongs to a session that closed because it was as long as it may be.
 *
 * Invariants: watermarks advance row by row, so results do not depend on where batches are cut; which readings a session
 * has does not depend on the order of those that are less late than the lateness; a closed session never opens again;
 * a key has at most `mostPieces` pieces of sessions open, beyond them its earliest session closes.
 * Not here: how open sessions are held, what the aggregates compute and what becomes of a result.
 */

import { type Column, capacityFor, type Rows } from '../../expression/rows.ts';
import type { WindowPlan } from '../../rules/plan.ts';
import { grown } from '../grown.ts';
import { steady } from '../time-of-day.ts';
import { createEmitting, type SavedEmitting } from './emitting.ts';
import { createIdleness } from './idleness.ts';
import { createOpenSessions } from './open-sessions.ts';
import type { SavedPieces } from './session-pieces.ts';
import { noSlot } from './slots.ts';
import { createWatermarks, type SavedWatermarks } from './watermarks.ts';
import type { WindowSettings, Windows } from './windows.ts';

export type SessionWindowPlan = WindowPlan & { readonly kind: 'session' };

export interface SavedSessions {
  readonly watermarks: SavedWatermarks;
  readonly lastArrivalMs: Float64Array;
  readonly cutMs: Float64Array;
  readonly pieces: SavedPieces;
  readonly emitting: SavedEmitting | undefined;
}

export const mostPieces = 10_000;

export function createSessionWindows(settings: WindowSettings<SessionWindowPlan>): Windows {
  const { window, idleDelayMs, idleAfterMs, aggregates, hold, clock = steady } = settings;
  const { gapMs } = window;
  const isGlobal = window.watermark === 'global';
  const watermarks = createWatermarks(window.watermark, settings.latenessMs, hold);
  const idleness = createIdleness(idleAfterMs);
  const open = createOpenSessions(window, aggregates, settings.readingsIn, foldPlaced);
  const emitting = window.emitMs === undefined ? undefined : createEmitting(window.emitMs);

  // By key.
  /** At most the end of the key's earliest session; Infinity without one. */
  let nextCloseMs = new Float64Array(0);
  /** Where the last session was cut that closed because of its length: what is earlier belongs to it. */
  let cutMs = new Float64Array(0);
  let keyCount = 0;

  /** At most the end of any key's earliest session. */
  let passDueMs = Number.POSITIVE_INFINITY;
  /** A lower bound of the arrival time at which an idle key is due. */
  let idleDueMs = Number.POSITIVE_INFINITY;

  // Rows of the call to `fold` that is under way; those from `folded` to `placed` - 1 have a slot and are not folded yet.
  let slots = new Int32Array(0);
  let rows: Rows | undefined;
  let columns: readonly (readonly Column[])[] = [];
  let folded = 0;
  let placed = 0;

  function foldPlaced(): void {
    if (folded < placed) {
      for (let a = 0; a < aggregates.length; a++)
        aggregates[a]!.fold(slots, folded, placed, rows!, columns[a]!);
    }
    folded = placed;
  }

  function meet(key: number): void {
    keyCount = key + 1;
    if (key < nextCloseMs.length) return;
    const capacity = Math.max(4, nextCloseMs.length * 2, keyCount);
    nextCloseMs = grown(nextCloseMs, capacity, Number.POSITIVE_INFINITY);
    cutMs = grown(cutMs, capacity, Number.NEGATIVE_INFINITY);
    for (const part of [watermarks, idleness, open]) part.growKeys(capacity);
  }

  /** The slot of a row; none when it is late. */
  function slotOf(key: number, timeMs: number): number {
    const watermarkMs = watermarks.of(key);
    const leastEndMs = timeMs + gapMs;
    if (leastEndMs <= watermarkMs || timeMs < cutMs[key]!) return noSlot;
    if (leastEndMs < nextCloseMs[key]!) {
      nextCloseMs[key] = leastEndMs;
      idleDueMs = Math.min(idleDueMs, idleness.fromMs(key));
    }
    if (leastEndMs < passDueMs) passDueMs = leastEndMs;
    return open.place(key, timeMs, watermarkMs);
  }

  /** The end of the key's earliest session, known exactly from now on. */
  function nextEndOf(key: number): number {
    nextCloseMs[key] = open.earliestEndMs(key);
    return nextCloseMs[key];
  }

  function closeEarliest(key: number, arrivalMs: number): void {
    foldPlaced();
    const { startMs, endMs, wasCut, slot, readings } = open.takeEarliest(key);
    settings.left(readings);
    settings.give({ key, stage: 'final', slot, endMs, sinceMs: startMs, atMs: endMs, arrivalMs });
    watermarks.raise(key, endMs);
    if (wasCut) cutMs[key] = endMs;
    nextEndOf(key);
    settings.closed?.(key, arrivalMs);
  }

  function closeUntil(key: number, untilMs: number, arrivalMs: number): void {
    while (nextCloseMs[key]! <= untilMs && nextEndOf(key) <= untilMs) closeEarliest(key, arrivalMs);
  }

  /** Arrival time at which the key is idle and its next session is due; Infinity while that waits for something else. */
  function idleDueOf(key: number): number {
    if (hold !== undefined && hold.heldMs(key) < nextCloseMs[key]!) return Number.POSITIVE_INFINITY;
    return Math.max(idleness.fromMs(key), nextCloseMs[key]! + idleDelayMs - clock.offsetMs);
  }

  /** As if the passing of time had closed each session the moment it was due. */
  function closeIdle(key: number, nowMs: number): void {
    while (idleDueOf(key) <= nowMs) {
      nextEndOf(key);
      if (idleDueOf(key) <= nowMs) closeEarliest(key, idleDueOf(key));
    }
  }

  /** Sessions of all keys, in the order of their ends. */
  function closeAllUntil(untilMs: number, arrivalMs: number): void {
    const due: { key: number; endMs: number }[] = [];
    for (let key = 0; key < keyCount; key++) {
      if (nextCloseMs[key]! > untilMs || nextEndOf(key) > untilMs) continue;
      for (const endMs of open.endsUntil(key, untilMs)) due.push({ key, endMs });
    }
    due.sort((a, b) => a.endMs - b.endMs || a.key - b.key);
    // An idle key may have been due before, in another cut of batches.
    for (const { key } of due) closeEarliest(key, Math.min(arrivalMs, idleDueOf(key)));
    passDueMs = Number.POSITIVE_INFINITY;
    for (let key = 0; key < keyCount; key++) passDueMs = Math.min(passDueMs, nextCloseMs[key]!);
  }

  /** What a row that was placed has brought to its end. */
  function closeAfter(key: number, arrivalMs: number): void {
    if (open.countOf(key) > mostPieces) closeEarliest(key, arrivalMs);
    if (isGlobal) {
      if (passDueMs <= watermarks.forAll()) closeAllUntil(watermarks.forAll(), arrivalMs);
    } else if (nextCloseMs[key]! <= watermarks.of(key)) {
      closeUntil(key, watermarks.of(key), arrivalMs);
    }
  }

  /** Of each key only what closes first: judgements of a key go on in time. */
  function emit(): void {
    const arrivalMs = emitting!.dueMs();
    foldPlaced();
    for (const key of emitting!.take()) {
      closeIdle(key, arrivalMs);
      const earliest = open.earliest(key);
      if (earliest === undefined) continue;
      const { startMs, lastMs, slot } = earliest;
      const endMs = Number.NaN;
      settings.give({ key, stage: 'early', slot, endMs, sinceMs: startMs, atMs: lastMs, arrivalMs });
    }
  }

  /** What the passing of time would have done before a row of the key, whatever batch it came in. */
  function passBefore(key: number, nowMs: number): void {
    if (emitting !== undefined && emitting.dueMs() <= nowMs) emit();
    if (nowMs - idleness.lastArrivalMs(key) >= idleAfterMs) closeIdle(key, nowMs);
    idleness.heard(key, nowMs);
  }

  return {
    fold(given, keys, argumentColumns, input) {
      rows = given;
      columns = argumentColumns;
      const { n, eventMs, arrivalMs } = given;
      if (slots.length < n) slots = new Int32Array(capacityFor(n));
      folded = 0;
      for (let i = 0; i < n; i++) {
        const key = keys[i]!;
        placed = i;
        slots[i] = noSlot;
        if (key < 0) continue;
        if (key >= keyCount) meet(key);
        const now = arrivalMs[i]!;
        passBefore(key, now);
        const slot = slotOf(key, eventMs[i]!);
        slots[i] = slot;
        placed = i + 1;
        if (slot === noSlot) settings.late(given, i, key, watermarks.of(key));
        else emitting?.heard(key, now);
        watermarks.advance(key, eventMs[i]!, input);
        closeAfter(key, now);
      }
      placed = n;
      foldPlaced();
    },

    listenSince: idleness.listenSince,

    pass(nowMs) {
      if (emitting !== undefined && emitting.dueMs() <= nowMs) emit();
      if (nowMs < idleDueMs) return;
      idleDueMs = Number.POSITIVE_INFINITY;
      for (let key = 0; key < keyCount; key++) {
        closeIdle(key, nowMs);
        idleDueMs = Math.min(idleDueMs, idleDueOf(key));
      }
    },

    leaveFuture(fromMs, { toMs, arrivalMs }) {
      idleDueMs = Number.NEGATIVE_INFINITY;
      const leastMs = Math.min(...settings.latenessMs);
      watermarks.setInputsBack(fromMs, toMs);
      for (let key = 0; key < keyCount; key++) {
        const isAhead = watermarks.of(key) + leastMs > fromMs || open.latestMs(key) > fromMs;
        if (!isAhead) continue;
        while (nextEndOf(key) < Number.POSITIVE_INFINITY) closeEarliest(key, arrivalMs);
        watermarks.setBack(key, toMs - Math.max(...settings.latenessMs));
        cutMs[key] = Number.NEGATIVE_INFINITY;
      }
    },

    advance(key, markMs, arrivalMs) {
      if (key >= keyCount) return;
      idleDueMs = Math.min(idleDueMs, idleness.fromMs(key));
      watermarks.raise(key, markMs);
      closeAfter(key, arrivalMs);
    },

    openFromMs: (key) => (key < keyCount ? nextCloseMs[key]! : Number.POSITIVE_INFINITY),

    closeAll(arrivalMs) {
      if (isGlobal) closeAllUntil(Number.MAX_VALUE, arrivalMs);
      for (let key = 0; key < keyCount; key++) {
        while (nextEndOf(key) < Number.POSITIVE_INFINITY) closeEarliest(key, arrivalMs);
      }
    },

    quietUntilMs: () => Math.min(idleDueMs, emitting?.dueMs() ?? Number.POSITIVE_INFINITY),
    openPanes: open.count,
    held: () => ({ open: open.readings(keyCount), closed: 0 }),
    watermarkMs: (key) => (key < keyCount ? watermarks.of(key) : Number.NEGATIVE_INFINITY),
    lastArrivalMs: (key) => (key < keyCount ? idleness.lastArrivalMs(key) : Number.NEGATIVE_INFINITY),

    visitOpen(key, visit) {
      if (key < keyCount) open.visit(key, visit);
    },

    save: (): SavedSessions => ({
      watermarks: watermarks.save(keyCount),
      lastArrivalMs: idleness.save(keyCount),
      cutMs: cutMs.slice(0, keyCount),
      pieces: open.save(),
      emitting: emitting?.save(),
    }),

    load(state) {
      const saved = state as SavedSessions;
      if (saved.cutMs.length > 0) meet(saved.cutMs.length - 1);
      watermarks.load(saved.watermarks);
      idleness.load(saved.lastArrivalMs);
      cutMs.set(saved.cutMs);
      open.load(saved.pieces);
      if (saved.emitting !== undefined) emitting?.load(saved.emitting);
      for (let key = 0; key < keyCount; key++) passDueMs = Math.min(passDueMs, nextEndOf(key));
      idleDueMs = Number.NEGATIVE_INFINITY;
    },
  };
}
