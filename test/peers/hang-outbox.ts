/** Preloaded into a gateway: once the file named by `HANG_FLAG` is there, no write of the outbox ever comes back. */

import { existsSync } from 'node:fs';
import { hookDisk } from './disk-hook.ts';

const { HANG_FLAG: flag } = process.env;

hookDisk((step, path) => {
  const hangs = step === 'write' && path.includes('outbox') && flag !== undefined && existsSync(flag);
  return hangs ? new Promise<void>(() => {}) : undefined;
});
