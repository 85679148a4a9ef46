/** What lies in a data folder under the name of what could not be used, until a person removes it. */

import { type Dirent, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { corruptSuffix } from './files.ts';

/** Paths in the folder, in order of their names. */
export function filesSetAside(folder: string): string[] {
  return entriesOf(folder)
    .filter(({ name }) => name.endsWith(corruptSuffix))
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .sort();
}

/** None when the folder cannot be read: what it is asked for must not fail for that. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
}
