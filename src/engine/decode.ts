/**
 * Frames into rows: each device profile's codec, paths, time and tags, compiled once.
 *
 * Flow: frame → route (which devices want it) → codec → rows of the payload → event time, series, fields → columns.
 * A chunk of a device's rows is handed on when it is full, when another device that shares a rule with it gets a row
 * (so a rule sees the rows of its devices in the order they arrived), and at the end of a batch.
 * Invariant: what cannot be used is counted and set aside with its reason; the rest of the payload is used.
 */

import { compileField } from '../codecs/field.ts';
import { codecOf, DecodeError } from '../codecs/index.ts';
import { compileEach, compilePath } from '../codecs/path.ts';
import { compileTime } from '../codecs/time.ts';
import { parseTopic } from '../config/topic.ts';
import type { Route } from '../core/frame.ts';
import type { DeviceCounts, DeviceLine } from '../core/status.ts';
import type { SetAside } from '../core/types.ts';
import { chunkRows, type Rows, type StringColumn, setCell } from '../expression/rows.ts';
import type { DevicePlan } from '../rules/plan.ts';
import { createDuplicates, type SavedDuplicates } from './duplicates.ts';
import { createLastRows, keepLast, type LastRows } from './explain/last-rows.ts';
import { createRate } from './rate.ts';
import { createSeriesIndex } from './series.ts';
import type { TimeOfDay } from './time-of-day.ts';

/** A device whose clock was never set counts from 1970, or from an epoch before. */
const unsetBeforeMs = Date.UTC(1971, 0);

/** Tags are held as long as the series: with the limit of series this bounds their memory. */
const longestTag = 1000;

type Getter = (row: unknown, root: unknown) => unknown;

export interface DeviceDecoder {
  readonly plan: DevicePlan;
  readonly rows: Rows;
  /** What of the route the profile needs, or undefined when it does not want its frames. */
  match(route: Route): readonly string[] | undefined;
  /** Decodes one payload into rows; `full` is called when the chunk must be emptied before the next row. */
  decode(
    topicTags: readonly string[],
    route: Route,
    buffer: Buffer,
    start: number,
    end: number,
    arrivalMs: number,
  ): void;
  status(): DeviceLine;
  /** The last reading of each series, since the start. */
  readonly last: LastRows;
  /** Readings, over the last minute. */
  perSecond(nowMs: number): number;
  /** Of the same device, before an edit. */
  heard(lastArrivalMs: number | undefined): void;
  save(): SavedDevice;
  load(saved: SavedDevice): void;
}

export interface SavedDevice {
  readonly counts: DeviceCounts;
  readonly tagNames: readonly string[];
  readonly tags: readonly (readonly string[])[];
  readonly series: number;
  /** Absent where duplicates are kept. */
  readonly seen: SavedDuplicates | undefined;
}

export interface DecodeSettings {
  readonly seriesLimit: number;
  /** How far back duplicates are known. */
  readonly duplicatesMs: number;
  readonly clock: Readonly<TimeOfDay>;
  readonly setAside: (reason: string, entry: () => Omit<SetAside, 'reason'>) => void;
  /** The chunk is full: it must be empty when this returns. */
  readonly full: () => void;
}

