/**
 * The event time of a payload, read before the engine sees it: what a file without recorded arrivals has instead.
 *
 * Invariant: the same codec, path and time format as the engine's own decoding.
 */

import { codecs, DecodeError, type Decoder } from '../../codecs/index.ts';
import { compileEach, compilePath } from '../../codecs/path.ts';
import { compileTime } from '../../codecs/time.ts';
import type { DeviceProfile } from '../../config/schema.ts';

/** Where the result of one reading is put; one object serves all. */
export interface EventTime {
  /** The latest of the payload's rows; NaN when none has a usable one. */
  ms: number;
  rows: number;
  /** Why there is none. */
  problem: { readonly reason: string; readonly detail: string } | undefined;
}

export type ReadEventTime = (buffer: Buffer, start: number, end: number, into: EventTime) => void;

/** Undefined for a device whose readings carry no time: theirs is their arrival. */
export function compileEventTime(profile: DeviceProfile): ReadEventTime | undefined {
  const codec = codecs[profile.codec.name];
  const time = profile.time ?? (codec.time && { ...codec.time, zone: 'UTC' });
  if (time === undefined) return undefined;
  const decode = codec.create(profile.codec as never) as Decoder;
  const get = compilePath(time.path);
  const read = compileTime(time.format, time.zone);
  const each = profile.each === undefined ? undefined : compileEach(profile.each);
  let into: EventTime;
  let root: unknown;

  const take = (row: unknown): void => {
    into.rows += 1;
    const ms = read(get(row, root));
    if (!Number.isNaN(ms) && !(ms <= into.ms)) into.ms = ms;
  };
  const takePayload = (payload: unknown): void => {
    root = payload;
    if (each === undefined) take(payload);
    else each(payload, take, reject);
  };
  const reject = (detail: string): void => {
    into.problem ??= { reason: 'malformed', detail };
  };

  return (buffer, start, end, result) => {
    into = result;
    into.ms = Number.NaN;
    into.rows = 0;
    into.problem = undefined;
    try {
      decode(buffer, start, end, takePayload, reject);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      reject(error.message);
    }
    if (Number.isNaN(into.ms) && into.rows > 0) {
      into.problem ??= {
        reason: 'no time',
        detail: `${time.path} (${time.format}) is missing or unreadable`,
      };
    }
  };
}
