/**
 * What people told the running gateway: alerts they have seen, and silences.
 *
 * Plain data that never changes: an edit makes a new value. In the file times are RFC 3339, so that people can read it.
 * Not here: where it is kept (store.ts), and what it does to an alert (silences.ts, acknowledgements.ts).
 */

import { type Severity, severities } from '../core/types.ts';

export type Tags = Readonly<Record<string, string>>;

/** Somebody has seen an alert: no more reminders of it, unless it gets more severe. */
export interface Acknowledgement {
  readonly episode: string;
  readonly rule: string;
  readonly key: Tags;
  /** At the time. */
  readonly severity: Severity;
  readonly atMs: number;
  readonly by?: string;
  readonly note?: string;
}

/** Alerts of these are told to nobody until then. */
export interface Silence {
  readonly id: string;
  /** A rule's name; `*` is every rule. */
  readonly rule: string;
  /** Tags that the alert's key must have; none: every key. */
  readonly key: Tags;
  readonly untilMs: number;
  readonly createdMs: number;
  readonly by?: string;
  readonly reason?: string;
}

export interface Settings {
  readonly acknowledged: readonly Acknowledgement[];
  readonly silences: readonly Silence[];
}

export const noSettings: Settings = { acknowledged: [], silences: [] };

/** The content of the file, before it is printed. */
export interface StoredSettings {
  readonly version: 1;
  readonly acknowledged: readonly object[];
  readonly silences: readonly object[];
}

export function toStored({ acknowledged, silences }: Settings): StoredSettings {
  return {
    version: 1,
    acknowledged: acknowledged.map(({ atMs, ...rest }) => ({ ...rest, at: timeText(atMs) })),
    silences: silences.map(({ untilMs, createdMs, ...rest }) => ({
      ...rest,
      until: timeText(untilMs),
      createdAt: timeText(createdMs),
    })),
  };
}

/** Undefined when this is not the content of such a file. */
export function fromStored(value: unknown): Settings | undefined {
  if (!isMap(value) || value.version !== 1) return undefined;
  const acknowledged = listOf(value.acknowledged, acknowledgementOf);
  const silences = listOf(value.silences, silenceOf);
  return acknowledged && silences && { acknowledged, silences };
}

function acknowledgementOf(value: Stored): Acknowledgement | undefined {
  const { episode, rule, key, severity } = value;
  const [by, note] = [optionalText(value.by), optionalText(value.note)];
  const atMs = timeOf(value.at);
  if (!isText(episode) || !isText(rule) || !isTags(key) || atMs === undefined) return undefined;
  if (by === null || note === null || !severities.includes(severity as Severity)) return undefined;
  return {
    ...{ episode, rule, key, severity: severity as Severity, atMs },
    ...(by !== undefined && { by }),
    ...(note !== undefined && { note }),
  };
}

function silenceOf(value: Stored): Silence | undefined {
  const { id, rule, key } = value;
  const [by, reason] = [optionalText(value.by), optionalText(value.reason)];
  const [untilMs, createdMs] = [timeOf(value.until), timeOf(value.createdAt)];
  if (!isText(id) || !isText(rule) || !isTags(key)) return undefined;
  if (untilMs === undefined || createdMs === undefined || by === null || reason === null) return undefined;
  return {
    ...{ id, rule, key, untilMs, createdMs },
    ...(by !== undefined && { by }),
    ...(reason !== undefined && { reason }),
  };
}

type Stored = Readonly<Record<string, unknown>>;

/** Undefined when any of them is wrong. */
function listOf<T>(value: unknown, read: (item: Stored) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map((item: unknown) => (isMap(item) ? read(item) : undefined));
  return items.every((item) => item !== undefined) ? items : undefined;
}

function isMap(value: unknown): value is Stored {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTags(value: unknown): value is Tags {
  return isMap(value) && Object.values(value).every((tag) => typeof tag === 'string');
}

/** Null when it is there and no text. */
function optionalText(value: unknown): string | undefined | null {
  return value === undefined || typeof value === 'string' ? value : null;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
