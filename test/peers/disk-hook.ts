/**
 * Stands before, and after, every step that a gateway takes on its disk. For modules that a gateway process is started with
 * (`preloads` of `makeGateway`): they kill it between two steps, or fail one, where no signal from outside could.
 *
 * Invariant: the step itself is the real one, on the real disk; a hook may only delay it, fail it, or end the process.
 * After a step that failed nobody is called.
 */

import { type Disk, type DiskFile, type OpenMode, systemDisk } from '../../src/log/files.ts';

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

/** What a step is taken on, beside its path. */
export interface StepTarget {
  /** Of an `open`. */
  readonly mode?: OpenMode;
  /** Of the steps of an open file: another number for each time one is opened. */
  readonly file?: number;
}

/** Called before each step; `path` is the file's, of a rename the old name. What it throws is what the step fails with. */
export type BeforeStep = (step: DiskStep, path: string, target: StepTarget) => void | Promise<void>;

/** Called after each step that succeeded, before whoever asked for it goes on. */
export type AfterStep = BeforeStep;

type Around = <Result>(
  step: DiskStep,
  path: string,
  take: () => Promise<Result>,
  target?: StepTarget,
) => Promise<Result>;

/** Puts `before` in front of every step of this process' disk and `after` behind, also of files opened from now on. */
export function hookDisk(before: BeforeStep, after: AfterStep = () => {}): void {
  // The door is one object that every room is handed: what is replaced in it is replaced for all.
  const disk = systemDisk as { -readonly [Step in keyof Disk]: Disk[Step] };
  const real = { ...systemDisk };
  let files = 0;
  const around: Around = async (step, path, take, target = {}) => {
    await before(step, path, target);
    const result = await take();
    await after(step, path, target);
    return result;
  };
  disk.makeFolder = (path) => around('makeFolder', path, () => real.makeFolder(path));
  disk.list = (folder) => around('list', folder, () => real.list(folder));
  disk.size = (path) => around('size', path, () => real.size(path));
  disk.open = async (path, mode) => {
    const file = await around('open', path, () => real.open(path, mode), { mode });
    files += 1;
    return hookedFile(file, path, around, { file: files });
  };
  disk.rename = (from, to) => around('rename', from, () => real.rename(from, to));
  disk.remove = (path) => around('remove', path, () => real.remove(path));
  disk.syncFolder = (folder) => around('syncFolder', folder, () => real.syncFolder(folder));
}

function hookedFile(file: DiskFile, path: string, around: Around, target: StepTarget): DiskFile {
  return {
    size: () => file.size(),
    read: (into, position) => around('read', path, () => file.read(into, position), target),
    write: (parts, position) => around('write', path, () => file.write(parts, position), target),
    truncate: (bytes) => around('truncate', path, () => file.truncate(bytes), target),
    sync: () => around('sync', path, () => file.sync(), target),
    close: () => around('close', path, () => file.close(), target),
  };
}
