/**
 * The checkpoint: engine state and journal position in one file, replaced as a whole.
 *
 * Format: 8 bytes magic and version, CRC-32 of the body, then the body: V8's structured clone serialisation,
 * compressed with zstd. The file before the last is kept; a damaged one is set aside as `.corrupt` and the older one
 * taken, from which the journal is run again to the same result.
 */

import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Logger } from '../core/log.ts';
import { type Disk, readWholeFile, writeFileDurably } from '../log/files.ts';
import type { SavedState } from './engine.ts';

export interface Checkpoint {
  /** End of the last batch in the state. */
  readonly batchEndMs: number;
  /** Where the journal goes on. */
  readonly position: { readonly sequence: number; readonly frame: number };
  readonly state: SavedState;
}

export interface CheckpointStore {
  load(): Promise<Checkpoint | undefined>;
  /** The state is copied before this returns its promise; resolves with the bytes written. */
  save(checkpoint: Checkpoint): Promise<number>;
}

const magic = Buffer.from('HGCHKP02', 'latin1');
const headerBytes = magic.length + 4;

export function encodeCheckpoint(checkpoint: Checkpoint): Buffer {
  const body = zstdCompressSync(serialize(checkpoint));
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32LE(crc32(body), magic.length);
  return Buffer.concat([header, body]);
}

/** Undefined when the bytes are no checkpoint of this format, or damaged. */
export function decodeCheckpoint(bytes: Buffer): Checkpoint | undefined {
  const body = bytes.subarray(headerBytes);
  const whole = bytes.length > headerBytes && magic.equals(bytes.subarray(0, magic.length));
  if (!whole || crc32(body) !== bytes.readUInt32LE(magic.length)) return undefined;
  return deserialize(zstdDecompressSync(body)) as Checkpoint;
}

export function openCheckpoints(folder: string, disk: Disk, logger: Logger): CheckpointStore {
  const current = join(folder, 'checkpoint');
  const previous = join(folder, 'checkpoint.previous');

  async function read(path: string): Promise<Checkpoint | undefined> {
    const bytes = await readWholeFile(disk, path);
    if (bytes === undefined) return undefined;
    const checkpoint = decodeCheckpoint(bytes);
    if (checkpoint !== undefined) return checkpoint;
    await disk.rename(path, `${path}.corrupt`);
    logger.error({ path, bytes: bytes.length }, 'checkpoint is damaged: set aside as .corrupt');
    return undefined;
  }

  return {
    load: async () => (await read(current)) ?? (await read(previous)),
    async save(checkpoint) {
      const bytes = encodeCheckpoint(checkpoint);
      if ((await readWholeFile(disk, current)) !== undefined) await disk.rename(current, previous);
      await writeFileDurably(disk, current, bytes);
      return bytes.length;
    },
  };
}