export function createDecoder(plan: DevicePlan, settings: DecodeSettings): DeviceDecoder {
  const { profile } = plan;
  const { clock } = settings;
  const codec = codecOf(profile.codec);
  const decodePayload = codec.create(profile.codec);
  const each = profile.each === undefined ? undefined : compileEach(profile.each);
  const time = compileEventTime(plan, codec.time);
  const index = createSeriesIndex(plan.tags.length, settings.seriesLimit);
  const fields = plan.fields.map(({ name }) => {
    const config = profile.fields[name]!;
    return { get: compilePath(config.path ?? codec.fieldPath(name)), convert: compileField(name, config) };
  });
  const topic = profile.topic === undefined ? undefined : parseTopic(profile.topic);
  const tags = compileTags(plan, topic?.tagNames ?? [], codec.tagPath);
  const duplicates =
    profile.duplicates === 'drop' && time !== undefined ? createDuplicates(settings.duplicatesMs) : undefined;
  const counts = { received: 0, readings: 0, setAside: 0, duplicates: 0, valuesSetAside: 0 };
  const reasons = new Map<string, number>();
  const rate = createRate();
  const last = createLastRows(plan.fields.map(({ type }) => type));
  const tagValues: string[] = plan.tags.map(() => '');
  let lastArrivalMs: number | undefined;

  const rows: Rows = {
    n: 0,
    columns: plan.fields.map(({ type }) =>
      type === 'string' ? ([] as StringColumn) : new Float64Array(chunkRows),
    ),
    series: new Int32Array(chunkRows),
    eventMs: new Float64Array(chunkRows),
    arrivalMs: new Float64Array(chunkRows),
    table: index,
  };

  // The frame being decoded: rows are emitted by closures that would else be made anew for each frame.
  let frame: { topicTags: readonly string[]; route: Route; arrivalMs: number; dayMs: number };
  let payload: { buffer: Buffer; start: number; end: number };
  let root: unknown;

  function note(reason: string, detail: string, eventMs?: number): void {
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    settings.setAside(reason, () => ({
      detail,
      source: frame.route.source,
      topic: frame.route.topic,
      device: profile.device,
      arrivalMs: frame.dayMs,
      payload: Buffer.from(payload.buffer.subarray(payload.start, payload.end)),
      ...(eventMs === undefined ? {} : { eventMs }),
    }));
  }

  function setAside(reason: string, detail: string, eventMs?: number): void {
    counts.setAside += 1;
    note(reason, detail, eventMs);
  }

  function setValueAside(reason: string, detail: string): void {
    counts.valuesSetAside += 1;
    note(reason, detail);
  }

  /** NaN when the reading has no usable time; it is set aside then. */
  function timeOf(row: unknown): number {
    const { dayMs } = frame;
    const eventMs = time === undefined ? dayMs : time(row, root, dayMs);
    if (Number.isNaN(eventMs)) {
      const wanted =
        profile.time === undefined ? 'its time' : `${profile.time.path} (${profile.time.format})`;
      setAside('no time', `${wanted} is missing or unreadable`);
    } else if (eventMs > dayMs + profile.maxAheadMs && clock.isSure) {
      const aheadS = ((eventMs - dayMs) / 1000).toFixed(1);
      setAside(
        'ahead of time',
        `${aheadS} s after its arrival; max_ahead is ${profile.maxAheadMs / 1000} s`,
        eventMs,
      );
      return Number.NaN;
    } else if (eventMs < unsetBeforeMs && dayMs >= 2 * unsetBeforeMs) {
      const written = new Date(eventMs).toISOString();
      setAside('clock not set', `its time is ${written}: set the device's clock`, eventMs);
      return Number.NaN;
    }
    return eventMs;
  }

  /** Negative when there is no room for another series, or for a tag; the reading is set aside then. */
  function seriesOf(row: unknown): number {
    for (let t = 0; t < tags.length; t++) {
      const value = tags[t]!(row, root, frame.topicTags);
      if (value.length > longestTag) {
        const has = `${plan.tags[t]} has ${value.length} characters; at most ${longestTag} are kept for each series`;
        setAside('tag too long', has);
        return -1;
      }
      tagValues[t] = value;
    }
    const series = index.idOf(tagValues);
    if (series < 0) setAside('too many series', `device ${profile.device} has ${index.size} already`);
    return series;
  }

  function addRow(row: unknown): void {
    counts.received += 1;
    const eventMs = timeOf(row);
    const series = Number.isNaN(eventMs) ? -1 : seriesOf(row);
    if (series < 0) return;
    if (duplicates?.seen(series, eventMs)) {
      counts.duplicates += 1;
      return;
    }
    if (rows.n === chunkRows) settings.full();
    const i = rows.n;
    for (let f = 0; f < fields.length; f++) {
      const { get, convert } = fields[f]!;
      setCell(rows.columns[f]!, i, convert(get(row, root), setValueAside));
    }
    rows.series[i] = series;
    rows.eventMs[i] = eventMs;
    rows.arrivalMs[i] = frame.arrivalMs;
    rows.n = i + 1;
    counts.readings += 1;
    keepLast(last, series, rows, i);
    rate.count(frame.arrivalMs);
  }

  /** What cannot be read counts as one reading. */
  function reject(detail: string): void {
    counts.received += 1;
    setAside('malformed', detail);
  }

  /** In whole microseconds, as arrivals are. */
  function dayOf(arrivalMs: number): number {
    const { offsetMs } = clock;
    return offsetMs === 0 ? arrivalMs : Math.round((arrivalMs + offsetMs) * 1000) / 1000;
  }

  function addPayload(value: unknown): void {
    root = value;
    if (each === undefined) addRow(value);
    else each(value, addRow, reject);
  }

  const counted = (): DeviceCounts => ({ ...counts, reasons: Object.fromEntries(reasons) });

  function countOn(from: DeviceCounts): void {
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += from[name];
    for (const [reason, n] of Object.entries(from.reasons ?? {})) {
      reasons.set(reason, (reasons.get(reason) ?? 0) + n);
    }
  }

  return {
    plan,
    rows,
    match(route) {
      if (profile.source !== undefined && profile.source !== route.source) return undefined;
      return topic === undefined ? [] : topic.match(route.topic);
    },
    decode(topicTags, route, buffer, start, end, arrivalMs) {
      frame = { topicTags, route, arrivalMs, dayMs: dayOf(arrivalMs) };
      payload = { buffer, start, end };
      lastArrivalMs = arrivalMs;
      try {
        decodePayload(buffer, start, end, addPayload, reject);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        reject(error.message);
      }
    },
    heard(ms) {
      if (ms !== undefined) lastArrivalMs ??= ms - clock.offsetMs;
    },
    status: () => ({
      name: profile.device,
      ...counted(),
      series: index.size,
      lastArrivalMs: lastArrivalMs === undefined ? undefined : dayOf(lastArrivalMs),
    }),
    last,
    perSecond: rate.perSecond,
    save: () => ({
      counts: counted(),
      tagNames: plan.tags,
      tags: index.tags,
      series: index.size,
      seen: duplicates?.save(),
    }),
    load(saved) {
      countOn(saved.counts);
      if (saved.tagNames.join('\n') !== plan.tags.join('\n')) return;
      index.restore(saved.tags, saved.series);
      if (saved.seen) duplicates?.load(saved.seen);
    },
  };
}

