/**
 * The bytes of a recorded file: plain, gzipped (known by its content), or standard input as `-`.
 *
 * Invariant: a file is opened when its turn comes and read piece by piece, so neither its size nor the number of files
 * matters. What was peeked at comes again in `bytes`.
 */

import { createReadStream, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { GatewayError, messageOf } from '../../core/errors.ts';

export interface Input {
  /** As the user typed it; `stdin` for `-`. */
  readonly name: string;
  /** Bytes on disk; undefined for what is no regular file. */
  readonly size: number | undefined;
  /** Of them read so far. */
  readonly position: number;
  /** The first bytes, unpacked: some KiB, or all when there are fewer. Throws GatewayError when there are none to be had. */
  peek(): Promise<Buffer>;
  bytes(): AsyncIterable<Buffer>;
}

const pieceBytes = 256 * 1024;
const peekBytes = 64 * 1024;

/** Throws GatewayError for a file that cannot be read. */
export async function openInput(name: string): Promise<Input> {
  if (name === '-') return streamInput('stdin', process.stdin);
  const found = await lookAt(name);
  if (found.isDirectory()) {
    throw new GatewayError(`${name} is a folder`, { remedy: `name the files in it: ${name}/*` });
  }
  // A pipe of the shell, as in `<(zstdcat FILE)`, can be read only once.
  return found.isFile() ? fileInput(name, found.size) : streamInput(name, createReadStream(name));
}

async function lookAt(name: string): Promise<Stats> {
  try {
    const handle = await open(name, 'r');
    try {
      return await handle.stat();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'this user may not read it'
          : messageOf(error);
    throw new GatewayError(`cannot read ${name}: ${why}`, { remedy: 'check the path', cause: error });
  }
}

function unreadable(name: string, cause: unknown): GatewayError {
  const { code } = cause as NodeJS.ErrnoException;
  const remedy = code?.startsWith('Z_')
    ? 'the gzip file is cut short or damaged: copy it again'
    : 'check the file and its disk';
  return new GatewayError(`cannot read ${name}: ${messageOf(cause)}`, { remedy, cause });
}

function fileInput(name: string, size: number): Input {
  let stream: ReturnType<typeof createReadStream> | undefined;
  return {
    name,
    size,
    get position() {
      return stream?.bytesRead ?? 0;
    },
    async peek() {
      const first: Buffer[] = [];
      let length = 0;
      try {
        for await (const piece of unpack(createReadStream(name, { highWaterMark: peekBytes }))) {
          first.push(piece);
          length += piece.length;
          if (length >= peekBytes) break;
        }
      } catch (error) {
        // After what can be read `bytes` comes upon the same fault, in its place.
        if (length === 0) throw unreadable(name, error);
      }
      return Buffer.concat(first);
    },
    bytes() {
      stream = createReadStream(name, { highWaterMark: pieceBytes });
      return unpack(stream);
    },
  };
}

function streamInput(name: string, stream: Readable): Input {
  const pieces = unpack(stream)[Symbol.asyncIterator]();
  let position = 0;
  let first: Buffer | undefined;
  return {
    name,
    size: undefined,
    get position() {
      return position;
    },
    async peek() {
      try {
        first ??= (await pieces.next()).value ?? Buffer.alloc(0);
      } catch (error) {
        throw unreadable(name, error);
      }
      return first!;
    },
    async *bytes() {
      if (first !== undefined) yield first;
      for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
        position += next.value.length;
        yield next.value;
      }
    },
  };
}

/** RFC 1952: a gzip file begins with 1f 8b. */
async function* unpack(stream: Readable): AsyncGenerator<Buffer> {
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let first = await pieces.next();
  while (!first.done && first.value.length < 2) {
    const more = await pieces.next();
    first = more.done ? first : { done: false, value: Buffer.concat([first.value, more.value]) };
    if (more.done) break;
  }
  try {
    if (first.done) return;
    const all = chain(first.value, pieces);
    if (first.value[0] === 0x1f && first.value[1] === 0x8b) yield* gunzip(all);
    else yield* all;
  } finally {
    stream.destroy();
  }
}

async function* chain(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function* gunzip(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const unpacked = createGunzip({ chunkSize: pieceBytes });
  // A fault of either side destroys the other; the reader of `unpacked` gets it.
  pipeline(Readable.from(packed), unpacked, () => {});
  yield* unpacked as AsyncIterable<Buffer>;
}
