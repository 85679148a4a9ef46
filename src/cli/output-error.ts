/** Standard output that takes no more of what a command writes to it. */

import { GatewayError, reasonOf } from '../core/errors.ts';

/** Whoever reads has left before the end. */
export function isReaderGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EPIPE';
}

/** The same in words; whatever is not of the output as it is. */
export function outputError(error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).syscall !== 'write') return error;
  const message = isReaderGone(error)
    ? 'standard output was closed before the end'
    : `cannot write to standard output: ${reasonOf(error)}`;
  return new GatewayError(message, { remedy: 'look at the program or the disk it goes to', cause: error });
}