type EventTime = (row: unknown, root: unknown, dayMs: number) => number;

/** Where readings carry their time; undefined when arrival time is all there is. */
function compileEventTime(
  { profile }: DevicePlan,
  ofCodec: { path: string; format: string } | undefined,
): EventTime | undefined {
  if (profile.time !== undefined) {
    const get: Getter = compilePath(profile.time.path);
    const read = compileTime(profile.time.format, profile.time.zone);
    return (row, root) => read(get(row, root));
  }
  if (ofCodec === undefined) return undefined;
  const get: Getter = compilePath(ofCodec.path);
  const read = compileTime(ofCodec.format, 'UTC');
  // A line of line protocol may leave its time out: then it is its arrival.
  return (row, root, dayMs) => {
    const value = get(row, root);
    return value === undefined ? dayMs : read(value);
  };
}

type TagGetter = (row: unknown, root: unknown, topicTags: readonly string[]) => string;

/**
 * Tags come from topic levels, paths and constants. A recorded row without a topic gives a topic's tag by a column of
 * the same name.
 */
function compileTags(
  plan: DevicePlan,
  topicTagNames: readonly string[],
  defaultPath: (name: string) => string,
): TagGetter[] {
  return plan.tags.map((name) => {
    const { tags } = plan.profile;
    // A tag may be named as what every object has: constructor.
    const config = Object.hasOwn(tags, name) ? tags[name] : undefined;
    if (config === undefined) {
      const level = topicTagNames.indexOf(name);
      const get: Getter = compilePath(defaultPath(name));
      return (row, root, topicTags) => topicTags[level] ?? textOf(get(row, root), '');
    }
    if ('value' in config) return () => config.value;
    const get: Getter = compilePath(config.path);
    return (row, root) => textOf(get(row, root), config.default ?? '');
  });
}

function textOf(value: unknown, otherwise: string): string {
  if (typeof value === 'string') return value === '' ? otherwise : value;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : otherwise;
}
