/**
 * Reads durable records back while others are appended and old segments are used again.
 *
 * Invariant: bytes of a file are looked at only up to what was durable before they were read, and thrown away when the
 * segment was retired meanwhile. A record that cannot be read sets its segment aside, is counted, and reading goes on.
 */

import { diskError, isShortage } from './disk-error.ts';
import type { DiskFile } from './files.ts';
import { claimedBytes, isEnd, type RecordPlace, recordAt, recordHeaderBytes } from './record.ts';
import { scanSegment } from './scan.ts';
import { decodeSegmentHeader, noteMark, type Segment, segmentHeaderBytes } from './segment.ts';
import { readDamagedFile, setAside } from './set-aside.ts';
import { firstSequence, type LogState, segmentAt } from './state.ts';

export interface LogRecord {
  readonly sequence: number;
  readonly body: Buffer;
}

const chunkBytes = 256 * 1024;

/** Durable records from `from`, or the first one kept, up to the durable end at the time it gets there. */
export async function* readRecords(state: LogState, from: number): AsyncGenerator<LogRecord> {
  let sequence = from;
  for (;;) {
    sequence = Math.max(sequence, firstSequence(state));
    const segment = sequence < state.next ? segmentAt(state, sequence) : undefined;
    if (segment === undefined) return;
    if (sequence >= segment.next) {
      sequence = followingSegment(state, segment);
      continue;
    }
    const next = segment.next;
    const wasDamaged = segment.damaged;
    const records = wasDamaged ? readDamaged(state, segment, next) : readSound(state, segment, sequence);
    for await (const record of records) {
      if (record.sequence < sequence) continue;
      yield record;
      sequence = record.sequence + 1;
    }
    if (wasDamaged && !segment.retired) sequence = Math.max(sequence, next);
  }
}

function followingSegment(state: LogState, segment: Segment): number {
  return state.segments.find((other) => other.first > segment.first)?.first ?? state.next;
}

/** Ends early, without a word, when the segment is retired or set aside: the caller looks again. */
async function* readSound(state: LogState, segment: Segment, from: number): AsyncGenerator<LogRecord> {
  const file = await openSegment(state, segment);
  if (file === undefined) return;
  try {
    const epoch = segment.epoch ?? (await readEpoch(file, segment));
    const mark = segment.marks.findLast((note) => note.sequence <= from)!;
    const cursor = { sequence: mark.sequence, at: 0 };
    for (let offset = mark.offset, wanted = chunkBytes; cursor.sequence < segment.next; ) {
      const { next, end } = segment;
      const asked = Math.min(wanted, end - offset);
      const chunk = await readChunk(file, offset, asked);
      if (segment.retired) return;
      cursor.at = 0;
      for (const place of recordsIn(chunk, epoch, cursor, next)) {
        noteMark(segment, place.sequence, offset + place.start);
        if (place.sequence >= from) yield recordOf(chunk, place);
      }
      const missing = cursor.sequence < next && chunk.length === asked ? missingBytes(chunk, cursor.at) : 0;
      offset += cursor.at;
      if (cursor.sequence < next && (missing === 0 || missing > end - offset)) {
        return await setAside(state, segment);
      }
      wanted = Math.max(missing, chunkBytes);
    }
  } finally {
    await file.close();
  }
}

/** Sound records in sequence; moves the cursor behind the last one. */
function* recordsIn(
  chunk: Buffer,
  epoch: number | undefined,
  cursor: { sequence: number; at: number },
  next: number,
): Generator<RecordPlace> {
  while (epoch !== undefined && cursor.sequence < next) {
    const place = recordAt(chunk, cursor.at, epoch);
    if (place?.sequence !== cursor.sequence) return;
    cursor.at = place.end;
    if (isEnd(place)) continue;
    cursor.sequence += 1;
    yield place;
  }
}

/** Bytes to read for the record at `at` when the chunk ends before it does; 0 when it is all there. */
function missingBytes(chunk: Buffer, at: number): number {
  const claimed = claimedBytes(chunk, at);
  if (claimed === undefined) return recordHeaderBytes;
  return at + claimed > chunk.length ? claimed : 0;
}

function recordOf(chunk: Buffer, place: RecordPlace): LogRecord {
  return { sequence: place.sequence, body: chunk.subarray(place.bodyStart, place.end) };
}

async function openSegment(state: LogState, segment: Segment): Promise<DiskFile | undefined> {
  try {
    return await state.disk.open(segment.path, 'read');
  } catch (error) {
    await segment.settingAside;
    if (segment.retired || segment.damaged) return undefined;
    if (isShortage(error)) throw diskError('read', segment.path, error);
    await setAside(state, segment);
    return undefined;
  }
}

/** Undefined when the header is not that of this segment. */
async function readEpoch(file: DiskFile, segment: Segment): Promise<number | undefined> {
  const header = decodeSegmentHeader(await readChunk(file, 0, segmentHeaderBytes));
  if (header?.first === segment.first) segment.epoch = header.epoch;
  return segment.epoch;
}

/** What cannot be read is left out: the records there are then found missing. */
async function readChunk(file: DiskFile, offset: number, bytes: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(Math.max(0, bytes));
  try {
    return chunk.subarray(0, await file.read(chunk, offset));
  } catch {
    return chunk.subarray(0, 0);
  }
}

async function* readDamaged(state: LogState, segment: Segment, next: number): AsyncGenerator<LogRecord> {
  await segment.settingAside;
  const { content } = await readDamagedFile(state.disk, segment.path);
  if (segment.retired) return;
  for (const place of scanSegment(content, segment.first).records) {
    if (place.sequence < next) yield recordOf(content, place);
  }
}
