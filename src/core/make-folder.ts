/**
 * Folders with their parents.
 *
 * In place of `mkdir(…, { recursive: true })`: Node.js tries that forever where a parent is there but leads nowhere, such
 * as a link to a disk that is not mounted.
 * Not here: making the new names durable.
 */

import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Gives the topmost folder that was made; undefined when the folder was there. `mode` is that of each new folder.
 * Rejects with an error that says which part of the path stands in the way.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<string | undefined> {
  return make(resolve(path), mode);
}

async function make(path: string, mode: number): Promise<string | undefined> {
  const failure = await tryMkdir(path, mode);
  if (failure === undefined) return path;
  if (failure.code === 'EEXIST') return mustBeFolder(path, failure);
  const parent = dirname(path);
  if (failure.code !== 'ENOENT' || parent === path) throw failure;
  const topmost = await make(parent, mode);
  const again = await tryMkdir(path, mode);
  if (again === undefined) return topmost ?? path;
  // Somebody else may have made it meanwhile; that the parent is there, and the system still says no, is final.
  if (again.code === 'EEXIST') return topmost ?? mustBeFolder(path, again);
  throw new Error(`no folder can be made in ${parent}`, { cause: again });
}

async function tryMkdir(path: string, mode: number): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path, { mode });
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

async function mustBeFolder(path: string, cause: NodeJS.ErrnoException): Promise<undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    throw found.code === 'ENOENT'
      ? new Error(`${path} is a link that leads nowhere`, { cause: found })
      : found;
  }
  if (!found.isDirectory()) throw new Error(`${path} is a file, not a folder`, { cause });
}
