/**
 * Writes a file of the gateway's configuration so that those may read it who read its neighbours, and nobody else.
 *
 * Invariant: replaced as a whole, durably; a file that was there keeps owner, group and rights, of a secret less than was
 * too much. A new one belongs to the owner and group of its folder, and where the folder is for that group and closed to others,
 * as /etc/headgate is, the group may read it: that is the gateway.
 */

import { chmod, chown, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemDisk, writeFileDurably } from '../log/files.ts';

export type Privacy = 'private' | 'public';

/** `private`: a secret is in it. Throws a `GatewayError`. */
export async function replaceFile(path: string, text: string | Uint8Array, privacy: Privacy): Promise<void> {
  const before = await stat(path).catch(() => undefined);
  await writeFileDurably(systemDisk, path, Buffer.from(text));
  const folder = await stat(dirname(path));
  const { uid, gid } = before ?? folder;
  if (process.getuid?.() === 0) await chown(path, uid, gid);
  await chmod(path, before === undefined ? modeIn(folder.mode, privacy) : modeAfter(before.mode, privacy));
}

function modeIn(folderMode: number, privacy: Privacy): number {
  const isForGroup = (folderMode & 0o057) === 0o050;
  if (privacy === 'private') return isForGroup ? 0o640 : 0o600;
  return isForGroup ? 0o640 : 0o644;
}

function modeAfter(mode: number, privacy: Privacy): number {
  return mode & (privacy === 'private' ? 0o660 : 0o777);
}
