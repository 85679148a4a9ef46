/** A preload: nothing can be written to the outbox while the file that `FULL_DISK_FLAG` names is there. */

import { existsSync } from 'node:fs';
import { hookDisk } from './disk-hook.ts';

const flag = process.env.FULL_DISK_FLAG!;

hookDisk((step, path) => {
  if (step !== 'write' || !path.includes('/outbox/') || !existsSync(flag)) return;
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
});
