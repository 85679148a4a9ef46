/**
 * Room for a new segment within the budget: spare files first, then new ones, then the oldest.
 *
 * Invariant: a segment that holds unreleased records is given up only by `drop-oldest`, counted and logged; a segment
 * set aside is removed only for the budget, and logged.
 */

import { join } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { diskError, syncError } from './disk-error.ts';
import type { DiskFile } from './files.ts';
import { createSegment, type Segment, segmentName } from './segment.ts';
import { heldBytes, type LogState } from './state.ts';

/** Begins a segment that can take `bytes`, makes it the active one; its header is written with its first records. */
export async function beginSegment(state: LogState, bytes: number): Promise<void> {
  const capacity = Math.max(bytes, state.segmentBytes);
  await makeRoom(state, capacity, 1);
  const path = join(state.folder, segmentName(state.next));
  const spare = state.spares.shift();
  const file = await (spare === undefined
    ? create(state, path, capacity)
    : reuse(state, spare, path, capacity));
  const size = spare === undefined ? capacity : Math.min(spare.size, capacity);
  const segment = createSegment(state.next, path, size);
  await state.unsealed?.file.close();
  state.unsealed = state.active;
  state.segments.push(segment);
  state.active = { segment, file };
}

/**
 * A hole of the full length from the start: a file that grows with each write has its new length in the file system's own
 * journal with each sync, which costs the device four times what the records do (docs/benchmarks.md).
 */
async function create(state: LogState, path: string, capacity: number): Promise<DiskFile> {
  let file: DiskFile | undefined;
  try {
    file = await state.disk.open(path, 'create');
    await file.truncate(capacity);
  } catch (error) {
    await file?.close();
    if (file !== undefined) await abandon(state, path);
    throw diskError('create', path, error);
  }
  try {
    await syncNames(state);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function reuse(state: LogState, spare: Segment, path: string, capacity: number): Promise<DiskFile> {
  await state.disk.rename(spare.path, path).catch((error) => {
    state.spares.unshift(spare);
    throw diskError('rename', spare.path, error);
  });
  let file: DiskFile | undefined;
  try {
    file = await state.disk.open(path, 'write');
    // Before its new name is durable the file may come back as the old segment, and must then be whole.
    await syncNames(state);
    if (spare.size > capacity) await file.truncate(capacity);
    return file;
  } catch (error) {
    await file?.close();
    await abandon(state, path);
    throw diskError('reuse', path, error);
  }
}

/** A file under a name that the active segment may yet grow past must not stay: it would hide records from a restart. */
async function abandon(state: LogState, path: string): Promise<void> {
  await state.disk.remove(path).catch((error) => {
    state.failed = diskError('remove', path, error);
  });
}

async function syncNames(state: LogState): Promise<void> {
  try {
    await state.disk.syncFolder(state.folder);
  } catch (error) {
    state.failed = syncError(state.folder, error);
    throw state.failed;
  }
}

/**
 * Retires the oldest segments until `bytes` more fit in the budget; `spares` (0 or 1) of their files stay, and count as
 * part of what is to be added.
 */
export async function makeRoom(state: LogState, bytes: number, spares: 0 | 1): Promise<void> {
  const wanted = () => (spares === 0 ? bytes : bytes - Math.min(bytes, state.spares[0]?.size ?? 0));
  while (wanted() > 0 && wanted() + heldBytes(state) > state.budgetBytes) {
    if (state.spares.length > spares) {
      await removeFiles(state, state.spares.splice(0, 1));
      continue;
    }
    const oldest = state.segments[0];
    if (oldest === undefined || oldest === state.active?.segment) throw full(state, bytes);
    if (oldest.next > state.released) dropOrRefuse(state, oldest, bytes);
    await retire(state, oldest, 1);
  }
}

function dropOrRefuse(state: LogState, oldest: Segment, bytes: number): void {
  if (state.whenFull === 'refuse') throw full(state, bytes);
  const from = Math.max(oldest.first, state.released);
  state.losses.droppedRecords += oldest.next - from;
  const details = { folder: state.folder, from, to: oldest.next - 1, budgetBytes: state.budgetBytes };
  state.logger.warn(details, 'log at its size budget: the oldest records are dropped');
}

function full(state: LogState, bytes: number): GatewayError {
  const held = heldBytes(state);
  const message = `log ${state.folder} is full: ${held} of ${state.budgetBytes} bytes are still needed`;
  return new GatewayError(`${message}, ${bytes} more are wanted`, {
    remedy: 'find what does not keep up (`headgate status`), or raise the log’s size under `limits`',
  });
}

/**
 * Takes a segment out of the log: its file becomes a spare, of which `keep` stay, or, when it was set aside or is not
 * wanted, is removed. Resolves when the removals are done.
 */
function retire(state: LogState, segment: Segment, keep: number): Promise<void> | undefined {
  segment.retired = true;
  state.segments.splice(state.segments.indexOf(segment), 1);
  if (!segment.damaged) state.spares.push(segment);
  const unwanted = segment.damaged ? [segment] : state.spares.splice(0, state.spares.length - keep);
  return unwanted.length === 0 ? undefined : removeFiles(state, unwanted);
}

async function removeFiles(state: LogState, segments: readonly Segment[]): Promise<void> {
  for (const segment of segments) {
    await segment.settingAside;
    if (segment.damaged) {
      state.logger.warn({ file: segment.path }, 'segment that was set aside removed for the size budget');
    }
    await state.disk.remove(segment.path).catch((error) => {
      state.logger.warn({ file: segment.path, error: String(error) }, 'cannot remove a log segment');
    });
  }
}

/** How many freed files wait to be used again. */
const sparesKept = 2;

/** Frees the segments below the release point that nobody holds, the newest of them for use as spares. Those set aside stay. */
export function freeReleased(state: LogState): void {
  const below = Math.min(state.released, ...[...state.holds].map(({ from }) => from));
  const free = state.segments.filter(
    (segment) => !segment.damaged && segment !== state.active?.segment && segment.next <= below,
  );
  for (const segment of free) {
    const removed = retire(state, segment, sparesKept);
    if (removed !== undefined) state.housekeeping = state.housekeeping.then(() => removed);
  }
}
