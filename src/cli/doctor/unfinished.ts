/** An import that was cut short, of which a gateway does not start before it is finished. */

import { lstat } from 'node:fs/promises';
import { moveListOf } from '../../backup/moves.ts';
import { type Found, fail } from './check.ts';

export async function unfinishedImport(configPath: string): Promise<Found[]> {
  const list = moveListOf(configPath);
  const found = await lstat(list).catch(() => undefined);
  return found === undefined
    ? []
    : [fail(list, 'an import was interrupted', 'finish it: sudo headgate import --finish')];
}
