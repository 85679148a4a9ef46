/**
 * Reads the records of a log that is not open here, perhaps written to by another process, and makes segments of them that a log
 * elsewhere opens as its own.
 *
 * Invariant: nothing is changed in the folder. Sequences stay as they were; what cannot be read shows as a gap in them.
 */

import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { diskError } from './disk-error.ts';
import { type Disk, isMissing } from './files.ts';
import { cleanEndRecord, putRecordHeader, recordHeaderBytes, sealRecord } from './record.ts';
import { scanSegment } from './scan.ts';
import { encodeSegmentHeader, parseSegmentName, segmentHeaderBytes, segmentName } from './segment.ts';
import { readDamagedFile } from './set-aside.ts';

export interface Range {
  /** The first sequence. */
  readonly from: number;
  /** Behind the last one; default: all there are. */
  readonly to?: number;
}

export interface CopiedRecord {
  readonly sequence: number;
  readonly body: Buffer;
}

export interface CopiedSegment {
  /** Of the file. */
  readonly name: string;
  readonly content: Buffer;
  readonly first: number;
  /** Behind its last record. */
  readonly next: number;
}

/** The records in order, as far as they can be read. Throws `GatewayError` when the folder cannot be. */
export async function* copyRecords(
  disk: Disk,
  folder: string,
  { from, to = Number.POSITIVE_INFINITY }: Range,
): AsyncGenerator<CopiedRecord> {
  let sequence = from;
  const files = await segmentsIn(disk, folder);
  for (const [i, { name, first }] of files.entries()) {
    const behind = files[i + 1]?.first ?? Number.POSITIVE_INFINITY;
    if (behind <= sequence || first >= to) continue;
    const { content } = await readDamagedFile(disk, join(folder, name));
    for (const place of scanSegment(content, first).records) {
      if (place.sequence < sequence || place.sequence >= to) continue;
      yield { sequence: place.sequence, body: content.subarray(place.bodyStart, place.end) };
      sequence = place.sequence + 1;
    }
  }
}

/** The sequence of the last record that can be read; undefined when there is none. */
export async function lastSequence(disk: Disk, folder: string): Promise<number | undefined> {
  for (const { first } of (await segmentsIn(disk, folder)).reverse()) {
    let last: number | undefined;
    for await (const { sequence } of copyRecords(disk, folder, { from: first })) last = sequence;
    if (last !== undefined) return last;
  }
  return undefined;
}

async function segmentsIn(disk: Disk, folder: string): Promise<{ name: string; first: number }[]> {
  const names = await disk.list(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw diskError('read', folder, error);
  });
  return names.sort().flatMap((name) => {
    const parsed = parseSegmentName(name);
    return parsed === undefined ? [] : [{ name, first: parsed.first }];
  });
}

const segmentBytes = 4 * 1024 * 1024;

/** Segments of the records, each of sequences without a gap; the last one ends as a log that was closed does. */
export async function* segmentsOf(records: AsyncIterable<CopiedRecord>): AsyncGenerator<CopiedSegment> {
  let held: CopiedRecord[] = [];
  let bytes = 0;
  for await (const record of records) {
    const last = held.at(-1);
    const isNext = last === undefined || record.sequence === last.sequence + 1;
    if (last !== undefined && (!isNext || bytes + record.body.length > segmentBytes)) {
      yield segmentFrom(held, record.sequence);
      held = [];
      bytes = 0;
    }
    held.push(record);
    bytes += recordHeaderBytes + record.body.length;
  }
  if (held.length > 0) yield segmentFrom(held, undefined);
}

/** `following`: the first sequence of the segment behind it. */
function segmentFrom(records: readonly CopiedRecord[], following: number | undefined): CopiedSegment {
  const first = records[0]!.sequence;
  const next = records.at(-1)!.sequence + 1;
  const epoch = randomInt(2 ** 32);
  const parts: Uint8Array[] = [encodeSegmentHeader({ epoch, first, tailIsOld: true })];
  for (const { sequence, body } of records) {
    const header = Buffer.allocUnsafe(recordHeaderBytes);
    putRecordHeader(header, 0, { sequence, epoch, group: segmentHeaderBytes }, body);
    parts.push(header, body);
  }
  parts.push(following === undefined ? cleanEndRecord(next, epoch) : sealRecord(following, epoch));
  return { name: segmentName(first), content: Buffer.concat(parts), first, next };
}
