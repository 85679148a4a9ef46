/**
 * Points as files of line protocol, where no InfluxDB is configured: `2026-01-05-001.lp`, by day of writing and size.
 *
 * Invariant: lines are on disk (fdatasync) when `send` says accepted. A line is in the files once: `mark` tells how far
 * they reach, is kept with the read position, and `resume` cuts what was written after it, since that is sent again.
 * Bounded together: the oldest files go first, counted in the log. Files of other names are left alone. One that cannot be
 * written to is set aside, and another begun.
 */

import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { diskError, isDiskFull, isShortage } from '../log/disk-error.ts';
import { type Disk, type DiskFile, isMissing, removeIfThere, setFileAside } from '../log/files.ts';
import type { Sink } from './sink.ts';

export interface FileSinkOptions {
  readonly disk: Disk;
  /** Of all files together. */
  readonly budgetBytes: number;
  /** Wall time in ms: names the files. */
  readonly now: () => number;
  readonly logger: Logger;
}

/** Names sort by age. */
const namePattern = /^(\d{4}-\d\d-\d\d)-(\d{3,})\.lp$/;
/** The budget is at least so many files. */
const fileCount = 8;
const maxFileBytes = 64 * 1024 * 1024;

interface State {
  readonly folder: string;
  readonly options: FileSinkOptions;
  /** Size by name, oldest first; the last one is being written. */
  readonly sizes: Map<string, number>;
  file: DiskFile | undefined;
}

/** Opens the folder, made when missing. Throws `GatewayError` when that is not possible. */
export async function openFileSink(folder: string, options: FileSinkOptions): Promise<Sink> {
  const { disk } = options;
  const state: State = { folder, options, sizes: new Map(), file: undefined };
  try {
    await disk.makeFolder(folder);
    const names = (await disk.list(folder)).filter((name) => namePattern.test(name)).sort(byAge);
    for (const name of names) state.sizes.set(name, await disk.size(join(folder, name)));
  } catch (error) {
    throw diskError('open', folder, error);
  }

  return {
    async send(lines) {
      try {
        await append(state, Buffer.from(`${lines.join('\n')}\n`));
        return { kind: 'accepted' };
      } catch (error) {
        return { kind: 'unavailable', detail: messageOf(error) };
      }
    },
    mark() {
      const name = newest(state);
      return name === undefined ? '' : `${name} ${state.sizes.get(name)}`;
    },
    async resume(mark) {
      if (mark !== undefined) await cutAfter(state, mark);
    },
    async close() {
      await closeFile(state);
    },
  };
}

function byAge(a: string, b: string): number {
  const [, dayA = '', numberA] = namePattern.exec(a) ?? [];
  const [, dayB = '', numberB] = namePattern.exec(b) ?? [];
  if (dayA !== dayB) return dayA < dayB ? -1 : 1;
  return Number(numberA) - Number(numberB);
}

function newest(state: State): string | undefined {
  return [...state.sizes.keys()].at(-1);
}

async function append(state: State, bytes: Buffer): Promise<void> {
  const name = nameFor(state, bytes.length);
  if (name !== newest(state)) await begin(state, name, bytes.length);
  if (state.file === undefined) {
    state.file = await openIfUsable(state, name);
    if (state.file === undefined) return append(state, bytes);
  }
  const size = state.sizes.get(name)!;
  try {
    await state.file.write([bytes], size);
    await state.file.sync();
    state.sizes.set(name, size + bytes.length);
  } catch (error) {
    await giveUp(state, name, size);
    throw error;
  }
}

/** Undefined: it was set aside, or is gone. */
async function openIfUsable(state: State, name: string): Promise<DiskFile | undefined> {
  const { disk, logger } = state.options;
  const path = join(state.folder, name);
  try {
    return await disk.open(path, 'write');
  } catch (error) {
    if (isShortage(error) || isDiskFull(error)) throw error;
    const file = isMissing(error) ? undefined : await setFileAside(disk, path);
    state.sizes.delete(name);
    const what = file === undefined ? 'points file is gone' : 'points file cannot be written to: set aside';
    logger.error({ file: file ?? path, error: messageOf(error) }, `${what}; another is begun`);
    return undefined;
  }
}

/** A new day or a full file begins a new one. Days never go back, whatever the clock does: names sort by age. */
function nameFor(state: State, bytes: number): string {
  const last = newest(state);
  const [, lastDay = '', number = '0'] = namePattern.exec(last ?? '') ?? [];
  const today = new Date(state.options.now()).toISOString().slice(0, 10);
  const size = last === undefined ? 0 : state.sizes.get(last)!;
  const isFull = size > 0 && size + bytes > shareBytes(state);
  if (last !== undefined && today <= lastDay && !isFull) return last;
  // A clock that went back does not reopen the files of an earlier day.
  const isNewDay = today > lastDay;
  const day = isNewDay ? today : lastDay;
  const next = isNewDay ? 1 : Number(number) + 1;
  return `${day}-${String(next).padStart(3, '0')}.lp`;
}

function shareBytes(state: State): number {
  return Math.min(maxFileBytes, Math.floor(state.options.budgetBytes / fileCount));
}

async function begin(state: State, name: string, bytes: number): Promise<void> {
  const { disk } = state.options;
  await closeFile(state);
  await makeRoom(state, Math.max(bytes, shareBytes(state)));
  state.file = await disk.open(join(state.folder, name), 'create');
  state.sizes.set(name, 0);
  await disk.syncFolder(state.folder);
}

async function makeRoom(state: State, bytes: number): Promise<void> {
  const { disk, budgetBytes, logger } = state.options;
  let held = [...state.sizes.values()].reduce((sum, size) => sum + size, 0);
  for (const [name, size] of [...state.sizes]) {
    if (held + bytes <= budgetBytes) return;
    await removeIfThere(disk, join(state.folder, name));
    state.sizes.delete(name);
    held -= size;
    logger.warn({ file: name, bytes: size, budgetBytes }, 'oldest points file removed for the size budget');
  }
}

/** After a failure: back to what was written before, in a file opened anew (a failed sync is not tried twice on one). */
async function giveUp(state: State, name: string, size: number): Promise<void> {
  await closeFile(state).catch(() => {});
  const file = await state.options.disk.open(join(state.folder, name), 'write').catch(() => undefined);
  if (file === undefined) return;
  await shorten(file, size).catch(() => {
    // The next write goes over it, at the same position.
  });
}

async function cutAfter(state: State, mark: string): Promise<void> {
  const [name = '', size] = mark.split(' ');
  for (const other of [...state.sizes.keys()].reverse()) {
    if (byAge(other, name) <= 0) break;
    await removeIfThere(state.options.disk, join(state.folder, other));
    state.sizes.delete(other);
  }
  const current = state.sizes.get(name) ?? 0;
  if (current < Number(size)) {
    const missingBytes = Number(size) - current;
    state.options.logger.error(
      { file: name, missingBytes },
      'points file is shorter than it was: points in it are lost',
    );
  }
  if (current > Number(size)) {
    const file = await openIfUsable(state, name);
    if (file !== undefined) {
      await shorten(file, Number(size));
      state.sizes.set(name, Number(size));
    }
  }
  await state.options.disk.syncFolder(state.folder);
}

async function shorten(file: DiskFile, size: number): Promise<void> {
  try {
    await file.truncate(size);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function closeFile(state: State): Promise<void> {
  const { file } = state;
  state.file = undefined;
  await file?.close();
}
