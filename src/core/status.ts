/** What a running gateway tells of itself: one shape for `status`, the demo's view and the metrics. */

import type { ClockTrust } from './clock.ts';
import type { Severity } from './types.ts';

export interface GatewayStatus {
  readonly gateway: string;
  readonly version: string;
  readonly pid: number;
  readonly startedMs: number;
  /** Earlier starts on this data folder. */
  readonly restarts: number;
  readonly machine: MachineLine;
  /** Of a gateway that follows the edits of its files. */
  readonly files?: FilesLine;
  /** The gateway's clock. */
  readonly nowMs: number;
  readonly clock: ClockLine;
  readonly sources: readonly SourceLine[];
  readonly fates: Fates;
  readonly devices: readonly DeviceLine[];
  readonly rules: readonly RuleLine[];
  /** Firing now, most severe first. */
  readonly alerts: readonly FiringAlert[];
  readonly disk: DiskLine;
  readonly overload: OverloadLine;
  readonly journal: JournalLine;
  readonly checkpoint: { readonly atMs: number | undefined; readonly bytes: number };
  /** End of the newest batch processed. */
  readonly processedMs: number;
  readonly forward: ForwardLine;
  /** The gateway's points about itself. Absent: it makes none. */
  readonly health?: OwnPointsLine;
  /** Changes of alerts, as points. Absent: they go to notifiers alone. */
  readonly alertPoints?: OwnPointsLine;
  readonly notifiers: readonly NotifierLine[];
}

/** The process and the machine it runs on, as they were at the last look. What the machine does not tell is absent. */
export interface MachineLine {
  /** Of the process, since its start. */
  readonly cpuSeconds: number;
  /** Of one core, since the look before. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  /** What programs may still take: of the machine, or of the process' control group where that is less. */
  readonly memoryAvailableBytes?: number;
  /** Processes that ran or waited, on average over a minute. */
  readonly load1m: number;
  readonly cpuTemperatureC?: number;
  /** Of the file system that the data folder is in. */
  readonly disk?: { readonly freeBytes: number; readonly totalBytes: number };
  /** Of the logs and the checkpoint in the data folder. */
  readonly dataBytes: number;
}

/** Points that are no results of rules, on their way to where results go. */
export type OwnPointsLine = Pick<
  ForwardLine,
  'state' | 'detail' | 'sent' | 'setAside' | 'lost' | 'pendingPoints'
>;

/** Whether processing keeps up with what arrives. */
export interface OverloadLine {
  /** `held back`: senders get their answers only as room is made; `shedding`: and frames are dropped that nobody waits for. */
  readonly state: 'keeping up' | 'held back' | 'shedding';
  /** How long ago the next batch should have begun. */
  readonly behindMs: number;
  /** Taken, and not processed yet. */
  readonly waitingFrames: number;
  /** Of their payloads. */
  readonly waitingBytes: number;
  /** How long it will take to process them. */
  readonly workMs: number;
  readonly heldAnswers: number;
  /** Senders were held back so often, and so long in all, since the start. */
  readonly times: number;
  readonly heldMs: number;
  /** What may be done about it. */
  readonly remedy?: string;
}

export interface JournalLine {
  readonly bytes: number;
  /** Taken since the start. */
  readonly frames: number;
  readonly commits: number;
  /** Of them, those that could not be stored; whoever waited for it was told. */
  readonly refused: number;
  /** On disk, or on their way to it, and not processed yet. */
  readonly waiting: number;
}

