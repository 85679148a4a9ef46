/**
 * How often a gateway was started on a data folder, in a small file of its own there.
 *
 * Invariant: a start is counted once it is on disk, however it ends. A file that cannot be read is set aside, which is said,
 * and the count begins anew. Not here: why it was started.
 */

import { crc32 } from 'node:zlib';
import type { DurableFiles } from '../core/durable-files.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';

/** Counts a start; gives how many there were before. A disk that takes nothing is said in the log, and no reason not to start. */
export async function countStart(path: string, files: DurableFiles, logger: Logger): Promise<number> {
  const before = await startsBefore(path, files, logger);
  try {
    await files.replace(path, encode(before + 1));
  } catch (error) {
    logger.warn({ path, error: messageOf(error) }, 'this start is not counted');
  }
  return before;
}

async function startsBefore(path: string, files: DurableFiles, logger: Logger): Promise<number> {
  try {
    const content = await files.read(path);
    if (content === undefined) return 0;
    const starts = decode(content.toString());
    if (starts !== undefined) return starts;
    const file = await files.setAside(path);
    logger.warn({ file }, 'the count of starts cannot be read: set aside; it begins anew');
  } catch (error) {
    logger.warn({ path, error: messageOf(error) }, 'the count of starts cannot be read: it begins anew');
  }
  return 0;
}

/** `{"checksum":"1c2d3e4f","starts":7}` */
function encode(starts: number): Buffer {
  return Buffer.from(`${JSON.stringify({ checksum: checksumOf(starts), starts })}\n`);
}

function decode(text: string): number | undefined {
  try {
    const { checksum, starts } = JSON.parse(text) as { checksum?: unknown; starts?: unknown };
    const isCount = Number.isSafeInteger(starts) && (starts as number) >= 0;
    return isCount && checksum === checksumOf(starts as number) ? (starts as number) : undefined;
  } catch {
    return undefined;
  }
}

function checksumOf(starts: number): string {
  return crc32(String(starts)).toString(16).padStart(8, '0');
}
