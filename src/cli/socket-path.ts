/**
 * The path of the socket in a data folder, short enough for the kernel.
 *
 * A socket's path has at most 107 bytes (`sun_path` of unix(7)); a longer one would be cut silently. On Linux a long
 * folder is therefore opened and named through its descriptor.
 */

import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../core/errors.ts';

const maxPathBytes = process.platform === 'linux' ? 107 : 103;
export const socketName = 'headgate.sock';

export interface SocketPath {
  readonly path: string;
  /** After which the path may mean nothing; the socket stays where it is. */
  close(): void;
}

/** Throws the error of opening when the folder is not there. */
export function socketPathIn(folder: string): SocketPath {
  const path = join(folder, socketName);
  if (Buffer.byteLength(path) <= maxPathBytes) return { path, close() {} };
  if (process.platform !== 'linux') {
    throw new GatewayError(`the path of the data folder is too long for a socket: ${folder}`, {
      remedy: `use a folder whose path has at most ${maxPathBytes - socketName.length - 1} bytes`,
    });
  }
  const descriptor = openSync(folder, 'r');
  return {
    path: `/proc/self/fd/${descriptor}/${socketName}`,
    close: () => closeSync(descriptor),
  };
}
