/**
 * A segment: one file of the log. Header, little-endian, 32 bytes:
 *
 *     magic "HGLOG\0" | version u8 | tail is old u8 | epoch u32 | 0 u32 | first sequence u64 | 0 u32 | crc32 u32
 *
 * Invariant: a file's name says its first sequence. A new epoch is drawn for each use of a file, so what an earlier use
 * left behind is never taken for a record.
 * Not here: reading and writing files.
 */

import { crc32 } from 'node:zlib';
import { GatewayError } from '../core/errors.ts';

export const segmentHeaderBytes = 32;
const magic = Buffer.from('HGLOG\0', 'latin1');
const formatVersion = 1;

/** A segment file as the open log knows it. */
export interface Segment {
  readonly first: number;
  /** Sequence after its last durable record. */
  next: number;
  path: string;
  /** Of the file, as far as known; the tail is a hole or old content. */
  size: number;
  /** Where its durable records end; for a segment of an earlier run its size. */
  end: number;
  /** Undefined until the header was read. */
  epoch: number | undefined;
  /** Set aside: has records that cannot be read. */
  damaged: boolean;
  /** Resolves once its file has the name of a segment set aside. */
  settingAside: Promise<void> | undefined;
  /** No longer part of the log; its file may be overwritten any moment. */
  retired: boolean;
  /** Where some of its records start, in order, so that reading need not begin at the front. */
  readonly marks: { readonly sequence: number; readonly offset: number }[];
}

export function createSegment(first: number, path: string, size: number): Segment {
  return {
    first,
    next: first,
    path,
    size,
    end: 0,
    epoch: undefined,
    damaged: false,
    settingAside: undefined,
    retired: false,
    marks: [{ sequence: first, offset: segmentHeaderBytes }],
  };
}

const markEveryBytes = 64 * 1024;

/** Notes where a record starts, when far enough from the last note. */
export function noteMark(segment: Segment, sequence: number, offset: number): void {
  if (offset >= segment.marks.at(-1)!.offset + markEveryBytes) segment.marks.push({ sequence, offset });
}

export const setAsideSuffix = '.corrupt';
const namePattern = /^(\d{16})\.log(\.corrupt)?$/;

export function segmentName(first: number): string {
  return `${String(first).padStart(16, '0')}.log`;
}

/** What a file name says; undefined for files that are no segments. */
export function parseSegmentName(name: string): { first: number; damaged: boolean } | undefined {
  const match = namePattern.exec(name);
  return match === null ? undefined : { first: Number(match[1]), damaged: match[2] !== undefined };
}

export interface SegmentHeader {
  readonly epoch: number;
  readonly first: number;
  /** Behind the records lies a hole, or what an earlier use left: in files of the first version it may be 0. */
  readonly tailIsOld: boolean;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  magic.copy(bytes);
  bytes.writeUInt8(formatVersion, 6);
  bytes.writeUInt8(header.tailIsOld ? 1 : 0, 7);
  bytes.writeUInt32LE(header.epoch, 8);
  bytes.writeBigUInt64LE(BigInt(header.first), 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  return bytes;
}

/** Whether the bytes, fewer than a header has, could be the first of one. */
export function isHeaderStart(bytes: Buffer): boolean {
  const known = Math.min(bytes.length, magic.length);
  return bytes.length < segmentHeaderBytes && bytes.subarray(0, known).equals(magic.subarray(0, known));
}

/** The header at the front of a buffer; undefined when it is not whole or not sound. Throws on a newer format. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
  if (bytes.readUInt32LE(28) !== crc32(bytes.subarray(0, 28))) return undefined;
  const version = bytes.readUInt8(6);
  if (version !== formatVersion) {
    throw new GatewayError(`log segment of format ${version}; this version reads format ${formatVersion}`, {
      remedy: 'run the version of headgate that wrote it, or move the folder away',
    });
  }
  const first = Number(bytes.readBigUInt64LE(16));
  return { epoch: bytes.readUInt32LE(8), first, tailIsOld: bytes.readUInt8(7) === 1 };
}
