/**
 * The text of a lookup table's file. Invariant: it is a file of the rules folder, also once all links are followed: whoever
 * writes a rule, or hands in a folder of rules with links in it, reads nothing else of the machine by it.
 */

import { displayPath } from '../config/files.ts';
import { isReallyInside, readPlainFile } from '../config/plain-file.ts';
import { GatewayError } from '../core/errors.ts';

const maxTableBytes = 16 * 1024 * 1024;

/** Reads a file that lies in `folder`; throws `GatewayError`, or as `readFileSync` does. */
export function readTableFile(path: string, folder: string): string {
  if (!isReallyInside(folder, path)) {
    throw new GatewayError('it is a link that leads out of the rules folder', {
      remedy: `put the table itself into ${displayPath(folder)}`,
    });
  }
  return readPlainFile(path, maxTableBytes).toString('utf8');
}
