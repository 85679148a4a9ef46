/**
 * Stands before every step that a gateway takes on its disk. For modules that a gateway process is started with
 * (`preloads` of `makeGateway`): they kill it between two steps, or fail one, where no signal from outside could.
 *
 * Invariant: the step itself is the real one, on the real disk; a hook may only delay it, fail it, or end the process.
 */

import { type Disk, type DiskFile, systemDisk } from '../../src/log/files.ts';

export type DiskStep =
  | 'makeFolder'
  | 'list'
  | 'size'
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'close'
  | 'rename'
  | 'remove'
  | 'syncFolder';

/** Called before each step; `path` is the file's, of a rename the old name. What it throws is what the step fails with. */
export type BeforeStep = (step: DiskStep, path: string) => void | Promise<void>;

/** Puts `before` in front of every step of this process' disk, also of files opened from now on. */
export function hookDisk(before: BeforeStep): void {
  // The door is one object that every room is handed: what is replaced in it is replaced for all.
  const disk = systemDisk as { -readonly [Step in keyof Disk]: Disk[Step] };
  const real = { ...systemDisk };
  disk.makeFolder = async (path) => {
    await before('makeFolder', path);
    await real.makeFolder(path);
  };
  disk.list = async (folder) => {
    await before('list', folder);
    return real.list(folder);
  };
  disk.size = async (path) => {
    await before('size', path);
    return real.size(path);
  };
  disk.open = async (path, mode) => {
    await before('open', path);
    return hookedFile(await real.open(path, mode), path, before);
  };
  disk.rename = async (from, to) => {
    await before('rename', from);
    await real.rename(from, to);
  };
  disk.remove = async (path) => {
    await before('remove', path);
    await real.remove(path);
  };
  disk.syncFolder = async (folder) => {
    await before('syncFolder', folder);
    await real.syncFolder(folder);
  };
}

function hookedFile(file: DiskFile, path: string, before: BeforeStep): DiskFile {
  return {
    size: () => file.size(),
    async read(into, position) {
      await before('read', path);
      return file.read(into, position);
    },
    async write(parts, position) {
      await before('write', path);
      await file.write(parts, position);
    },
    async truncate(bytes) {
      await before('truncate', path);
      await file.truncate(bytes);
    },
    async sync() {
      await before('sync', path);
      await file.sync();
    },
    async close() {
      await before('close', path);
      await file.close();
    },
  };
}
