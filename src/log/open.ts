/**
 * Opens a log: lists the segments, scans the last one, cuts a torn tail or sets it aside.
 *
 * Only the last segment is scanned: those before it were whole when it was begun; what has become of them since is
 * noticed when they are read.
 */

import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { diskError } from './disk-error.ts';
import { setFileAside } from './files.ts';
import { isUnbegun, type SegmentScan, scanSegment } from './scan.ts';
import { createSegment, parseSegmentName, type Segment, segmentName } from './segment.ts';
import { readDamagedFile, setAside } from './set-aside.ts';
import type { LogState } from './state.ts';

/** Fills the state of a log just opened; tells whether its last segment ends with a clean end. Throws `GatewayError`. */
export async function recover(state: LogState): Promise<{ cleanEnd: boolean }> {
  try {
    await state.disk.makeFolder(state.folder);
    await listSegments(state);
    const cleanEnd = await recoverLast(state);
    await state.disk.syncFolder(state.folder);
    return { cleanEnd };
  } catch (error) {
    await state.active?.file.close().catch(() => undefined);
    throw diskError('open', state.folder, error);
  }
}

async function listSegments(state: LogState): Promise<void> {
  for (const name of (await state.disk.list(state.folder)).sort()) {
    const path = join(state.folder, name);
    if (name.endsWith('.tmp')) await removeLeftover(state, path);
    const parsed = parseSegmentName(name);
    if (parsed === undefined) continue;
    const size = await state.disk.size(path);
    const segment = createSegment(parsed.first, path, size);
    segment.damaged = parsed.damaged;
    segment.end = size;
    const previous = state.segments.at(-1);
    if (previous !== undefined) previous.next = segment.first;
    state.segments.push(segment);
  }
}

async function removeLeftover(state: LogState, path: string): Promise<void> {
  await state.disk.remove(path).catch(async (error: unknown) => {
    const file = await setFileAside(state.disk, path);
    state.logger.warn({ file, error: messageOf(error) }, 'leftover that cannot be removed set aside');
  });
}

/** From the newest back: a segment that was begun but holds nothing is as if it had never been. */
async function recoverLast(state: LogState): Promise<boolean> {
  for (;;) {
    const last = state.segments.at(-1);
    if (last === undefined) return false;
    const { content, isWhole } = await readDamagedFile(state.disk, last.path);
    const scan = scanSegment(content, last.first);
    const isDamaged =
      last.damaged || scan.damaged || !isWhole || (scan.epoch === undefined && !isUnbegun(content));
    if (isDamaged) return continueBehind(state, last, scan);
    if (scan.epoch !== undefined) return continueWith(state, last, scan);
    state.losses.tornBytes += scan.tornBytes;
    warnOfCut(state, last, scan.tornBytes);
    await state.disk.remove(last.path);
    state.segments.pop();
  }
}

/** At least one number is given up, so that no second segment of this name can come to be. */
async function continueBehind(state: LogState, last: Segment, scan: SegmentScan): Promise<boolean> {
  last.epoch = scan.epoch;
  last.next = state.next = Math.max(scan.next, last.first + 1);
  if (!last.damaged) await setAside(state, last);
  return false;
}

async function continueWith(state: LogState, last: Segment, scan: SegmentScan): Promise<boolean> {
  last.epoch = scan.epoch;
  last.next = state.next = scan.endSequence;
  last.end = scan.end;
  if (scan.sealed) missSegment(state, last);
  await cut(state, last, scan);
  return scan.cleanEnd;
}

function missSegment(state: LogState, last: Segment): void {
  state.losses.corruptSegments += 1;
  const details = { folder: state.folder, file: segmentName(last.next), atLeastRecords: 1 };
  state.losses.lostRecords += 1;
  state.logger.error(details, 'log segment is gone: what was in it, and behind it, is lost');
}

/** Also syncs: what an earlier run wrote may be in memory only, and is about to be taken for durable. */
async function cut(state: LogState, last: Segment, scan: SegmentScan): Promise<void> {
  const file = await state.disk.open(last.path, 'write');
  try {
    if (last.size > scan.end) await file.truncate(scan.end);
    last.size = scan.end;
    // A hole again; in a file of an earlier version what lies behind the records would pass for a torn write.
    if (scan.tailIsOld && scan.end < state.segmentBytes) {
      await file.truncate(state.segmentBytes);
      last.size = state.segmentBytes;
    }
    await file.sync();
  } catch (error) {
    await file.close().catch((second) => state.logger.debug({ error: messageOf(second) }, 'close failed'));
    throw error;
  }
  state.losses.tornBytes += scan.tornBytes;
  warnOfCut(state, last, scan.tornBytes);
  state.active = { segment: last, file };
}

function warnOfCut(state: LogState, segment: Segment, bytes: number): void {
  if (bytes === 0) return;
  state.logger.warn({ file: segment.path, bytes }, 'unfinished write at the end of the log cut off');
}
