/**
 * Device profiles as a recorded file needs them: the file's codec in place of the device's, its columns in place of
 * paths, and only the devices meant.
 *
 * Invariant: names, types, ranges, tags and times stay what the profile says; only where they are read from changes.
 */

import { codecs } from '../../codecs/index.ts';
import { quoteKey } from '../../codecs/path.ts';
import type { CodecConfig, DeviceProfile, FieldConfig, TagConfig } from '../../config/schema.ts';
import { parseTopic } from '../../config/topic.ts';
import { UsageError } from '../failure.ts';

/** The source of recorded frames. */
export const recordedSource = 'replay';
/** No frame comes from it. */
const nowhere = 'not replayed';

/** Messages with topics: every device with a topic takes part, or only the one named, which then needs none. */
export function forMessages(devices: readonly DeviceProfile[], only: string | undefined): DeviceProfile[] {
  return devices.map((profile) => {
    const takesPart = only === undefined ? profile.topic !== undefined : profile.device === only;
    return { ...profile, source: takesPart ? recordedSource : nowhere };
  });
}

/** The journal knows its sources; only devices that are not named are left out. */
export function forJournal(devices: readonly DeviceProfile[], only: string | undefined): DeviceProfile[] {
  return devices.map((profile) =>
    only === undefined || profile.device === only ? profile : { ...profile, source: nowhere },
  );
}

/** Readings of one device without a topic; `codec` is the file's. */
export function forReadings(
  devices: readonly DeviceProfile[],
  device: string,
  codec: CodecConfig,
): DeviceProfile[] {
  return devices.map((profile) =>
    profile.device === device ? adapt(profile, codec) : { ...profile, source: nowhere },
  );
}

function adapt(profile: DeviceProfile, codec: CodecConfig): DeviceProfile {
  const { topic, time, each, ...rest } = profile;
  const columns = codec.name === 'csv' ? codec.columns : undefined;
  const place: Place = columns !== undefined ? columnOf(columns) : placesOf(codec.name, profile.codec.name);
  const tagPlace: Place = codec.name === 'influx' && profile.codec.name !== 'influx' ? influxTag : place;
  if (columns !== undefined) refuseForeignColumns(profile, columns, place);
  const timePath = time && codec.name !== 'influx' ? place(time.path, 'time') : time?.path;
  const keepsTime = codec.name !== 'influx' || profile.codec.name === 'influx';
  return {
    ...rest,
    source: recordedSource,
    codec,
    tags: {
      ...topicTags(topic, tagPlace, codec),
      ...mapValues(profile.tags, (tag, name) => placeTag(tag, name, tagPlace)),
    },
    fields: mapValues(profile.fields, (field, name) => placeField(field, name, place)),
    ...(time && keepsTime && { time: { ...time, path: timePath ?? time.path } }),
    ...(each !== undefined && codec.name === 'json' && { each }),
  };
}

/** Where a value is in the file: from its path in the profile, if it has one, and its name. */
type Place = (path: string | undefined, name: string) => string | undefined;

const asWritten: Place = (path) => path;
const influxTag: Place = (_path, name) => codecs.influx.tagPath(name);

/** JSON is read by the profile's own paths; line protocol has names of its own, unless the device sends it too. */
function placesOf(name: CodecConfig['name'], own: CodecConfig['name']): Place {
  return name === 'influx' && own !== 'influx' ? (_path, field) => codecs.influx.fieldPath(field) : asWritten;
}

/** A column named by the path, by the last key of it, or by the value's own name. */
function columnOf(columns: readonly string[]): Place {
  return (path, name) => {
    const names = [path, path && lastKey(path), name];
    return quoteKey(names.find((text) => text !== undefined && columns.includes(text)) ?? name);
  };
}

/** `tst` of `payload.tst`, `odd key` of `["odd key"]`. */
function lastKey(path: string): string | undefined {
  const match = /(?:^|[.$^])([^.[\]$^]+)$|\["((?:[^"\\]|\\.)*)"\]$/.exec(path);
  return match?.[1] ?? match?.[2]?.replace(/\\(.)/g, '$1');
}

/** A table without the device's time, or without any of its fields, is the wrong table. */
function refuseForeignColumns(profile: DeviceProfile, columns: readonly string[], place: Place): void {
  const has = (path: string | undefined, name: string): boolean =>
    columns.some((column) => quoteKey(column) === place(path, name));
  const names = columns.map((column) => JSON.stringify(column)).join(', ');
  if (profile.time !== undefined && !has(profile.time.path, 'time')) {
    throw new UsageError(`no column has the time of device ${profile.device}; the columns are ${names}`, {
      remedy: `name a column \`${lastKey(profile.time.path) ?? profile.time.path}\`, or change \`time:\` of the device`,
    });
  }
  if (!Object.entries(profile.fields).some(([name, { path }]) => has(path, name))) {
    throw new UsageError(`no column is a field of device ${profile.device}; the columns are ${names}`, {
      remedy: `its fields are ${Object.keys(profile.fields).join(', ')}: name the columns so, or another --device`,
    });
  }
}

/** Tags that live come from the topic are read like any other, in the same order. */
function topicTags(topic: string | undefined, place: Place, codec: CodecConfig): Record<string, TagConfig> {
  if (topic === undefined) return {};
  const names = parseTopic(topic).tagNames;
  return Object.fromEntries(
    names.map((name) => [name, { path: place(undefined, name) ?? codecs[codec.name].tagPath(name) }]),
  );
}

function placeTag(tag: TagConfig, name: string, place: Place): TagConfig {
  if ('value' in tag) return tag;
  return { ...tag, path: place(tag.path, name) ?? tag.path };
}

function placeField(field: FieldConfig, name: string, place: Place): FieldConfig {
  const path = place(field.path, name);
  return path === undefined ? field : { ...field, path };
}

function mapValues<T>(
  values: Readonly<Record<string, T>>,
  change: (value: T, name: string) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
}
