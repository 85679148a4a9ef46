/** Whether the state in a data folder fits the rules beside it, said before the gateway starts. */

import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { decodeCheckpoint } from '../engine/checkpoint.ts';
import { createState, load } from '../engine/engine.ts';
import { readWholeFile, systemDisk } from '../log/files.ts';
import { loadSetup } from './setup.ts';

/** Nothing when all of it is taken up. */
export async function takenUp(
  configPath: string,
  data: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const content = await readWholeFile(systemDisk, join(data, 'checkpoint'));
  if (content === undefined) return [];
  const checkpoint = decodeCheckpoint(content);
  const anew = 'rules begin anew with what the journal in the backup holds';
  if (checkpoint === undefined) {
    return [
      `warning: the checkpoint is of another version of headgate: ${anew}`,
      '  to keep alerts and open windows, install the version that made the backup, import, then upgrade',
    ];
  }
  try {
    const { plan } = await loadSetup(configPath, env);
    const { reset } = load(createState(plan), checkpoint.state);
    return reset.map((rule) => `warning: rule ${rule} begins anew: its state is of another version`);
  } catch (error) {
    return [`warning: the state cannot be taken up: ${messageOf(error)}; ${anew}`];
  }
}
