/**
 * A disk in memory for tests: it forgets what was not synced, tears writes, runs full and fails where told.
 *
 * Model: the content of a file is durable after its sync, a name after the sync of its folder. A crash keeps of the
 * unsynced writes any set of 512-byte sectors, of the unsynced changes of names any number from the front (journaling
 * file systems keep their order).
 */

import { dirname } from 'node:path';
import type { Disk, DiskFile, OpenMode } from './files.ts';

export type DiskStep = 'write' | 'sync' | 'read' | 'create' | 'rename' | 'remove' | 'truncate' | 'syncFolder';

export interface SimulatedDisk extends Disk {
  /** Called before each step; may wait, or throw what the step then fails with. */
  before: (step: DiskStep, path: string) => void | Promise<void>;
  /** All files together may hold so many bytes; a write beyond it is cut short and fails with ENOSPC. */
  capacityBytes: number;
  readonly usedBytes: number;
  /** The disk as a process sees it that dies in the next crash: whatever it asks for then never comes. */
  attach(): Disk;
  /** The process dies, the machine runs on: open files are closed, what was written stays, not yet durable. */
  kill(): void;
  /** Power cut: open files die, unsynced things are kept or lost as `random` (0 … 1) says. */
  crash(random: () => number): void;
  /** Changes content behind everyone's back. */
  corrupt(path: string, change: (content: Buffer) => Buffer): void;
  content(path: string): Buffer;
  readonly paths: readonly string[];
}

interface Inode {
  durable: Buffer;
  current: Buffer;
  /** Bytes from the front that take room; what a truncation puts behind them is a hole. */
  allocated: number;
  pending: ({ readonly at: number; readonly bytes: Buffer } | { readonly length: number })[];
}

type NameChange = { readonly folder: string; readonly apply: (names: Map<string, Inode>) => void };

