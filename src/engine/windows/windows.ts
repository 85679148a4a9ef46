/**
 * What windows of every kind are to a rule: rows in, results out.
 *
 * Invariant: results do not depend on where batches are cut; what a kind remembers is in `save()`.
 * Not here: the kinds (one file each), and what becomes of a result.
 */

import type { Column, Rows } from '../../expression/rows.ts';
import type { WindowPlan } from '../../rules/plan.ts';
import type { Aggregate } from '../aggregates/aggregate.ts';
import type { ClockStep, TimeOfDay } from '../time-of-day.ts';

/**
 * `final`: the window has closed. `early`: it is still open (`emit`); `revised`: a late reading changed what was
 * final (`late: revise`). Only final results are remembered by `lag` and read by
 * other rules; revised ones are not judged.
 */
export type ResultStage = 'final' | 'early' | 'revised';

/** One result of a window; the aggregates hold it in `slot` until `give` returns. */
export interface WindowResult {
  readonly key: number;
  readonly stage: ResultStage;
  readonly slot: number;
  /** Time of the point: the window's end. NaN for early results whose end is not known yet: they make no point. */
  readonly endMs: number;
  /** Since when the result speaks, for `for`: the start of the window, of sliding ones of their last step. */
  readonly sinceMs: number;
  /**
   * The event time of the judgement: the end, for early results the latest reading in it. NaN: it is not judged, for it
   * corrects the past, or is of a window behind one that is open too.
   */
  readonly atMs: number;
  readonly arrivalMs: number;
}

/** Of a rule that reads rules: how far its keys may go on. */
export interface Hold {
  /** The key has come to this watermark, were there nothing to wait for; gives the one it may have. */
  raise(key: number, markMs: number): number;
  /** No result to come belongs to windows that end by then. */
  heldMs(key: number): number;
}

export interface WindowSettings<Plan extends WindowPlan = WindowPlan> {
  readonly window: Plan;
  /** By input of the rule: how far its watermark stays behind its latest event time. */
  readonly latenessMs: readonly number[];
  /** An idle key's window closes when arrival time has passed its end by so much. */
  readonly idleDelayMs: number;
  readonly idleAfterMs: number;
  readonly aggregates: readonly Aggregate[];
  /** Of sessions: how many readings a slot holds, the result of one of the aggregates. */
  readonly readingsIn: (slot: number) => number;
  /** So many readings are gone: their last window has closed, and may not be revised any more. */
  readonly left: (readings: number) => void;
  /** Absent: arrivals are times of day. */
  readonly clock?: Readonly<TimeOfDay> | undefined;
  readonly give: (result: WindowResult) => void;
  /** Absent: a key waits for nobody. */
  readonly hold?: Hold | undefined;
  /** A window of the key has closed, and its result was given; of the windows it is gone. */
  readonly closed?: ((key: number, arrivalMs: number) => void) | undefined;
  /** Row `i` came after its windows had closed, and changes nothing. */
  readonly late: (rows: Rows, i: number, key: number, watermarkMs: number) => void;
}

/** What `headgate explain` tells of an open window of a key. */
export interface OpenWindow {
  readonly startMs: number;
  /** As it will be if nothing more comes; NaN when only what comes can tell. */
  readonly endMs: number;
  /** Of a window that counts: readings it has, and how many more it waits for. */
  readonly readings?: number;
  readonly missing?: number;
  /** Readings in it are in this slot of the aggregates, until the next call. */
  readonly slot: number;
}

/** Readings that windows hold; each counts once, in however many windows it is. */
export interface HeldReadings {
  /** Their last window is open. */
  readonly open: number;
  /** All their windows have closed, and may still be revised. */
  readonly closed: number;
}

export interface Windows {
  /**
   * Rows of one input in arrival order; `keys[i]` is negative for rows that do not count; by aggregate the columns of
   * its arguments.
   */
  fold(rows: Rows, keys: Int32Array, columns: readonly (readonly Column[])[], input: number): void;
  /** Time before is not idle time. */
  listenSince(ms: number): void;
  /** Lets arrival time pass: closes the windows of idle keys, gives early and revised results. */
  pass(nowMs: number): void;
  /**
   * The clock is about to be set. Of keys whose latest reading is after `fromMs`, what begins after the new time is given as
   * it is, and the watermark goes back to the new time: readings to come belong there. What holds the new time and is
   * open goes on.
   */
  leaveFuture(fromMs: number, step: ClockStep): void;
  /** Raises the watermark of a key, which a `hold` has let go so far. */
  advance(key: number, watermarkMs: number, arrivalMs: number): void;
  /** No result of what the key has open is of an earlier time; Infinity when it has nothing open. */
  openFromMs(key: number): number;
  /** Closes everything, as at the end of recorded input. */
  closeAll(arrivalMs: number): void;
  /** `pass` does nothing before this arrival time. */
  quietUntilMs(): number;
  openPanes(): number;
  held(): HeldReadings;
  /** For `headgate explain`: -Infinity before the key's first reading. */
  watermarkMs(key: number): number;
  lastArrivalMs(key: number): number;
  /** Every open window of the key, the earliest first; changes nothing. */
  visitOpen(key: number, visit: (window: OpenWindow) => void): void;
  save(): unknown;
  load(saved: unknown): void;
}
