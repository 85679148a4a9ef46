/** Small files replaced as a whole, on a disk: what rooms that do not know the disk are given. */

import type { DurableFiles } from '../core/durable-files.ts';
import { type Disk, readWholeFile, setFileAside, writeFileDurably } from './files.ts';

export function durableFilesOn(disk: Disk): DurableFiles {
  return {
    read: (path) => readWholeFile(disk, path),
    replace: (path, content) => writeFileDurably(disk, path, content),
    setAside: (path) => setFileAside(disk, path),
  };
}
