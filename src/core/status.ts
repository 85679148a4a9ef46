/** What a running gateway tells of itself: one shape for `status`, the demo's view and the metrics. */

import type { Severity } from './types.ts';

export interface GatewayStatus {
  readonly gateway: string;
  readonly version: string;
  readonly pid: number;
  readonly startedMs: number;
  /** Of a gateway that follows the edits of its files. */
  readonly files?: FilesLine;
  /** The gateway's clock. */
  readonly nowMs: number;
  readonly sources: readonly SourceLine[];
  readonly fates: Fates;
  readonly devices: readonly DeviceLine[];
  readonly rules: readonly RuleLine[];
  /** Firing now, most severe first. */
  readonly alerts: readonly FiringAlert[];
  readonly journal: { readonly bytes: number; readonly frames: number; readonly commits: number };
  readonly checkpoint: { readonly atMs: number | undefined; readonly bytes: number };
  /** End of the newest batch processed. */
  readonly processedMs: number;
  readonly forward: ForwardLine;
  readonly notifiers: readonly NotifierLine[];
}

/** Whether the rules and profiles that run are those in the files. */
export interface FilesLine {
  /** Wall time of the version that runs. */
  readonly loadedMs: number;
  /** `broken`: the files were edited and have mistakes; the last good version runs on. */
  readonly state: 'current' | 'broken' | 'restart needed';
  readonly detail: string;
}

export interface SourceLine {
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  /** For people. */
  readonly detail: string;
  readonly counters: Readonly<Record<string, number>>;
}

/** What became of everything received since the start. */
export interface Fates {
  readonly frames: number;
  readonly readings: number;
  /** Frames that no device profile wants. */
  readonly unrouted: number;
  /** Frames, rows or values that could not be used. */
  readonly setAside: number;
  readonly duplicates: number;
  readonly points: number;
}

export interface DeviceLine {
  readonly name: string;
  readonly readings: number;
  readonly series: number;
  readonly setAside: number;
  /** How many of them, by reason. */
  readonly reasons?: Readonly<Record<string, number>>;
  readonly duplicates: number;
  readonly lastArrivalMs: number | undefined;
}

export interface RuleLine {
  readonly name: string;
  readonly readings: number;
  readonly filtered: number;
  readonly late: number;
  readonly keys: number;
  readonly openWindows: number;
  readonly windowsClosed: number;
  /** Results given again, for late readings changed them. */
  readonly revised: number;
  readonly points: number;
  /** Alerts fired and cleared so far. */
  readonly fired: number;
  readonly cleared: number;
  /** Readings of keys beyond `series_per_rule`. */
  readonly overLimit: number;
}

export interface FiringAlert {
  readonly rule: string;
  readonly key: Readonly<Record<string, string>>;
  readonly severity: Severity;
  readonly firedAtMs: number;
  readonly message: string;
  /** From firing to ok it has one. */
  readonly episode: string;
  /** Held firing, because it fired and cleared too often. */
  readonly flapping: boolean;
  /** Somebody has seen it, as severe as it is now. */
  readonly acknowledged?: Seen;
  /** Nobody is told of it until then. */
  readonly silencedUntilMs?: number;
}

export interface Seen {
  readonly atMs: number;
  readonly by?: string;
  readonly note?: string;
}

/** A condition that holds, but not yet for so long as it must. */
export interface PendingAlert {
  readonly rule: string;
  readonly key: Readonly<Record<string, string>>;
  readonly severity: Severity;
  readonly sinceMs: number;
}

export interface ForwardLine {
  /** "http://127.0.0.1:8086 fleet" or "data/points". */
  readonly target: string;
  readonly state: string;
  readonly detail: string;
  readonly sent: number;
  readonly setAside: number;
  readonly pendingPoints: number;
  readonly pendingBytes: number;
}

export interface NotifierLine {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
  readonly delivered: number;
  readonly rejected: number;
  readonly pending: number;
  /** Alerts it was not told: silenced, or reminders of what was acknowledged. */
  readonly silenced: number;
  /** Of them, those that it is told if they still fire when their silence ends. */
  readonly withheld: number;
}
