/**
 * The body of a lane's record: one batch's lines, or a part of them. Little-endian, 48 bytes, then the lines:
 *
 *     version u8 | flags u8 (1 zstd, 2 last part) | part u16 | lines u32 | batch end f64 | lines before f64
 *     | oldest f64 | newest f64 | 0 u64
 *
 * The lines are a JSON array of strings (a line may itself hold a line break). `lines before` counts all lines of the
 * lane before this record, so what lies between two records is known without reading it. `oldest` is of this record,
 * `newest` of everything in the lane up to and including it. Not here: the checksum (the log's) and files.
 */

import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { GatewayError } from '../core/errors.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const formatVersion = 1;
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

export async function encodeLaneRecord(header: LaneHeader, lines: readonly string[]): Promise<Buffer> {
  const text = Buffer.from(JSON.stringify(lines));
  const packed =
    text.length < compressFromBytes
      ? text
      : await compress(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const head = Buffer.alloc(headerBytes);
  head.writeUInt8(formatVersion, 0);
  head.writeUInt8((packed === text ? 0 : zstdFlag) | (header.last ? lastFlag : 0), 1);
  head.writeUInt16LE(header.part, 2);
  head.writeUInt32LE(header.count, 4);
  head.writeDoubleLE(header.batchEndMs, 8);
  head.writeDoubleLE(header.linesBefore, 16);
  head.writeDoubleLE(header.oldestMs, 24);
  head.writeDoubleLE(header.newestMs, 32);
  return Buffer.concat([head, packed]);
}

/** Throws `GatewayError` on a format of another version. */
export function decodeLaneHeader(body: Buffer): LaneHeader {
  const version = body.length < headerBytes ? undefined : body.readUInt8(0);
  if (version !== formatVersion) {
    throw new GatewayError(`outbox record of format ${version}; this version reads format ${formatVersion}`, {
      remedy: 'run the version of headgate that wrote it until it is delivered',
    });
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

export async function decodeLaneLines(body: Buffer): Promise<readonly string[]> {
  const data = body.subarray(headerBytes);
  const text = (body.readUInt8(1) & zstdFlag) === 0 ? data : await decompress(data);
  return JSON.parse(text.toString()) as string[];
}
