/**
 * Why a rule did or did not fire, as the gateway says it to `headgate explain`.
 *
 * Plain data that survives JSON: a time that is not known is absent. Not here: any wording.
 */

import type { RuleLine, Seen } from './status.ts';
import type { FieldValue, Severity } from './types.ts';

export type Tags = Readonly<Record<string, string>>;
export type Values = Readonly<Record<string, FieldValue | null>>;

export interface ExplainedRule {
  readonly rule: string;
  readonly nowMs: number;
  /** Names under `from`, each with what came of it. */
  readonly inputs: readonly ExplainedInput[];
  readonly by: readonly string[];
  readonly where?: string;
  readonly window?: ExplainedShape;
  readonly latenessMs: number;
  readonly counts: RuleLine;
  /** The most keys a rule may have. */
  readonly keyLimit: number;
  /** Only of a rule with `active`; `nextMs` when it judges again. */
  readonly active?: { readonly isActive: boolean; readonly nextMs?: number };
  /** The key that was asked for, or the only one. */
  readonly key?: ExplainedKey;
  /** When none was asked for: those heard last. */
  readonly keys?: { readonly shown: readonly KeyLine[]; readonly more: number };
}

export type ExplainedShape =
  | { readonly kind: 'time'; readonly lengthMs: number; readonly everyMs: number }
  | { readonly kind: 'calendar'; readonly cron: string; readonly zone: string }
  | { readonly kind: 'session'; readonly gapMs: number; readonly maxMs?: number }
  | { readonly kind: 'count'; readonly size: number; readonly every: number };

export interface ExplainedInput {
  /** A device's name, or `rule:NAME`. */
  readonly name: string;
  /** Of a rule that is read: names under its own `from`, and so on. */
  readonly reads?: readonly ExplainedInput[];
  /** Of a device. */
  readonly readings?: number;
  readonly setAside?: number;
  readonly duplicates?: number;
  readonly reasons?: Readonly<Record<string, number>>;
  readonly lastArrivalMs?: number;
  /** Of the frames, where the profile names one; and what is wrong with it. */
  readonly source?: string;
  readonly sourceDown?: string;
}

export interface KeyLine {
  readonly key: Tags;
  readonly lastArrivalMs?: number;
  readonly state: 'ok' | 'pending' | 'firing' | 'silent';
  readonly severity?: Severity;
}

export interface ExplainedKey {
  readonly key: Tags;
  readonly lastReading?: ExplainedReading;
  /** When it was heard last, where no reading is remembered: before the start. */
  readonly lastArrivalMs?: number;
  readonly watermarkMs?: number;
  /** Open windows, the earliest first, at most `shownWindows`. */
  readonly windows: readonly ExplainedWindow[];
  readonly moreWindows: number;
  readonly lastResult?: ExplainedResult;
  readonly alerts: readonly ExplainedAlert[];
  readonly silence?: ExplainedSilence;
}

export interface ExplainedReading {
  readonly input: string;
  readonly tags: Tags;
  readonly arrivalMs: number;
  readonly eventMs: number;
  /** Fields and lets that the rule uses. */
  readonly values: Values;
  readonly where?: ExplainedCondition;
}

export interface ExplainedResult {
  /** The window's end; absent for an early result whose end is not known. */
  readonly endMs?: number;
  readonly arrivalMs: number;
  readonly isEarly: boolean;
  readonly values: Values;
}

export interface ExplainedWindow {
  readonly startMs: number;
  /** Absent: only what comes can tell. */
  readonly endMs?: number;
  readonly values: Values;
  /** Of a window that counts. */
  readonly readings?: number;
  readonly missing?: number;
  /** A reading of this event time closes it. */
  readonly closesWithMs?: number;
  /** Of every device one must have come: there is one watermark for all. */
  readonly isGlobal?: boolean;
  /** Arrival time at which it closes when nothing more comes. */
  readonly closesAtMs?: number;
  /** The rule whose results it waits for first. */
  readonly waitsFor?: { readonly rule: string; readonly untilMs?: number };
}

export interface ExplainedCondition {
  readonly text: string;
  /** Null: a value is missing, or nothing was judged. */
  readonly holds: boolean | null;
  /** More than one where it is joined with `&&` or `||`; none when nothing was judged since the start. */
  readonly parts: readonly ExplainedPart[];
}

export interface ExplainedPart {
  /** With the value behind each name: `share 1.03 >= 1.0`. */
  readonly text: string;
  readonly values: Values;
  readonly holds: boolean | null;
}

/** An alert of a key that fires. */
export interface ExplainedEpisode {
  readonly message: string;
  readonly episode: string;
  readonly firedAtMs: number;
  readonly nextReminderMs?: number;
  readonly acknowledged?: Seen;
  readonly silencedUntilMs?: number;
}

/** With an episode if it is the firing one that counts. */
export interface ExplainedAlert extends Partial<ExplainedEpisode> {
  readonly severity: Severity;
  /** As it is told: a flapping one is held firing. */
  readonly state: 'ok' | 'pending' | 'firing';
  /** It fires, but a more severe one of the key counts. */
  readonly isOutdone: boolean;
  readonly forMs: number;
  /** Event time; pending or firing. */
  readonly sinceMs?: number;
  /** Of a pending one: a judgement of this event time fires it; without a window, also the arrival time `firesAtMs`. */
  readonly firesWithMs?: number;
  readonly firesAtMs?: number;
  readonly when: ExplainedCondition;
  /** Absent: it clears when `when` is false. */
  readonly clear?: ExplainedCondition;
  readonly flapping?: {
    readonly changes: number;
    readonly withinMs: number;
    readonly seen: number;
    readonly isFlapping: boolean;
    /** Of one that flaps: it is let go at this arrival time, if it does not change any more. */
    readonly untilMs?: number;
  };
  readonly repeatMs?: number;
}

/** With an episode while it is silent. */
export interface ExplainedSilence extends Partial<ExplainedEpisode> {
  readonly afterMs: number;
  readonly severity: Severity;
  readonly isSilent: boolean;
  readonly heardMs?: number;
  readonly silentAtMs?: number;
}
