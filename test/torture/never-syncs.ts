/** A fault to be found: loaded before a gateway's own modules, it lets every sync of the disk be nothing. */

import { type Disk, systemDisk } from '../../src/log/files.ts';

const disk = systemDisk as { -readonly [Step in keyof Disk]: Disk[Step] };
const { open } = systemDisk;

disk.open = async (path, mode) => ({ ...(await open(path, mode)), sync: async () => {} });
disk.syncFolder = async () => {};
