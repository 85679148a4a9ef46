/**
 * The only door to the disk for what must survive a power cut: the log, the checkpoint, the cursors.
 *
 * Invariant: nothing here retries or swallows an error of the disk; a resolved `sync` means the device said so.
 * The interface is as small as its users need, so that a simulated disk can forget, tear and fail for tests.
 * Not here: what the bytes mean.
 */

import { open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeFolder as makeWithParents } from '../core/make-folder.ts';
import { diskError } from './disk-error.ts';

/** An open file. Positions and sizes are in bytes. */
export interface DiskFile {
  size(): Promise<number>;
  /** Fills `into` from `position`; gives fewer bytes only at the end of the file. */
  read(into: Buffer, position: number): Promise<number>;
  /** Writes all parts one after the other, or rejects; what was written before the failure stays written. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>;
  truncate(bytes: number): Promise<void>;
  /** fdatasync: content and size. Never call it again on a file for which it failed. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** `create` fails when the file exists (O_EXCL) and gives mode 0600; `write` reads and writes an existing one. */
export type OpenMode = 'read' | 'write' | 'create';

export interface Disk {
  /** With its parents, mode 0700, durable; fine when it exists. */
  makeFolder(path: string): Promise<void>;
  list(folder: string): Promise<string[]>;
  size(path: string): Promise<number>;
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes created, renamed and removed names in the folder durable. */
  syncFolder(folder: string): Promise<void>;
}

const flagsOf: Record<OpenMode, string> = { read: 'r', write: 'r+', create: 'wx+' };

type FileHandle = Awaited<ReturnType<typeof open>>;

async function readAll(handle: FileHandle, into: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** What is left of the parts after the first `bytes` of them. */
function after(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = [];
  for (const part of parts) {
    const skipped = Math.min(bytes, part.length);
    bytes -= skipped;
    if (skipped < part.length) rest.push(part.subarray(skipped));
  }
  return rest;
}

/** A short write is no error of writev: on a full disk only the next call says why. */
async function writeAll(handle: FileHandle, parts: readonly Uint8Array[], position: number): Promise<void> {
  let rest = after(parts, 0);
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest, position);
    if (bytesWritten === 0) throw Object.assign(new Error('the disk takes no bytes'), { code: 'ENOSPC' });
    position += bytesWritten;
    rest = after(rest, bytesWritten);
  }
}

async function openFile(path: string, mode: OpenMode): Promise<DiskFile> {
  const handle = await open(path, flagsOf[mode], 0o600);
  return {
    size: async () => (await handle.stat()).size,
    read: (into, position) => readAll(handle, into, position),
    write: (parts, position) => writeAll(handle, parts, position),
    truncate: (bytes) => handle.truncate(bytes),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function makeFolder(path: string): Promise<void> {
  const firstMade = await makeWithParents(path, 0o700);
  if (firstMade === undefined) return;
  for (let folder = resolve(path); folder.length >= firstMade.length; folder = dirname(folder)) {
    await syncFolder(dirname(folder));
  }
}

/** The machine's own file system. */
export const systemDisk: Disk = {
  makeFolder,
  list: (folder) => readdir(folder),
  size: async (path) => (await stat(path)).size,
  open: openFile,
  rename,
  remove: unlink,
  syncFolder,
};

/** The whole content of a file; undefined when there is none. Throws `GatewayError`. */
export async function readWholeFile(disk: Disk, path: string): Promise<Buffer | undefined> {
  try {
    const file = await disk.open(path, 'read');
    try {
      const content = Buffer.allocUnsafe(await file.size());
      return content.subarray(0, await file.read(content, 0));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError('read', path, error);
  }
}

/**
 * Replaces a file so that after a crash at any moment either the old or the new content is there, whole: written
 * aside, synced, renamed, folder synced. One writer for one path at a time. Throws `GatewayError`; the old file stays.
 */
export async function writeFileDurably(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const aside = `${path}.tmp`;
  try {
    await removeIfThere(disk, aside);
    const file = await disk.open(aside, 'create');
    try {
      await file.write([bytes], 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await replaceByRename(disk, aside, path);
    await disk.syncFolder(dirname(path));
  } catch (error) {
    await removeIfThere(disk, aside).catch(() => undefined);
    throw diskError('write', path, error);
  }
}

/** A folder in the way is set aside: somebody's, or what a repair of the file system made of a file. */
export async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.remove(path);
  } catch (error) {
    if (isMissing(error)) return;
    if (!isFolderInTheWay(error)) throw error;
    await setFileAside(disk, path);
  }
}

/** As `rename`, which replaces a file; a folder in its place is set aside. Throws `GatewayError`. */
export async function replaceByRename(disk: Disk, from: string, to: string): Promise<void> {
  try {
    await disk.rename(from, to);
  } catch (error) {
    if (!isFolderInTheWay(error)) throw diskError('replace', to, error);
    await setFileAside(disk, to);
    await disk.rename(from, to).catch((second: unknown) => {
      throw diskError('replace', to, second);
    });
  }
}

/** Files and folders that could not be used are kept under their name and this. */
export const corruptSuffix = '.corrupt';

/**
 * Gives what stands at a path, and cannot be used, a name that says so; gives the name. One that was set aside before
 * is replaced by a file, so that they do not grow in number; a folder is left, and the name is another.
 */
export async function setFileAside(disk: Disk, path: string): Promise<string> {
  for (let n = 1; ; n++) {
    const name = `${path}${n === 1 ? '' : `-${n}`}${corruptSuffix}`;
    try {
      await disk.rename(path, name);
      await disk.syncFolder(dirname(path));
      return name;
    } catch (error) {
      // Also where a folder is set aside and a file has the name.
      if (!isFolderInTheWay(error) && codeOf(error) !== 'ENOTDIR') throw diskError('rename', path, error);
    }
  }
}

const folderCodes = new Set(['EISDIR', 'ENOTEMPTY', 'EEXIST', 'EPERM']);

/** What the systems say of removing or replacing a folder as if it were a file. */
function isFolderInTheWay(error: unknown): boolean {
  return folderCodes.has(codeOf(error));
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
