/**
 * The layout of a record, little-endian:
 *
 *     length u32 | crc32 u32 | sequence u64 | epoch u32 | group u32 | body
 *
 * The checksum covers everything after itself. `group` is the offset in the segment at which the write that this
 * record was part of began; 0 marks a clean end (no body, `sequence` is the next one). A record whose group began
 * after some position proves that what stood at that position had reached the disk: writes never overlap in time.
 * Not here: files.
 */

import { crc32 } from 'node:zlib';

export const recordHeaderBytes = 24;
/** Of a body. Larger ones are refused. */
export const maxRecordBytes = 64 * 1024 * 1024;
const cleanEndGroup = 0;

/** A sound record in a buffer; the body is `[bodyStart, end)`. */
export interface RecordPlace {
  readonly sequence: number;
  readonly epoch: number;
  readonly group: number;
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
}

export function isCleanEnd(place: RecordPlace): boolean {
  return place.group === cleanEndGroup;
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
  const record = Buffer.allocUnsafe(recordHeaderBytes);
  putRecordHeader(record, 0, { sequence, epoch, group: cleanEndGroup }, Buffer.alloc(0));
  return record;
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
