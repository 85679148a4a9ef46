/**
 * A rule at work, as the engine and those who look at it see it.
 *
 * Not here: how it works; run-rule.ts makes one.
 */

import type { RuleCounts, RuleLine } from '../core/status.ts';
import type { Rows, SeriesTable } from '../expression/rows.ts';
import type { DevicePlan, RulePlan } from '../rules/plan.ts';
import type { Aggregate } from './aggregates/aggregate.ts';
import type { JudgingHours } from './alerts/active.ts';
import type { AlertStates } from './alerts/alert-state.ts';
import type { Silence } from './alerts/silence.ts';
import type { LastRows } from './explain/last-rows.ts';
import type { SavedForwarding } from './forwarding.ts';
import type { SavedMemories } from './memory/memory.ts';
import type { SavedProgress } from './progress.ts';
import type { Reader } from './readers.ts';
import type { ClockStep, RuleTiming, TimeOfDay } from './time-of-day.ts';
import type { HeldReadings, Windows } from './windows/windows.ts';

export interface RunningRule {
  readonly plan: RulePlan;
  /** Rows of one device or rule, in arrival order; `input` is its place in `RulePlan.inputs`. See `Reader` for `areEnds`. */
  run(input: number, rows: Rows, areEnds?: boolean): void;
  /** Another rule that reads this one's results, laid out as `device`. */
  addReader(device: DevicePlan, reader: Reader): void;
  /** See `Upstream`. */
  readonly table: SeriesTable;
  keyCount(): number;
  openFromMs(key: number): number;
  watermarkMs(key: number): number;
  /** Time before counts for nobody's idleness or silence. */
  listenSince(ms: number): void;
  /** Lets arrival time pass. */
  pass(nowMs: number): void;
  /** The clock is about to be set: what lies in the future of the new time is given as it is, so that time can come to it. */
  leaveFuture(step: ClockStep): void;
  /** The clock was set; no time has passed by that. */
  clockStepped(step: ClockStep): void;
  readonly timing: RuleTiming;
  closeAll(nowMs: number): void;
  quietUntilMs(): number;
  status(): RuleLine;
  /** What was counted so far, and the readings that windows hold now. */
  counts(): RuleCounts;
  held(): HeldReadings;
  /** Goes on counting from what was counted before. */
  countOn(from: RuleCounts): void;
  readonly alertStates: readonly AlertStates[];
  tagsOf(key: number): Readonly<Record<string, string>>;
  /** What `headgate explain` looks at. */
  parts(): RuleParts;
  save(): SavedRule;
  load(saved: SavedRule): void;
}

/** A rule at work, opened up. Nothing may be changed through it. */
export interface RuleParts {
  readonly windows: Windows | undefined;
  readonly aggregates: readonly Aggregate[];
  readonly states: AlertStates | undefined;
  readonly silence: Silence | undefined;
  readonly hours: JudgingHours | undefined;
  readonly clock: Readonly<TimeOfDay>;
  /** What was judged last: of a window one, its results; else of each input its readings. Only of rules with alerts. */
  readonly last: readonly LastRows[] | undefined;
  /** By input: the rule that is read. */
  readonly upstreams: readonly (RunningRule | undefined)[];
  /** Late readings, by the table of their input's rows. */
  readonly late: ReadonlyMap<SeriesTable, number> | undefined;
}

export interface SavedRule {
  readonly tags: readonly (readonly string[])[];
  readonly keys: number;
  /** Of the kind of window the plan has: its state hash says so. */
  readonly windows: unknown;
  readonly alerts: ReturnType<AlertStates['save']> | undefined;
  readonly silence: ReturnType<Silence['save']> | undefined;
  readonly forwarded: SavedForwarding | undefined;
  readonly progress: SavedProgress | undefined;
  /** What functions with memory have learnt. */
  readonly readingMemory: SavedMemories | undefined;
  readonly resultMemory: SavedMemories | undefined;
}
