/**
 * Segments of which something cannot be read: kept under the name `….log.corrupt`, counted, logged, and read past.
 *
 * Invariant: nothing is removed or changed in them; they stay part of the log until their records are released, and on
 * disk until the size budget wants their room.
 */

import { diskError } from './disk-error.ts';
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
  const { records } = scanSegment(await readDamagedFile(state.disk, segment.path), first);
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

/** The content of a file with what the device cannot read as zeros; empty when there is no file. */
export async function readDamagedFile(disk: Disk, path: string): Promise<Buffer> {
  try {
    const file = await disk.open(path, 'read');
    try {
      const content = Buffer.alloc(await file.size());
      await file.read(content, 0).catch(() => readPieces(file, content));
      return content;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return Buffer.alloc(0);
    throw diskError('read', path, error);
  }
}

async function readPieces(file: DiskFile, content: Buffer): Promise<void> {
  for (let offset = 0; offset < content.length; offset += pieceBytes) {
    const piece = content.subarray(offset, offset + pieceBytes);
    await file.read(piece, offset).catch(() => piece.fill(0));
  }
}
