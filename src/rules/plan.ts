/**
 * A rule file, understood: what the engine runs.
 *
 * Plain data and compiled kernels; no text is parsed after this. A plan never changes; a reload makes a new one.
 * Not here: state. Kernels own scratch columns, so one plan serves one engine at a time.
 */

import type { DeviceProfile, FlappingConfig, RuleConfig } from '../config/schema.ts';
import type { FieldMerges, Merging, Severity, ValueType } from '../core/types.ts';
import type { Compiled, NumberKernel, Rows } from '../expression/rows.ts';
import type { ActiveHours, Schedule } from '../schedule/schedule.ts';
import type { RuleLookups } from './scopes.ts';

export type { Compiled };

export interface Plan {
  readonly gateway: string;
  readonly devices: readonly DevicePlan[];
  /** Each after those that it reads. */
  readonly rules: readonly RulePlan[];
  /** By measurement, how its points may be merged. Those of other measurements stay as they are. */
  readonly merges: ReadonlyMap<string, Merging>;
}

/** The layout of a device's rows: slot i of `Rows.columns` holds `fields[i]`; tag j of its series table is `tags[j]`. */
export interface DevicePlan {
  readonly profile: DeviceProfile;
  readonly fields: readonly { readonly name: string; readonly type: ValueType }[];
  readonly tags: readonly string[];
  /** These are no readings of a device but the results of a rule. */
  readonly rule?: ReadRule;
}

/** A rule as those see it that read its results. */
export interface ReadRule {
  readonly name: string;
  /** A result of time t is given once there are readings of `t + lagMs`. */
  readonly lagMs: number;
  /** Names that its readings have and its results do not, for messages. */
  readonly left: { readonly fields: readonly string[]; readonly tags: readonly string[] };
}

export interface RulePlan {
  readonly name: string;
  /** Hash of what shapes the rule's state (from, by, window, computes): a change of it resets the state. */
  readonly stateHash: string;
  readonly source: RuleSource;
  /** One for each device of `from`; the expressions of a rule are compiled for each device's layout. */
  readonly inputs: readonly RuleInput[];
  /** Names of the key's tags. */
  readonly by: readonly string[];
  /** The largest of the devices'. */
  readonly latenessMs: number;
  readonly idleAfterMs: number;
  readonly seriesLimit: number;
  /** Absent: the rule judges each reading. */
  readonly window?: WindowPlan;
  /** Aggregate calls of `compute`, in the order of the result rows' first slots. Empty without `window`. */
  readonly aggregates: readonly AggregatePlan[];
  /**
   * The layout of result rows. Windowed: slots 0 … aggregates.length-1 hold aggregate results, then one slot for each of
   * `computes`. Without a window the rows of the reading itself are judged: fields, then one slot for each `let`.
   */
  readonly computes: readonly NamedCompiled[];
  /** Functions with memory over readings; each input says what they are given. Absent: none. */
  readonly readingMemory?: readonly MemoryPlan[];
  /** Functions with memory over results of a window. Their columns follow those of `computes`. */
  readonly resultMemory?: ResultMemoryPlan;
  readonly alerts: readonly AlertPlan[];
  /** A key is silent after so long without a reading; absent: silence is no alert. */
  readonly silent?: SilentPlan;
  /** When alerts are judged; absent: at all times. */
  readonly active?: ActiveHours;
  readonly forward: ForwardPlan | undefined;
}

/** What a rule was compiled from, to say in its own words what it does. */
export interface RuleSource {
  readonly config: RuleConfig;
  readonly lookups: RuleLookups;
}

export interface RuleInput {
  readonly device: DevicePlan;
  /** `by[i]` is tag `keyTags[i]` of the device's series table. */
  readonly keyTags: readonly number[];
  /** Readings for which this is not 1 are filtered. */
  readonly where?: NumberKernel;
  /** Their columns go to slots fields.length, fields.length + 1, … before `where` and what follows is evaluated. */
  readonly lets: readonly NamedCompiled[];
  /** Present in rules with `RulePlan.readingMemory`. */
  readonly memory?: ReadingMemoryPlan;
  /** By `RulePlan.aggregates`, the columns of each one's arguments: none for `count()`. */
  readonly arguments: readonly (readonly Compiled[])[];
}

/** A function with memory. Its state goes by key; all devices of a rule share it. */
export interface MemoryPlan {
  /** `lag`, or a name in the engine's registry of detectors. */
  readonly fn: string;
  /** Constants after the argument; durations in ms. */
  readonly parameters: readonly number[];
  readonly argumentType: ValueType;
  readonly resultType: ValueType;
  /** The call, and all that its argument is computed from: kept state fits as long as this stays the same. */
  readonly identity: string;
}

