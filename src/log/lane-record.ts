/**
 * The body of a lane's record: one batch's lines, or a part of them. Little-endian, 48 bytes, then the content:
 *
 *     version u8 | flags u8 (1 zstd, 2 last part) | part u16 | lines u32 | batch end f64 | lines before f64
 *     | oldest f64 | newest f64 | 0 u64
 *
 * The content is, in version 1, a JSON array of strings, the lines (a line may itself hold a line break). In version 2 it
 * is an object: `lines`; `notes`, for each line 0 or an array of a place in `kinds` and numbers; `kinds`, strings. A record
 * in which no line has a note is of version 1. `lines before` counts all lines of the
 * lane before this record, so what lies between two records is known without reading it. `oldest` is of this record,
 * `newest` of everything in the lane up to and including it. Not here: the checksum (the log's) and files.
 */

import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { GatewayError } from '../core/errors.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const plainVersion = 1;
const notedVersion = 2;
const headerBytes = 48;
const zstdFlag = 1;
const lastFlag = 2;
/** Below, compression costs more than it saves. */
const compressFromBytes = 512;

export interface LaneHeader {
  readonly batchEndMs: number;
  /** 0, 1, … of a batch too large for one record. */
  readonly part: number;
  readonly last: boolean;
  readonly count: number;
  readonly linesBefore: number;
  /** Times of lines, as the lane's `timeOf` gives them. */
  readonly oldestMs: number;
  readonly newestMs: number;
}

/** What those who read a line must know besides it. */
export interface Note {
  /** One text for many lines. */
  readonly kind: string;
  readonly numbers: readonly number[];
}

/** By line; shorter when the last ones have none. */
export type Notes = readonly (Note | undefined)[];

export interface LaneContent {
  readonly lines: readonly string[];
  readonly notes: Notes;
}

export async function encodeLaneRecord(
  header: LaneHeader,
  lines: readonly string[],
  notes: Notes = [],
): Promise<Buffer> {
  const isNoted = notes.some((note) => note !== undefined);
  const text = Buffer.from(JSON.stringify(isNoted ? { lines, ...packNotes(notes) } : lines));
  const packed =
    text.length < compressFromBytes
      ? text
      : await compress(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const head = Buffer.alloc(headerBytes);
  head.writeUInt8(isNoted ? notedVersion : plainVersion, 0);
  head.writeUInt8((packed === text ? 0 : zstdFlag) | (header.last ? lastFlag : 0), 1);
  head.writeUInt16LE(header.part, 2);
  head.writeUInt32LE(header.count, 4);
  head.writeDoubleLE(header.batchEndMs, 8);
  head.writeDoubleLE(header.linesBefore, 16);
  head.writeDoubleLE(header.oldestMs, 24);
  head.writeDoubleLE(header.newestMs, 32);
  return Buffer.concat([head, packed]);
}

interface PackedNotes {
  readonly kinds: readonly string[];
  readonly notes: readonly (0 | readonly [kind: number, ...numbers: number[]])[];
}

function packNotes(notes: Notes): PackedNotes {
  const kinds = new Map<string, number>();
  const placeOf = (kind: string): number => {
    const place = kinds.get(kind) ?? kinds.size;
    kinds.set(kind, place);
    return place;
  };
  const packed = Array.from(notes, (note) =>
    note === undefined ? 0 : ([placeOf(note.kind), ...note.numbers] as const),
  );
  return { kinds: [...kinds.keys()], notes: packed };
}

/** Throws `GatewayError` on a format of another version. */
export function decodeLaneHeader(body: Buffer): LaneHeader {
  const version = body.length < headerBytes ? undefined : body.readUInt8(0);
  if (version !== plainVersion && version !== notedVersion) {
    throw new GatewayError(
      `outbox record of format ${version}; this version reads formats up to ${notedVersion}`,
      {
        remedy: 'run the version of headgate that wrote it until it is delivered',
      },
    );
  }
  return {
    batchEndMs: body.readDoubleLE(8),
    part: body.readUInt16LE(2),
    last: (body.readUInt8(1) & lastFlag) !== 0,
    count: body.readUInt32LE(4),
    linesBefore: body.readDoubleLE(16),
    oldestMs: body.readDoubleLE(24),
    newestMs: body.readDoubleLE(32),
  };
}

export async function decodeLaneContent(body: Buffer): Promise<LaneContent> {
  const data = body.subarray(headerBytes);
  const text = (body.readUInt8(1) & zstdFlag) === 0 ? data : await decompress(data);
  const content = JSON.parse(text.toString()) as
    | readonly string[]
    | ({ lines: readonly string[] } & PackedNotes);
  if (!('kinds' in content)) return { lines: content, notes: [] };
  const { lines, kinds, notes } = content;
  return {
    lines,
    notes: notes.map((note) => (note === 0 ? undefined : { kind: kinds[note[0]]!, numbers: note.slice(1) })),
  };
}
