/**
 * The words of the data path: frame, reading columns, point, alert, set-aside.
 *
 * Invariant: every time is milliseconds since 1970 (UTC) in a double; arrival times are whole
 * microseconds, so they survive the journal unchanged.
 * Not here: how any of them is made, stored or sent.
 */

/** Bytes as they arrived. `topic` is empty for serial lines. */
export interface Frame {
  readonly source: string;
  readonly topic: string;
  readonly payload: Buffer;
  readonly arrivalMs: number;
}

/** A QoS 2 message between its PUBLISH and its PUBREL: the id that its sender, a client or server, uses for it. */
export interface Handshake {
  /** Empty for the server that a source is a client of. */
  readonly client: string;
  readonly messageId: number;
}

/** Those of which the journal has the message, over restarts too, until they are ended. */
export interface OpenHandshakes {
  of(source: string): readonly Handshake[];
  /**
   * Its sender has let go of it. `done` is called once that is durable: from then on its id may stand for another message.
   * At once for one that is not open.
   */
  end(source: string, handshake: Handshake, done: (error?: Error) => void): void;
}

/**
 * Hands one frame to the journal, which stamps its arrival and copies the payload (the caller may reuse it).
 * `acknowledge` is called in arrival order: with `durable` after the frame is on disk (fdatasync), with
 * `accepted` at once, or after the next commit when the journal is congested: that delay is the back-pressure.
 * It gets an error when the frame could not be stored; the sender must then not be acknowledged.
 * A `handshake` is durable with the frame, or not at all. Where a source has several `sender`s, they take turns when answers wait.
 */
export type Ingest = (
  source: string,
  topic: string,
  payload: Uint8Array,
  when: 'durable' | 'accepted',
  acknowledge: (error?: Error) => void,
  handshake?: Handshake,
  sender?: object,
) => void;

export type FieldValue = number | boolean | string;
/** How values are held in columns; see expression/rows.ts. */
export type ValueType = 'number' | 'boolean' | 'string';

/** What goes to InfluxDB. Measurement, tags and time are its identity: writing it again changes nothing. */
export interface Point {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly timeMs: number;
  /** Of fields that merge as `mean`: how much each stands for, in readings or seconds. */
  readonly weights?: Readonly<Record<string, number>>;
}

/** How the values of a field in windows that do not overlap give the value over all of them. */
export type Merge = 'sum' | 'min' | 'max' | 'first' | 'last' | 'any' | 'all' | 'mean';

/** Fields of a measurement that can be merged. Absent ones cannot. */
export type FieldMerges = Readonly<Record<string, Merge>>;

/** How the points of a measurement can be merged. */
export interface Merging {
  readonly fields: FieldMerges;
  /** What the rule computed them of. Points of an edited rule have the same names, and are never merged with those before. */
  readonly shape: string;
}

export type Severity = 'info' | 'warning' | 'critical';
/** Weakest first. */
export const severities: readonly Severity[] = ['info', 'warning', 'critical'];

/** One change of a key's alert: it fires, changes its severity, or clears. Or a reminder that it still fires. */
export interface Alert {
  /** Stable over restarts and resends: the same change always has the same id. */
  readonly id: string;
  /** One episode, from firing to clear, has one: hash of rule, key and `firedAtMs`. */
  readonly episode: string;
  readonly rule: string;
  readonly key: Readonly<Record<string, string>>;
  readonly state: 'firing' | 'ok';
  readonly severity: Severity;
  readonly firedAtMs: number;
  /** Event time of this change. */
  readonly atMs: number;
  readonly message: string;
  /** Names of notifiers. */
  readonly notify: readonly string[];
  /** Those of them that were to be told of the same episode before. Absent: none. */
  readonly toldBefore?: readonly string[];
  /** The number of the reminder in its episode, from 1. Absent: a change. */
  readonly reminder?: number;
  /** What the rule had computed when it judged. */
  readonly values: Readonly<Record<string, FieldValue | null>>;
}

/** A frame, reading, point or line that could not be used: counted, kept with its reason, never dropped silently. */
export interface SetAside {
  readonly reason: string;
  readonly detail: string;
  readonly source?: string;
  readonly topic?: string;
  readonly device?: string;
  readonly rule?: string;
  readonly key?: Readonly<Record<string, string>>;
  readonly eventMs?: number;
  readonly arrivalMs?: number;
  readonly payload?: Buffer;
  /** The line of line protocol a server refused. */
  readonly line?: string;
}
