/**
 * Appends records: everything that waits goes out as one write and one fdatasync, one such group at a time.
 *
 * Invariant: an append resolves only after the sync of its group; sequences are given in the order of the calls, and
 * after a crash unacknowledged records survive, if at all, as the first of their group.
 * After a failed sync the file is never synced again: what the system still holds in memory may not be on disk.
 */

import { randomInt } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import { diskError, syncError } from './disk-error.ts';
import {
  cleanEndRecord,
  maxRecordBytes,
  putRecordHeader,
  recordHeaderBytes,
  sealBytes,
  sealRecord,
} from './record.ts';
import { beginSegment, makeRoom } from './room.ts';
import { encodeSegmentHeader, noteMark, type Segment, segmentHeaderBytes } from './segment.ts';
import type { LogState } from './state.ts';

interface Waiting {
  readonly body: Uint8Array;
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: Error) => void;
}

export interface LogWriter {
  append(body: Uint8Array): Promise<number>;
  /** Waits for what was appended, then marks the clean end and closes the file. */
  close(): Promise<void>;
}

type ActiveSegment = NonNullable<LogState['active']>;

/** The writer of a log. `markedClean`: the active segment ends with a clean end already. */
export function createLogWriter(state: LogState, markedClean: boolean): LogWriter {
  const waiting: Waiting[] = [];
  let working: Promise<void> | undefined;
  let closed = false;
  /** A write may have left bytes after the durable end. */
  let dirty = false;
  let clean = markedClean;

  function append(body: Uint8Array): Promise<number> {
    if (closed) return Promise.reject(new GatewayError(`log ${state.folder} is closed`));
    if (body.length > maxRecordBytes) return Promise.reject(tooLarge(body.length));
    return new Promise((resolve, reject) => {
      waiting.push({ body, resolve, reject });
      working ??= work();
    });
  }

  async function work(): Promise<void> {
    // Appends of the same turn ride in the same group.
    await undefined;
    while (waiting.length > 0) await commitNext();
    working = undefined;
  }

  async function commitNext(): Promise<void> {
    let group: Waiting[] = waiting.slice(0, 1);
    try {
      if (state.failed !== undefined) throw state.failed;
      const active = await activeFor(group[0]!.body.length);
      group = fitting(active);
      const sequence = state.next;
      await write(active, group, sequence);
      waiting.splice(0, group.length);
      for (const [i, { resolve }] of group.entries()) resolve(sequence + i);
    } catch (error) {
      waiting.splice(0, group.length);
      for (const { reject } of group) reject(error as Error);
    }
  }

  async function activeFor(bodyBytes: number): Promise<ActiveSegment> {
    const bytes = recordHeaderBytes + bodyBytes;
    const { active } = state;
    // A number given up by `release` leaves a gap, which only a new segment can express.
    if (active !== undefined && !active.segment.damaged && active.segment.next === state.next) {
      const end = (active.segment.end || segmentHeaderBytes) + bytes + sealBytes;
      if (end <= state.segmentBytes) return active;
      if (active.segment.next === active.segment.first) return await growActive(active, end);
    }
    await beginSegment(state, segmentHeaderBytes + bytes + sealBytes);
    return state.active!;
  }

  /** An empty segment takes one record of any size; no second one may have its name. */
  async function growActive(active: ActiveSegment, end: number): Promise<ActiveSegment> {
    await makeRoom(state, Math.max(0, end - Math.max(active.segment.size, state.segmentBytes)), 0);
    return active;
  }

  /** What a failed write left behind, and was refused, must not be there after a crash. */
  async function cut(active: ActiveSegment): Promise<void> {
    const { segment, file } = active;
    try {
      await file.truncate(segment.end);
    } catch (error) {
      throw fail(segment, syncError(segment.path, error));
    }
    await sync(active);
    segment.size = Math.min(segment.size, segment.end);
    dirty = false;
  }

  /** The first of the waiting, and as many more as the segment takes. */
  function fitting({ segment }: ActiveSegment): Waiting[] {
    let end = (segment.end || segmentHeaderBytes) + sealBytes + recordHeaderBytes + waiting[0]!.body.length;
    let count = 1;
    for (; count < waiting.length; count++) {
      end += recordHeaderBytes + waiting[count]!.body.length;
      if (end > state.segmentBytes) break;
    }
    return waiting.slice(0, count);
  }

  async function write(active: ActiveSegment, group: readonly Waiting[], first: number): Promise<void> {
    const { segment, file } = active;
    const { parts, starts, end } = layOut(active, group, first);
    dirty = true;
    try {
      await file.write(parts, segment.end);
    } catch (error) {
      await cut(active);
      throw diskError('write', segment.path, error);
    }
    await sync(active);
    dirty = false;
    clean = false;
    segment.end = end;
    segment.size = Math.max(segment.size, end);
    for (const [i, start] of starts.entries()) noteMark(segment, first + i, start);
    segment.next = first + group.length;
    state.next = Math.max(state.next, segment.next);
    await sealBefore(first);
  }

  /** So that the next start misses this segment, should it be gone. Not synced: nothing depends on it. */
  async function sealBefore(sequence: number): Promise<void> {
    const { unsealed } = state;
    if (unsealed === undefined) return;
    state.unsealed = undefined;
    const { segment, file } = unsealed;
    try {
      if (segment.epoch !== undefined && segment.end > 0 && !segment.damaged && !segment.retired) {
        await file.write([sealRecord(sequence, segment.epoch)], segment.end);
        segment.size = Math.max(segment.size, segment.end + sealBytes);
      }
    } catch (error) {
      state.logger.warn({ file: segment.path, error: String(error) }, 'end of a log segment not marked');
    } finally {
      await file.close();
    }
  }

  async function sync({ segment, file }: ActiveSegment): Promise<void> {
    try {
      await file.sync();
    } catch (error) {
      throw fail(segment, syncError(segment.path, error));
    }
  }

  /** Nothing is known of the file any more: every append is refused from now on. */
  function fail(segment: Segment, error: GatewayError): GatewayError {
    state.failed = error;
    state.logger.error({ file: segment.path, error: error.message }, 'log failed: nothing more is stored');
    return error;
  }

  async function close(): Promise<void> {
    closed = true;
    await working;
    const { active, unsealed } = state;
    await unsealed?.file.close();
    state.unsealed = undefined;
    if (active === undefined) return;
    if (!clean && !dirty && state.failed === undefined) await markCleanEnd(active);
    await active.file.close();
    state.active = undefined;
  }

  /** Only a convenience for the next start: without it a damaged last record passes for a torn one. */
  async function markCleanEnd({ segment, file }: ActiveSegment): Promise<void> {
    // Nor in one whose first write failed: there is no header yet.
    if (segment.epoch === undefined || segment.damaged || segment.end === 0) return;
    const record = cleanEndRecord(segment.next, segment.epoch);
    try {
      await file.write([record], segment.end);
      await file.sync();
    } catch (error) {
      state.logger.warn({ file: segment.path, error: String(error) }, 'end of the log not marked');
    }
  }

  return { append, close };
}

/** The parts of one write: headers and bodies, and the segment's own header when it is the first. */
function layOut({ segment }: ActiveSegment, group: readonly Waiting[], first: number) {
  const parts: Uint8Array[] = [];
  if (segment.end === 0) {
    segment.epoch = randomInt(2 ** 32);
    parts.push(encodeSegmentHeader({ epoch: segment.epoch, first: segment.first, tailIsOld: true }));
  }
  const epoch = segment.epoch!;
  const from = segment.end || segmentHeaderBytes;
  const headers = Buffer.allocUnsafe(group.length * recordHeaderBytes);
  const starts: number[] = [];
  let end = from;
  for (const [i, { body }] of group.entries()) {
    const at = i * recordHeaderBytes;
    putRecordHeader(headers, at, { sequence: first + i, epoch, group: from }, body);
    parts.push(headers.subarray(at, at + recordHeaderBytes), body);
    starts.push(end);
    end += recordHeaderBytes + body.length;
  }
  return { parts, starts, end };
}

function tooLarge(bytes: number): GatewayError {
  return new GatewayError(`a record of ${bytes} bytes is larger than the limit of ${maxRecordBytes}`, {
    remedy: 'lower `limits.packet` so that such a message is refused where it arrives',
  });
}
