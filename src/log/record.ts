/**
 * The layout of a record, little-endian:
 *
 *     length u32 | crc32 u32 | sequence u64 | epoch u32 | group u32 | body
 *
 * The checksum covers everything after itself. `group` is the offset in the segment at which the write that this
 * record was part of began; 0 marks an end (`sequence` is the next one): without a body a clean one, with one a seal,
 * which says that the log goes on in another segment. A record whose group began
 * after some position proves that what stood at that position had reached the disk: writes never overlap in time.
 * Not here: files.
 */

import { crc32 } from 'node:zlib';

export const recordHeaderBytes = 24;
/** Of a body. Larger ones are refused. */
export const maxRecordBytes = 64 * 1024 * 1024;
const endGroup = 0;
const sealBody = Buffer.from([1]);
export const sealBytes = recordHeaderBytes + sealBody.length;

/** A sound record in a buffer; the body is `[bodyStart, end)`. */
export interface RecordPlace {
  readonly sequence: number;
  readonly epoch: number;
  readonly group: number;
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
}

/** No record but the mark of an end: of a run, or of a segment. */
export function isEnd(place: RecordPlace): boolean {
  return place.group === endGroup;
}

/** The end of a segment: records in another one followed. */
export function isSeal(place: RecordPlace): boolean {
  return isEnd(place) && place.end > place.bodyStart;
}

interface RecordFields {
  readonly sequence: number;
  readonly epoch: number;
  readonly group: number;
}

/** Writes a record's header into `target` at `at`, for a body that is written right after it. */
export function putRecordHeader(target: Buffer, at: number, fields: RecordFields, body: Uint8Array): void {
  target.writeUInt32LE(body.length, at);
  target.writeBigUInt64LE(BigInt(fields.sequence), at + 8);
  target.writeUInt32LE(fields.epoch, at + 16);
  target.writeUInt32LE(fields.group, at + 20);
  const head = crc32(target.subarray(at + 8, at + recordHeaderBytes));
  target.writeUInt32LE(crc32(body, head), at + 4);
}

/** The record that says: everything before `sequence` is on disk and no write was under way. */
export function cleanEndRecord(sequence: number, epoch: number): Buffer {
  return endRecord(sequence, epoch, Buffer.alloc(0));
}

/** The record that says: `sequence` is on disk, in another segment. */
export function sealRecord(sequence: number, epoch: number): Buffer {
  return endRecord(sequence, epoch, sealBody);
}

function endRecord(sequence: number, epoch: number, body: Buffer): Buffer {
  const header = Buffer.allocUnsafe(recordHeaderBytes);
  putRecordHeader(header, 0, { sequence, epoch, group: endGroup }, body);
  return Buffer.concat([header, body]);
}

/** Header and body bytes of the record at `at`, as its length field says; undefined when the header is not all there. */
export function claimedBytes(buffer: Buffer, at: number): number | undefined {
  return at + recordHeaderBytes <= buffer.length ? recordHeaderBytes + buffer.readUInt32LE(at) : undefined;
}

/** The record at `at` when it is whole, sound and of this epoch (of any, when undefined); else undefined. */
export function recordAt(buffer: Buffer, at: number, epoch: number | undefined): RecordPlace | undefined {
  const bytes = claimedBytes(buffer, at);
  if (bytes === undefined || at + bytes > buffer.length) return undefined;
  const found = buffer.readUInt32LE(at + 16);
  if (epoch !== undefined && found !== epoch) return undefined;
  if (crc32(buffer.subarray(at + 8, at + bytes)) !== buffer.readUInt32LE(at + 4)) return undefined;
  const sequence = Number(buffer.readBigUInt64LE(at + 8));
  const group = buffer.readUInt32LE(at + 20);
  return { sequence, epoch: found, group, start: at, bodyStart: at + recordHeaderBytes, end: at + bytes };
}

/** The first sound record of the epoch that starts at or after `at` and whose sequence is at least `least`. */
export function findRecord(
  buffer: Buffer,
  at: number,
  epoch: number,
  least: number,
): RecordPlace | undefined {
  const pattern = Buffer.allocUnsafe(4);
  pattern.writeUInt32LE(epoch);
  for (let hit = buffer.indexOf(pattern, at + 16); hit >= 0; hit = buffer.indexOf(pattern, hit + 1)) {
    const place = recordAt(buffer, hit - 16, epoch);
    if (place !== undefined && place.sequence >= least) return place;
  }
  return undefined;
}

/** As `findRecord` when the epoch is not known: tries every position whose sequence could be right. Slow. */
export function findRecordOfAnyEpoch(buffer: Buffer, at: number, least: number): RecordPlace | undefined {
  const most = least + Math.ceil(buffer.length / recordHeaderBytes);
  for (; at + recordHeaderBytes <= buffer.length; at++) {
    const sequence = buffer.readUInt32LE(at + 8) + buffer.readUInt32LE(at + 12) * 2 ** 32;
    if (sequence < least || sequence > most) continue;
    const place = recordAt(buffer, at, undefined);
    if (place !== undefined) return place;
  }
  return undefined;
}
