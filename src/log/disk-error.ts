/** Errors of the disk in a field engineer's words. */

import { GatewayError, reasonOf } from '../core/errors.ts';

const remedies: Readonly<Record<string, string>> = {
  ENOSPC:
    'free space on this file system, or lower `limits` in headgate.yaml; storing goes on by itself then',
  EDQUOT: 'the disk quota is used up: raise it, or lower `limits` in headgate.yaml',
  EIO: 'the disk or memory card reports errors: see `dmesg`, replace it, then restart the gateway',
  EROFS: 'the file system is read-only, often after errors of the card: see `dmesg`',
  EACCES: 'give the gateway’s user read and write permission on the data folder',
  EPERM: 'give the gateway’s user read and write permission on the data folder',
  EMFILE: 'raise the limit of open files (LimitNOFILE of the service)',
};

/** Says what could not be done to which file, and what to do about it. `action` is a verb: "write". */
export function diskError(action: string, path: string, cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const remedy = remedies[code];
  return new GatewayError(`cannot ${action} ${path}: ${reasonOf(cause)}`, {
    cause,
    ...(remedy === undefined ? {} : { remedy }),
  });
}
