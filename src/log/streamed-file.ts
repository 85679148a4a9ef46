/** Files that are too large for memory, written as they come. */

import { constants, createWriteStream, type WriteStream } from 'node:fs';
import { open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { diskError } from './disk-error.ts';
import { isMissing, systemDisk } from './files.ts';

/** What is written, by which a file of that kind is known that may be replaced. */
export interface StreamedKind {
  /** "a backup". */
  readonly name: string;
  /** The first bytes of each. */
  readonly begins: Uint8Array;
}

/**
 * Has a file written, replacing one of that name and kind: it has its name once it is whole and on disk, and only its owner may
 * read it. `write` resolves when it has ended the stream. Throws what `write` throws, and `GatewayError`: nothing is left then.
 */
export async function writeStreamed<T>(
  named: string,
  kind: StreamedKind,
  write: (to: WriteStream) => Promise<T>,
): Promise<T> {
  // Where a link leads to, and not the link itself, is what is meant.
  const path = await realpath(named).catch(() => named);
  const aside = join(dirname(path), `.${basename(path)}.tmp`);
  try {
    await refuseOther(path, kind);
    await rm(aside, { force: true });
    const written = await write(createWriteStream(aside, { flags: 'wx', mode: 0o600 }));
    const file = await open(aside, 'r+');
    await file.sync().finally(() => file.close());
    await rename(aside, path);
    await systemDisk.syncFolder(dirname(path));
    return written;
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {});
    throw (error as NodeJS.ErrnoException).code === undefined ? error : writeError(path, error);
  }
}

/** A device would be replaced by a file; so would headgate.yaml by whoever forgets `-c`. */
async function refuseOther(path: string, { name, begins }: StreamedKind): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    const stats = await file.stat();
    if (!stats.isFile() && !stats.isDirectory()) {
      throw new GatewayError(`${path} is no file`, { remedy: 'name a file; `-` is standard output' });
    }
    const { buffer, bytesRead } = await file.read(Buffer.alloc(begins.length), 0, begins.length, 0);
    if (bytesRead === 0 || buffer.equals(begins)) return;
    throw new GatewayError(`${path} is there already, and is not ${name}`, {
      remedy: 'name another file, or move that one away',
    });
  } finally {
    await file.close();
  }
}

/** Where a person wants a file is another matter than where the gateway keeps its own. */
function writeError(path: string, cause: unknown): GatewayError {
  const { message } = diskError('write', path, cause);
  const remedy = 'name a file in a folder that is there, that this user may write to, and that has room';
  return new GatewayError(message, { remedy, cause });
}
