/** Whose files a backup is about: those of this machine, or of another one whose file system is mounted here. */

import { resolve } from 'node:path';
import { type Place, underRoot } from '../backup/settings-files.ts';
import { kindOf } from '../config/files.ts';
import { defaultConfigName } from '../config/load.ts';
import { UsageError } from './failure.ts';

/** Where the package has it. */
const installedConfig = '/etc/headgate/headgate.yaml';

/** Throws `UsageError` when the root is no folder. */
export async function placeOf(config: string | undefined, root: string | undefined): Promise<Place> {
  if (root === undefined) {
    return { configPath: resolve(config ?? defaultConfigName), root: '/', isDefault: config === undefined };
  }
  const absolute = resolve(root);
  if ((await kindOf(absolute)) !== 'folder') {
    throw new UsageError(`there is no folder ${absolute}`, {
      remedy: 'mount the card, and name where: --root',
    });
  }
  return { configPath: underRoot(absolute, resolve(config ?? installedConfig)), root: absolute };
}
