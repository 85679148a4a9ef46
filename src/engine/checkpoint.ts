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
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { type Disk, readWholeFile, replaceByRename, setFileAside, writeFileDurably } from '../log/files.ts';
import type { SavedState } from './engine.ts';

export interface Checkpoint {
  /** End of the last batch in the state. */
  readonly batchEndMs: number;
  /** Where the journal goes on. */
  readonly position: { readonly sequence: number; readonly frame: number; readonly blockMs?: number };
  readonly state: SavedState;
  /** How much the lanes of the outbox held. Not in checkpoints of versions before 0.1. */
  readonly lanes?: Readonly<
    Record<'points' | 'alerts', { readonly next: number; readonly lineCount: number }>
  >;
  /** Half-open QoS 2 handshakes: source, client, id. */
  readonly handshakes: readonly (readonly [string, string, number])[];
}

export interface CheckpointStore {
  /** The newest that can be read and that `refuse` gives no reason against; the others are set aside. */
  load(refuse: (checkpoint: Checkpoint) => Promise<string | undefined>): Promise<Checkpoint | undefined>;
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
  try {
    return deserialize(zstdDecompressSync(body)) as Checkpoint;
  } catch {
    // Whole, but of a newer V8, whose format this one does not know.
    return undefined;
  }
}

async function isThere(disk: Disk, path: string): Promise<boolean> {
  return disk.size(path).then(
    () => true,
    () => false,
  );
}

export function openCheckpoints(folder: string, disk: Disk, logger: Logger): CheckpointStore {
  const current = join(folder, 'checkpoint');
  const previous = join(folder, 'checkpoint.previous');

  async function read(
    path: string,
    refuse: (checkpoint: Checkpoint) => Promise<string | undefined>,
  ): Promise<Checkpoint | undefined> {
    const bytes = await readWholeFile(disk, path).catch((error: unknown) => setAside(path, messageOf(error)));
    if (bytes === undefined) return undefined;
    const checkpoint = decodeCheckpoint(bytes);
    const why =
      checkpoint === undefined
        ? `its ${bytes.length} bytes are not those of a checkpoint of this version`
        : await refuse(checkpoint);
    return why === undefined ? checkpoint : setAside(path, why);
  }

  async function setAside(path: string, why: string): Promise<undefined> {
    const file = await setFileAside(disk, path);
    logger.error({ file, why }, 'checkpoint cannot be used: set aside');
  }

  return {
    load: async (refuse) => (await read(current, refuse)) ?? (await read(previous, refuse)),
    async save(checkpoint) {
      const bytes = encodeCheckpoint(checkpoint);
      if (await isThere(disk, current)) await replaceByRename(disk, current, previous);
      await writeFileDurably(disk, current, bytes);
      return bytes.length;
    },
  };
}
