/** A fault to be found: loaded before a gateway's own modules, it lets the journal say "on disk" half a second too soon. */

import { setTimeout as wait } from 'node:timers/promises';
import { type Disk, systemDisk } from '../../src/log/files.ts';

const lateMs = 500;
const disk = systemDisk as { -readonly [Step in keyof Disk]: Disk[Step] };
const { open } = systemDisk;

disk.open = async (path, mode) => {
  const file = await open(path, mode);
  if (!/\/journal\/\d+\.log$/.test(path)) return file;
  return {
    ...file,
    async write(parts, position) {
      const copies = parts.map((part) => Buffer.from(part));
      void wait(lateMs).then(() => file.write(copies, position));
    },
    sync: async () => {},
  };
};