/** Fills one column of the rows. A column with memory is only filled for rows that count. */
export type MemoryStep =
  | {
      readonly kind: 'value';
      readonly slot: number;
      readonly compiled: Compiled;
      /** Whether it is computed from a column with memory. */
      readonly remembers: boolean;
    }
  | {
      readonly kind: 'memory';
      readonly slot: number;
      /** Its place in the rule's list. */
      readonly memory: number;
      readonly argument: Compiled;
    };

/** Functions with memory over the readings of one device; steps in an order in which each finds what it needs. */
export interface ReadingMemoryPlan {
  /** Places of `lets` without memory, which come first. The others are among the steps. */
  readonly plainLets: readonly number[];
  /** What `where` needs, when it needs memory: it then stands here, not in `RuleInput.where`. These see every reading. */
  readonly before: readonly MemoryStep[];
  readonly where?: NumberKernel;
  /** All others: they see the readings that `where` lets pass. */
  readonly after: readonly MemoryStep[];
}

export interface ResultMemoryPlan {
  readonly memories: readonly MemoryPlan[];
  /** `computes` and columns with memory, in an order in which each finds what it needs; but `lag` may look ahead. */
  readonly steps: readonly MemoryStep[];
}

export interface NamedCompiled {
  readonly name: string;
  readonly compiled: Compiled;
}

export type WindowPlan = WindowShape & WindowTiming;

export type WindowShape =
  /** Result every `everyMs` over the last `lengthMs`; tumbling when they are equal. Aligned to the epoch plus `offsetMs`. */
  | {
      readonly kind: 'time';
      readonly lengthMs: number;
      readonly everyMs: number;
      readonly offsetMs: number;
    }
  /** From one instant of the schedule to the next. */
  | { readonly kind: 'calendar'; readonly schedule: Schedule }
  /** Ends when `gapMs` pass without a reading, at the latest `maxMs` after its first one. */
  | { readonly kind: 'session'; readonly gapMs: number; readonly maxMs: number | undefined }
  /** The last `size` readings of the key, in order of arrival, each time `every` more have come. */
  | { readonly kind: 'count'; readonly size: number; readonly every: number };

export interface WindowTiming {
  /** Early results so often (arrival time); undefined: none. */
  readonly emitMs: number | undefined;
  /** Late readings rewrite the point of a window for so long after its end; undefined: they are set aside. */
  readonly keepMs: number | undefined;
  readonly watermark: 'key' | 'global';
}

export interface AggregatePlan {
  /** A name in the engine's registry of aggregates. */
  readonly fn: string;
  /** Constant parameters after the column arguments: the 95 of `percentile(x, 95)`. */
  readonly parameters: readonly number[];
  /** Type of the first column argument, or undefined for `count()`. */
  readonly argumentType: ValueType | undefined;
  readonly resultType: ValueType;
}

export interface AlertPlan {
  readonly severity: Severity;
  /** Compiled over result rows (windowed) or the reading's own rows; one for each input without a window, else one. */
  readonly when: readonly NumberKernel[];
  /** Absent: not `when`. */
  readonly clear: readonly NumberKernel[] | undefined;
  readonly forMs: number;
  /** Renders row i of the rows: one for each input without a window, else one. */
  readonly message: readonly MessageTemplate[];
  readonly notify: readonly string[];
  /** A reminder so often while it fires; undefined: none. */
  readonly repeatMs?: number | undefined;
  /** Held firing from so many changes within so long a time on; undefined: never. */
  readonly flapping?: FlappingConfig | undefined;
}

export interface SilentPlan {
  readonly afterMs: number;
  readonly severity: Severity;
  readonly message: string;
  readonly notify: readonly string[];
  readonly repeatMs?: number | undefined;
}

/** Gives the text of one row; null values show as `–`. */
export type MessageTemplate = (rows: Rows, row: number) => string;

/** What a point carries. Without `onChange` each result is forwarded. */
export interface ForwardPlan {
  readonly measurement: string;
  /** Fields that can be merged when points must be thinned; absent when the points of this rule stay as they are. */
  readonly merges?: FieldMerges;
  /** Fields that merge as `mean`, each with the aggregate that has its weight. */
  readonly means?: readonly { readonly name: string; readonly aggregate: number }[];
  /** Per-reading rules: forward only when a number moved by at least this, or another value changed. */
  readonly onChange: number | undefined;
}
