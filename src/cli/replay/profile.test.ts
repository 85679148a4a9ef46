import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodecConfig, DeviceProfile, FieldConfig } from '../../config/schema.ts';
import { forJournal, forMessages, forReadings, recordedSource } from './profile.ts';

const field = (path?: string): FieldConfig => ({
  type: 'number',
  scale: 0.1,
  offset: -40,
  outside: 'drop',
  ...(path !== undefined && { path }),
});

const press: DeviceProfile = {
  device: 'press',
  source: 'mqtt',
  topic: 'plant/{site}/{machine}',
  codec: { name: 'json' },
  each: '$.rows[*]',
  time: { path: 'payload.tst', format: 'unix_s', zone: 'UTC' },
  tags: { line: { path: 'payload.desi', default: '?' }, country: { value: 'fi' } },
  fields: { temperature: field('payload.bearing["temp (C)"]'), speed: field() },
  latenessMs: 30_000,
  maxAheadMs: 10_000,
  idleAfterMs: 60_000,
  duplicates: 'drop',
};
const probe: DeviceProfile = { ...press, device: 'probe', source: 'serial' };
delete (probe as { topic?: string }).topic;

function csv(...columns: string[]): CodecConfig {
  return { name: 'csv', columns, delimiter: ',' };
}

function adapted(codec: CodecConfig, profile = press): DeviceProfile {
  return forReadings([profile], profile.device, codec)[0]!;
}

test('columns are found by the path, its last key, or the name', () => {
  const table = adapted(csv('payload.tst', 'machine', 'desi', 'temp (C)', 'speed'));
  assert.deepEqual(table.time, { path: '["payload.tst"]', format: 'unix_s', zone: 'UTC' });
  assert.deepEqual(table.tags, {
    site: { path: 'site' },
    machine: { path: 'machine' },
    line: { path: 'desi', default: '?' },
    country: { value: 'fi' },
  });
  assert.equal(table.fields.temperature?.path, '["temp (C)"]');
  assert.equal(table.fields.speed?.path, 'speed');
  assert.deepEqual({ ...table.fields.temperature, path: '' }, field(''));
  assert.equal(table.topic, undefined);
  assert.equal(table.each, undefined);
  assert.equal(table.source, recordedSource);
  const named = adapted(csv('time', 'temperature'));
  assert.equal(named.time?.path, 'time');
  assert.equal(named.fields.temperature?.path, 'temperature');
});

test('a table of something else is refused with what would do', () => {
  assert.throws(() => adapted(csv('a', 'temperature')), {
    message: 'no column has the time of device press; the columns are "a", "temperature"',
    remedy: 'name a column `tst`, or change `time:` of the device',
  });
  assert.throws(() => adapted(csv('tst', 'a')), {
    message: 'no column is a field of device press; the columns are "tst", "a"',
    remedy: 'its fields are temperature, speed: name the columns so, or another --device',
  });
});

test('json is read by the paths of the profile, tags of the topic by their names', () => {
  const json = adapted({ name: 'json' });
  assert.deepEqual(json.time, press.time);
  assert.deepEqual(json.fields, press.fields);
  assert.equal(json.each, press.each);
  assert.deepEqual(Object.keys(json.tags), ['site', 'machine', 'line', 'country']);
  assert.deepEqual(json.tags.site, { path: 'site' });
});

test('line protocol has its own places for time, tags and fields', () => {
  const points = adapted({ name: 'influx' });
  assert.equal(points.time, undefined);
  assert.deepEqual(points.tags.machine, { path: 'tags.machine' });
  assert.deepEqual(points.tags.line, { path: 'tags.line', default: '?' });
  assert.equal(points.fields.temperature?.path, 'fields.temperature');
});

test('of a device that sends line protocol the profile knows better', () => {
  const own = { ...press, codec: { name: 'influx' } as const, fields: { t: field('fields.temp') } };
  const points = adapted({ name: 'influx' }, own);
  assert.deepEqual(points.time, press.time);
  assert.equal(points.fields.t?.path, 'fields.temp');
});

test('only devices that are meant take part', () => {
  const sources = (profiles: readonly DeviceProfile[]): (string | undefined)[] =>
    profiles.map(({ source }) => source);
  const other = 'not replayed';
  assert.deepEqual(sources(forMessages([press, probe], undefined)), [recordedSource, other]);
  assert.deepEqual(sources(forMessages([press, probe], 'probe')), [other, recordedSource]);
  assert.deepEqual(sources(forReadings([press, probe], 'press', { name: 'json' })), [recordedSource, other]);
  assert.deepEqual(sources(forJournal([press, probe], undefined)), ['mqtt', 'serial']);
  assert.deepEqual(sources(forJournal([press, probe], 'probe')), [other, 'serial']);
});
