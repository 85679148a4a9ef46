/**
 * How a block is stored in a log record: `codec u8 | bytes of the block u32 | data`, codec 0 as it is, 1 zstd.
 *
 * Compression runs on libuv's threads; the event loop is not held up by it.
 */

import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { GatewayError } from '../core/errors.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const headerBytes = 5;
const raw = 0;
const zstd = 1;
/** Below, compression costs more than it saves. */
const leastCompressedBytes = 512;
/** One round on the thread pool for each chunk of output; a full block is a few. */
const chunkSize = 256 * 1024;
const params = { [constants.ZSTD_c_compressionLevel]: 1 };

/** The record for a block. The block must not change until this resolves. */
export async function encodeBody(block: Buffer): Promise<Buffer> {
  if (block.length >= leastCompressedBytes) {
    const small = await compress(block, {
      params,
      pledgedSrcSize: block.length,
      chunkSize: Math.min(chunkSize, block.length + 1024),
    });
    if (small.length < block.length) return withHeader(zstd, block.length, small);
  }
  return withHeader(raw, block.length, block);
}

function withHeader(codec: number, blockBytes: number, data: Buffer): Buffer {
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt8(codec);
  header.writeUInt32LE(blockBytes, 1);
  return Buffer.concat([header, data]);
}

/** The block in a record. Throws `GatewayError` when it is none, or longer than it says. */
export async function decodeBody(body: Buffer): Promise<Buffer> {
  if (body.length < headerBytes) throw unreadable('too short');
  const codec = body.readUInt8();
  const bytes = body.readUInt32LE(1);
  const data = body.subarray(headerBytes);
  const block = codec === raw ? data : await decompressed(codec, data, bytes);
  if (block.length !== bytes) throw unreadable(`${block.length} bytes instead of ${bytes}`);
  return block;
}

async function decompressed(codec: number, data: Buffer, bytes: number): Promise<Buffer> {
  if (codec !== zstd) throw unreadable(`codec ${codec} is not known`);
  try {
    return await decompress(data, {
      maxOutputLength: bytes,
      chunkSize: Math.min(1 << 20, Math.max(bytes, 1024)),
    });
  } catch (error) {
    throw unreadable(String(error));
  }
}

function unreadable(why: string): GatewayError {
  return new GatewayError(`journal block cannot be read: ${why}`);
}
