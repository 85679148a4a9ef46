/**
 * Segments of which something cannot be read: kept under the name `….log.corrupt`, counted, logged, and read past.
 *
 * Invariant: nothing is removed or changed in them; they stay part of the log until their records are released, and on
 * disk until the size budget wants their room.
 */

import { diskError, isShortage } from './disk-error.ts';
import { type Disk, type DiskFile, isMissing } from './files.ts';
import { scanSegment } from './scan.ts';
import { type Segment, setAsideSuffix } from './segment.ts';
import type { LogState } from './state.ts';

/** Sets a segment aside; resolves when that is done, also when it was under way. */
export function setAside(state: LogState, segment: Segment): Promise<void> {
  segment.damaged = true;
  segment.settingAside ??= countAndRename(state, segment);
  return segment.settingAside;
}

async function countAndRename(state: LogState, segment: Segment): Promise<void> {
  const { first, next } = segment;
  const { content } = await readDamagedFile(state.disk, segment.path);
  const { records } = scanSegment(content, first);
  const lost = next - first - records.filter((place) => place.sequence < next).length;
  const path = `${segment.path}${setAsideSuffix}`;
  try {
    await state.disk.rename(segment.path, path);
    segment.path = path;
    await state.disk.syncFolder(state.folder);
  } catch (error) {
    if (!isMissing(error)) state.logger.error({ error: String(error) }, 'cannot rename a damaged segment');
  }
  state.losses.corruptSegments += 1;
  state.losses.lostRecords += lost;
  const details = { file: path, lostRecords: lost, readableRecords: records.length };
  state.logger.error(details, 'damaged log segment set aside: what can be read of it is used');
}

const pieceBytes = 4096;

export interface DamagedContent {
  /** What could not be read is zeros; empty when nothing could, or there is no file. */
  readonly content: Buffer;
  readonly isWhole: boolean;
}

/** As much of a file as the device gives, whatever stands at the path. */
export async function readDamagedFile(disk: Disk, path: string): Promise<DamagedContent> {
  try {
    const file = await disk.open(path, 'read');
    try {
      const content = Buffer.alloc(await file.size());
      const isWhole = await file.read(content, 0).then(
        () => true,
        () => readPieces(file, content),
      );
      return { content, isWhole };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return { content: Buffer.alloc(0), isWhole: true };
    if (isShortage(error)) throw diskError('read', path, error);
    return { content: Buffer.alloc(0), isWhole: false };
  }
}

/** False: the first attempt failed, so what is read now may be old. */
async function readPieces(file: DiskFile, content: Buffer): Promise<boolean> {
  for (let offset = 0; offset < content.length; offset += pieceBytes) {
    const piece = content.subarray(offset, offset + pieceBytes);
    await file.read(piece, offset).catch(() => piece.fill(0));
  }
  return false;
}
