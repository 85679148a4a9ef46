/** Secrets that systemd gives the service alone (LoadCredential): by which rights is its own matter. */

import { accessSync, constants } from 'node:fs';
import { isBelow } from '../../backup/settings-files.ts';
import type { Context } from './check.ts';

export function isGivenByService(path: string, env: Context['env']): boolean {
  const folder = env.CREDENTIALS_DIRECTORY;
  return path.includes('${') || (folder !== undefined && isBelow(folder, path));
}

/** Whether it is one of these, and this user cannot try it. */
export function isUnseen(path: string | undefined, env: Context['env']): boolean {
  if (path === undefined || !isGivenByService(path, env)) return false;
  try {
    accessSync(path, constants.R_OK);
    return false;
  } catch {
    return true;
  }
}
