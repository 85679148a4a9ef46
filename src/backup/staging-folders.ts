/** Folders in which an import prepares, and rights and owners of what it puts somewhere. */

import { chmod, chown, lstat, mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { GatewayConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { isForGroup } from '../core/folder-rights.ts';
import { makeFolder } from '../core/make-folder.ts';
import { systemDisk } from '../log/files.ts';
import { mounts } from '../log/mounts.ts';
import { isBelow } from './settings-files.ts';

/** Those of them that are the gateway's own, and do not hold the gateway file itself. */
export function wholeFolders({ devices, rules, data }: GatewayConfig, configPath: string): string[] {
  const own = [devices, rules].filter((folder) => !isBelow(folder, configPath) && !isBelow(folder, data));
  return [...new Set(own)].filter((folder) => !own.some((other) => isBelow(other, folder)));
}

/** What an earlier import left there is removed; a link that somebody made of it leads nowhere any more. */
export async function makeStagingFolder(folder: string): Promise<void> {
  await makeBeside(dirname(folder));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
}

/** A folder that is missing gets owner and, up to `most`, rights of the one it is made in, whatever the umask is. */
export async function makeBeside(folder: string, most = 0o755): Promise<void> {
  const topmost = await makeFolder(folder, most);
  if (topmost === undefined) return;
  const { uid, gid, mode } = await stat(dirname(topmost));
  for (let made = folder; made.length >= topmost.length; made = dirname(made)) {
    await chmod(made, mode & most);
    if (mayGive()) await chown(made, uid, gid);
    await systemDisk.syncFolder(dirname(made));
  }
}

function mayGive(): boolean {
  return process.getuid?.() === 0;
}

/** A prepared file or folder gets the owner of the folder it goes to, where this user may give things away. */
export async function settle(staged: string, folderMode: number): Promise<void> {
  const { uid, gid } = await stat(dirname(dirname(staged)));
  const visit = async (path: string): Promise<void> => {
    if (mayGive()) await chown(path, uid, gid);
    if (!(await lstat(path)).isDirectory()) return;
    await chmod(path, folderMode);
    for (const name of await readdir(path)) await visit(join(path, name));
    await systemDisk.syncFolder(path);
  };
  await visit(staged);
}

/** In a folder for a group, whose owner is root, a secret for its owner alone would be kept from the gateway. */
export async function openToGateway(staged: string): Promise<void> {
  const [folder, file] = await Promise.all([stat(dirname(dirname(staged))), stat(staged)]);
  if (mayGive() && isForGroup(folder.mode)) await chmod(staged, file.mode | 0o040);
}

/** Of two imports in one second each sets aside what the other left. */
export async function unusedName(folders: readonly string[], name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}-${n}`;
    const found = await Promise.all(folders.map((folder) => lstatOf(join(folder, candidate))));
    if (found.every((one) => one === undefined)) return candidate;
  }
}

/** What is mounted cannot be moved: refused before anything is, or an import would never be finished. */
export async function refuseMounted(path: string): Promise<void> {
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  const real = join(folder, basename(path));
  if (!mounts().some(({ point }) => point === real)) return;
  throw new GatewayError(`something is mounted at ${path}, which an import replaces as a whole`, {
    remedy: 'unmount it for the import, or have the folder above it mounted instead',
  });
}

export async function lstatOf(path: string) {
  return lstat(path).catch(() => undefined);
}