export interface ClockLine {
  /** `waiting`: frames are journalled, and processed once the time of day is known; `guessed`: it was not confirmed. */
  readonly state: ClockTrust;
  /** How often the time of day was stepped since the start, and by how much last; negative: back. */
  readonly steps: number;
  readonly lastStepMs?: number;
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

/**
 * What became of everything that came through the journal, since the data folder was new: counters are part of the
 * checkpoint, so a reading is counted once however often its batch is run. fates.ts adds them up.
 */
export interface Fates {
  /** Processed. */
  readonly frames: number;
  /** Frames that no device profile wants. */
  readonly unrouted: number;
  /** Of all devices; see `DeviceLine`. */
  readonly received: number;
  readonly readings: number;
  readonly setAside: number;
  readonly duplicates: number;
  readonly valuesSetAside: number;
  /** Points that rules made. */
  readonly points: number;
  /** Everything noted as set aside: readings, values, and late readings once for each rule. */
  readonly noted: number;
}

/** Of the readings received each is handed to the rules, set aside, or a duplicate. */
export interface DeviceLine extends DeviceCounts {
  readonly name: string;
  readonly series: number;
  readonly lastArrivalMs: number | undefined;
}

export interface DeviceCounts {
  /** Found in payloads. What cannot be read counts as one: a payload, or a row of it. */
  readonly received: number;
  /** Handed to the rules. */
  readonly readings: number;
  readonly setAside: number;
  readonly duplicates: number;
  /** Single values that could not be used, of readings that could. */
  readonly valuesSetAside: number;
  /** What was set aside, readings and values, by reason. */
  readonly reasons?: Readonly<Record<string, number>>;
}

/** Of its readings each is filtered, late, over the limit, in windows, in results, or forgotten. */
export interface RuleLine extends RuleCounts {
  readonly name: string;
  /** Readings whose last window is still open. */
  readonly inWindows: number;
  readonly keys: number;
  readonly openWindows: number;
}

export interface RuleCounts {
  /** Given to the rule, of devices and of the rules it reads. */
  readonly readings: number;
  readonly filtered: number;
  /** Came when all windows they belong to had closed. */
  readonly late: number;
  /** Of keys beyond `series_per_rule`. */
  readonly overLimit: number;
  /** Their last window has closed, and its result was given; without windows: judged, and forwarded if they were news. */
  readonly inResults: number;
  /** Were in open windows when the rule began anew, because what shapes its windows was edited. */
  readonly forgotten: number;
  readonly windowsClosed: number;
  /** Results given again, for late readings changed them. */
  readonly revised: number;
  readonly points: number;
  /** Rows that made no point: nothing in them had changed (`on_change`), or none of their fields had a value. */
  readonly unchanged: number;
  readonly withoutValue: number;
  /** Alerts fired and cleared so far. */
  readonly fired: number;
  readonly cleared: number;
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
  /** Gone unsent, because the outbox reached its budget or was damaged. */
  readonly lost: number;
  readonly pendingPoints: number;
  readonly pendingBytes: number;
  /** End of the batch that the oldest pending point known came from; of merged points, the time of the oldest. */
  readonly oldestPendingMs: number | undefined;
  /** Points merged because an outage took so long, what they were merged to, and values that could not be merged. */
  readonly thinned: { readonly from: number; readonly to: number; readonly leftOut: number };
  /** In an outage: so long until points are dropped, if none could be merged any more. */
  readonly roomMs: number | undefined;
  /** Of all points that were ever for this target; with those pending they are all of them. */
  readonly through: PointsThrough & { readonly taken: number };
}

/** What became of points that wait no more. One that was sent again counts once. */
export interface PointsThrough {
  readonly sent: number;
  readonly setAside: number;
  readonly lost: number;
  /** How many fewer there are because some were merged. */
  readonly merged: number;
}

/** What the disk does not do now, and what was lost on it. */
export interface DiskLine {
  /** `full`: nothing can be stored or processed until there is room. */
  readonly state: 'ok' | 'full' | 'failed';
  /** Why, and what to do. */
  readonly detail: string;
  /** Since the start. */
  readonly losses: Readonly<Record<'journal' | 'points' | 'alerts' | 'health', Readonly<LogLosses>>>;
  /** What could not be used and lies in the data folder, now or since an earlier start, under a name that says so. */
  readonly setAside: readonly string[];
}

export interface LogLosses {
  /** Of an unfinished last write, cut when the log was opened; nothing of it was acknowledged. */
  tornBytes: number;
  /** Segments set aside since the log was opened, or found to be gone. */
  corruptSegments: number;
  /** Records that could not be read. */
  lostRecords: number;
  /** Records dropped, not yet released, because the budget was reached. */
  droppedRecords: number;
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