export function failure(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

const sectorBytes = 512;

function put(content: Buffer, at: number, bytes: Buffer): Buffer {
  const grown = at + bytes.length > content.length ? Buffer.alloc(at + bytes.length) : content;
  if (grown !== content) content.copy(grown);
  bytes.copy(grown, at);
  return grown;
}

function resize(content: Buffer, length: number): Buffer {
  return length <= content.length
    ? Buffer.from(content.subarray(0, length))
    : put(content, length, Buffer.alloc(0));
}

/** What a power cut leaves of a file. */
function afterCrash(inode: Inode, random: () => number): Buffer {
  let content = inode.durable;
  for (const change of inode.pending) {
    if ('length' in change) {
      if (random() < 0.5) content = resize(content, change.length);
      continue;
    }
    const keep = random();
    for (let from = 0; from < change.bytes.length; ) {
      const end = Math.min(change.bytes.length, from + sectorBytes - ((change.at + from) % sectorBytes));
      if (random() < keep) content = put(content, change.at + from, change.bytes.subarray(from, end));
      from = end;
    }
  }
  return Buffer.from(content);
}

export function createSimulatedDisk(): SimulatedDisk {
  const durableNames = new Map<string, Inode>();
  let names = new Map<string, Inode>();
  let nameChanges: NameChange[] = [];
  let life = 0;

  function change(path: string, apply: NameChange['apply']): void {
    apply(names);
    nameChanges.push({ folder: dirname(path), apply });
  }

  function inodeAt(path: string): Inode {
    const inode = names.get(path);
    if (inode === undefined) throw failure('ENOENT');
    return inode;
  }

  function used(): number {
    return [...new Set(names.values())].reduce((sum, inode) => sum + inode.allocated, 0);
  }

  function write(inode: Inode, part: Buffer, at: number): void {
    const growth = Math.max(0, at + part.length - inode.allocated);
    const fits = part.length - Math.min(part.length, Math.max(0, growth - (disk.capacityBytes - used())));
    const bytes = Buffer.from(part.subarray(0, fits));
    inode.current = put(inode.current, at, bytes);
    inode.allocated = Math.max(inode.allocated, at + bytes.length);
    inode.pending.push({ at, bytes });
    if (fits < part.length) throw failure('ENOSPC');
  }

  function fileOf(path: string, inode: Inode): DiskFile {
    const born = life;
    let closed = false;
    const step = async (name: DiskStep): Promise<void> => {
      await disk.before(name, path);
      if (born !== life || closed) throw failure('EBADF');
    };
    return {
      size: async () => inode.current.length,
      async read(into, position) {
        await step('read');
        return inode.current.copy(into, 0, Math.min(position, inode.current.length));
      },
      async write(parts, position) {
        await step('write');
        write(inode, Buffer.concat(parts), position);
      },
      async truncate(length) {
        await step('truncate');
        inode.current = resize(inode.current, length);
        inode.allocated = Math.min(inode.allocated, length);
        inode.pending.push({ length });
      },
      async sync() {
        await step('sync');
        inode.durable = Buffer.from(inode.current);
        inode.pending = [];
      },
      async close() {
        closed = true;
      },
    };
  }

  async function open(path: string, mode: OpenMode): Promise<DiskFile> {
    if (mode !== 'create') return fileOf(path, inodeAt(path));
    await disk.before('create', path);
    if (names.has(path)) throw failure('EEXIST');
    const inode: Inode = { durable: Buffer.alloc(0), current: Buffer.alloc(0), allocated: 0, pending: [] };
    change(path, (target) => target.set(path, inode));
    return fileOf(path, inode);
  }

  function attach(): Disk {
    const born = life;
    const alive =
      <A extends unknown[], R>(ask: (...args: A) => Promise<R>) =>
      (...args: A): Promise<R> =>
        born === life ? ask(...args) : new Promise(() => undefined);
    return {
      makeFolder: alive(disk.makeFolder),
      list: alive(disk.list),
      size: alive(disk.size),
      open: alive(disk.open),
      rename: alive(disk.rename),
      remove: alive(disk.remove),
      syncFolder: alive(disk.syncFolder),
    };
  }

  const disk: SimulatedDisk = {
    attach,
    before: () => undefined,
    capacityBytes: Number.POSITIVE_INFINITY,
    get usedBytes() {
      return used();
    },
    get paths() {
      return [...names.keys()].sort();
    },
    content: (path) => inodeAt(path).current,
    corrupt(path, alter) {
      const inode = inodeAt(path);
      inode.current = alter(Buffer.from(inode.current));
      inode.allocated = inode.current.length;
      inode.durable = Buffer.from(inode.current);
      inode.pending = [];
    },
    kill() {
      life += 1;
    },
    crash(random) {
      life += 1;
      const kept = Math.floor(random() * (nameChanges.length + 1));
      for (const { apply } of nameChanges.slice(0, kept)) apply(durableNames);
      for (const inode of new Set(durableNames.values())) {
        inode.current = afterCrash(inode, random);
        inode.allocated = Math.min(inode.allocated, inode.current.length);
        inode.durable = Buffer.from(inode.current);
        inode.pending = [];
      }
      names = new Map(durableNames);
      nameChanges = [];
    },
    makeFolder: async () => undefined,
    list: async (folder) =>
      disk.paths.filter((path) => dirname(path) === folder).map((path) => path.slice(folder.length + 1)),
    size: async (path) => inodeAt(path).current.length,
    open,
    async rename(from, to) {
      await disk.before('rename', from);
      const inode = inodeAt(from);
      change(to, (target) => {
        target.delete(from);
        target.set(to, inode);
      });
    },
    async remove(path) {
      await disk.before('remove', path);
      inodeAt(path);
      change(path, (target) => target.delete(path));
    },
    async syncFolder(folder) {
      await disk.before('syncFolder', folder);
      for (const { apply } of nameChanges.filter((entry) => entry.folder === folder)) apply(durableNames);
      nameChanges = nameChanges.filter((entry) => entry.folder !== folder);
    },
  };
  return disk;
}
