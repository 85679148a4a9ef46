/**
 * Device profiles as the feeds of a test need them: names, types, ranges, defaults and times stay what the profile
 * says, only where values are read from changes.
 *
 * Values of a feed are those a rule sees: after `scale` and `offset`. Payloads are JSON, `{ time, tags, fields }`.
 */

import type { DeviceProfile } from '../../config/schema.ts';
import type { Feed } from '../../config/test-schema.ts';
import { parseTopic } from '../../config/topic.ts';
import type { Route } from '../../core/frame.ts';

/** A profile whose frames come from `routeOf` it. */
export function twinOf(profile: DeviceProfile): DeviceProfile {
  const { topic, time, each: _, codec, ...rest } = profile;
  const levels = topic === undefined ? [] : parseTopic(topic).tagNames;
  const carriesTime = time !== undefined || codec.name === 'influx';
  return {
    ...rest,
    source: routeOf(profile.device).source,
    codec: { name: 'json' },
    tags: {
      ...Object.fromEntries(levels.map((name) => [name, { path: `tags.${name}` }])),
      ...mapValues(profile.tags, (tag, name) => ('value' in tag ? tag : { ...tag, path: `tags.${name}` })),
    },
    fields: mapValues(profile.fields, (field, name) => ({
      ...field,
      path: `fields.${name}`,
      scale: 1,
      offset: 0,
    })),
    ...(carriesTime && { time: { path: 'time', format: 'unix_us', zone: 'UTC' } }),
  };
}

/** Where the frames of a device come from. */
export function routeOf(device: string): Route {
  return { source: `test of ${device}`, topic: '' };
}

/** One reading of a feed; times are whole microseconds. */
export function payloadOf({ tags }: Feed, fields: Readonly<Record<string, unknown>>, timeMs: number): string {
  return JSON.stringify({ time: Math.round(timeMs * 1000), tags, fields });
}

function mapValues<T>(
  values: Readonly<Record<string, T>>,
  change: (value: T, name: string) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
}
