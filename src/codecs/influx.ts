/**
 * InfluxDB line protocol: each line a row `{ measurement, tags, fields, time? }`.
 *
 * `time` stays the digits that were sent, so none are lost: nanoseconds, unless the profile's `time` says otherwise.
 * Integers that a double cannot hold are bigint. Lines are read by influx-line.ts.
 */

import { type Codec, createRejects, DecodeError } from './codec.ts';
import { type Cursor, createCursor, type InfluxRow, readLine, skipLine } from './influx-line.ts';
import { quoteKey } from './path.ts';
import { byteText } from './text.ts';

export const influx: Codec<{ readonly name: 'influx' }> = {
  create: () => (buffer, start, end, emit, reject) => {
    const cursor = createCursor(byteText(buffer, start, end));
    const rejects = createRejects(reject);
    while (cursor.at < cursor.text.length) {
      const row = readOrReject(cursor, rejects.add);
      if (row !== undefined) emit(row);
    }
    rejects.finish();
  },
  fieldPath: (name) => pathTo('fields', name),
  tagPath: (name) => pathTo('tags', name),
  time: { path: 'time', format: 'unix_ns' },
};

function pathTo(part: 'fields' | 'tags', name: string): string {
  const key = quoteKey(name);
  return key.startsWith('[') ? `${part}${key}` : `${part}.${key}`;
}

function readOrReject(cursor: Cursor, reject: (detail: string) => void): InfluxRow | undefined {
  try {
    return readLine(cursor);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    skipLine(cursor);
    reject(error.message);
    return undefined;
  }
}
