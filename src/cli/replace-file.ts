/**
 * Writes a file of the gateway's configuration so that those may read it who read its neighbours, and nobody else.
 *
 * Invariant: replaced as a whole, durably; a file that was there keeps owner, group and rights, of a secret less than was
 * too much. A new one belongs to the owner and group of its folder, and where the folder is for that group and closed to others,
 * as /etc/headgate is, the group may read it: that is the gateway.
 */

import { chmod, chown, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { isForGroup } from '../core/folder-rights.ts';
import { makeFolder } from '../core/make-folder.ts';
import { diskError, isDenied, isDiskFull } from '../log/disk-error.ts';
import { systemDisk, writeFileDurably } from '../log/files.ts';

export type Privacy = 'private' | 'public';

/** `private`: a secret is in it. Throws a `GatewayError`. */
export async function replaceFile(path: string, text: string | Uint8Array, privacy: Privacy): Promise<void> {
  await replace(path, text, privacy).catch((error: unknown) => {
    throw inWords(path, error);
  });
}

/** The folder of such a file, where it is missing. Throws a `GatewayError`. */
export async function makeFolderOf(path: string): Promise<void> {
  await makeFolder(dirname(path)).catch((error: unknown) => {
    throw inWords(path, error);
  });
}

function inWords(path: string, cause: unknown): GatewayError {
  const { message } = diskError('write', path, cause);
  return new GatewayError(message, { remedy: remedyFor(cause), cause });
}

/** It is a person who writes here, and not the gateway into its data folder. */
function remedyFor(error: unknown): string {
  if (isDenied(error)) return 'run this as root (sudo), or as the user whose folder it is';
  if (isDiskFull(error)) return 'free space on this file system';
  return 'check the path, and that its file system may be written to';
}

async function replace(path: string, text: string | Uint8Array, privacy: Privacy): Promise<void> {
  const before = await stat(path).catch(() => undefined);
  await writeFileDurably(systemDisk, path, Buffer.from(text));
  const folder = await stat(dirname(path));
  const { uid, gid } = before ?? folder;
  if (process.getuid?.() === 0) await chown(path, uid, gid);
  await chmod(path, before === undefined ? modeIn(folder.mode, privacy) : modeAfter(before.mode, privacy));
}

function modeIn(folderMode: number, privacy: Privacy): number {
  if (privacy === 'private') return isForGroup(folderMode) ? 0o640 : 0o600;
  return isForGroup(folderMode) ? 0o640 : 0o644;
}

function modeAfter(mode: number, privacy: Privacy): number {
  return mode & (privacy === 'private' ? 0o660 : 0o777);
}
