/**
 * Reads files that users wrote, and nothing else that a path can lead to.
 *
 * Invariant: a pipe, a device or a file without end neither blocks nor fills memory: what is opened is looked at before it
 * is read, and no more is read than it had then. Opening a pipe does not wait for its other end (O_NONBLOCK).
 * At once and one by one: understanding a file takes longer than reading it, and thousands open together are too many.
 */

import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { GatewayError } from '../core/errors.ts';

/** The bytes of a file; throws `GatewayError` for what is no file or too large, else as `readFileSync` does. */
export function readPlainFile(path: string, mostBytes: number): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (stats.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
    if (!stats.isFile()) {
      throw new GatewayError('it is a pipe, a socket or a device', { remedy: 'put a file in its place' });
    }
    if (stats.size > mostBytes) {
      throw new GatewayError(`it has ${stats.size} bytes, more than ${mostBytes}`, { remedy: 'split it' });
    }
    return readBytes(file, stats.size);
  } finally {
    closeSync(file);
  }
}

function readBytes(file: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const read = readSync(file, bytes, length, size - length, null);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

/** Whether a file is in a folder or below it once all links are followed; throws when it is not there. */
export function isReallyInside(folder: string, path: string): boolean {
  return realpathSync(path).startsWith(realpathSync(folder) + sep);
}
