/** Small files replaced as a whole, on a disk: what rooms that do not know the disk are given. */

import { dirname } from 'node:path';
import type { DurableFiles } from '../core/durable-files.ts';
import { diskError } from './disk-error.ts';
import { type Disk, readWholeFile, writeFileDurably } from './files.ts';

export function durableFilesOn(disk: Disk): DurableFiles {
  return {
    read: (path) => readWholeFile(disk, path),
    replace: (path, content) => writeFileDurably(disk, path, content),
    async rename(from, to) {
      try {
        await disk.rename(from, to);
        await disk.syncFolder(dirname(to));
      } catch (error) {
        throw diskError('write', to, error);
      }
    },
  };
}
