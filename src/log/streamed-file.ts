/** Files that are too large for memory, written as they come. */

import { createWriteStream, type WriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { diskError } from './disk-error.ts';
import { systemDisk } from './files.ts';

/**
 * Has a file written, replacing one of that name: it has its name once it is whole and on disk, and only its owner may read it.
 * `write` resolves when it has ended the stream. Throws what `write` throws, and `GatewayError`: nothing is left then.
 */
export async function writeStreamed<T>(path: string, write: (to: WriteStream) => Promise<T>): Promise<T> {
  const aside = join(dirname(path), `.${basename(path)}.tmp`);
  try {
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

/** Where a person wants a file is another matter than where the gateway keeps its own. */
function writeError(path: string, cause: unknown): GatewayError {
  const { message } = diskError('write', path, cause);
  const remedy = 'name a file in a folder that is there, that this user may write to, and that has room';
  return new GatewayError(message, { remedy, cause });
}
