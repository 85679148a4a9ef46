/** Errors of the disk in a field engineer's words. */

import { GatewayError, reasonOf } from '../core/errors.ts';

const remedies: Readonly<Record<string, string>> = {
  ENOSPC:
    'free space on this file system, or lower `limits` in headgate.yaml; storing goes on by itself then',
  EDQUOT: 'the disk quota is used up: raise it, or lower `limits` in headgate.yaml',
  EIO: 'the disk or memory card reports errors: see `dmesg`, replace it, then restart the gateway',
  EROFS:
    'the file system is read-only, often after errors of the card: see `dmesg`, then make it writable again',
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

/**
 * A sync failed. Whatever the disk gave as its reason, room to come included, nothing is known of the file any more: for
 * everybody who asks it is a disk that fails.
 */
export function syncError(path: string, cause: unknown): GatewayError {
  const { message, remedy = remedies.EIO! } = diskError('sync', path, cause);
  const failure = Object.assign(new Error(reasonOf(cause), { cause }), { code: 'EIO' });
  return new GatewayError(message, { remedy, cause: failure });
}

/** Of the machine for a moment, not of the disk: says nothing about the file. */
const shortages = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);
const full = new Set(['ENOSPC', 'EDQUOT']);

/** Whether an error of the disk, or one made of it, is for want of memory or descriptors. */
export function isShortage(error: unknown): boolean {
  return shortages.has(codeOf(error));
}

/** Whether it is for want of room. */
export function isDiskFull(error: unknown): boolean {
  return full.has(codeOf(error));
}

/** Whether this user may not. */
export function isDenied(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes(codeOf(error));
}

/** Whether the disk does not do what it should: it fails, is read-only or gone. Waiting does not help. */
export function isDiskFailure(error: unknown): boolean {
  return codeOf(error) !== '' && !isShortage(error) && !isDiskFull(error);
}

function codeOf(error: unknown): string {
  const cause = error instanceof GatewayError ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
