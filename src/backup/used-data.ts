/** What is in a data folder already, before a backup is put there. */

import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { decodeCheckpoint } from '../engine/checkpoint.ts';
import { isMissing } from '../log/files.ts';
import { asideName, stagingName } from './format.ts';

/** What a gateway keeps there, among other things. */
const stateNames =
  /^(checkpoint|journal|outbox|points|health|dead-letters|settings\.json|starts\.json)(\..+|-\d+\.corrupt)?$/;
/** Of a gateway that runs, and what systems and people put into every folder. */
const otherNames = /^(headgate\.(sock|sock\.turn|pid)|lost\+found|\..*)$/;

/** Whether a path, relative to a data folder, is of its state. */
export function isState(path: string): boolean {
  return stateNames.test(path.split('/')[0]!);
}

/** Names in the folder that make way for other state. `named`: files of headgate.yaml that lie there, such as users. */
export async function oldNames(data: string, named: readonly string[]): Promise<string[]> {
  const kept = new Set(named.map((path) => relative(data, path).split('/')[0]!));
  return (await namesIn(data)).filter((name) => !otherNames.test(name) && !kept.has(name));
}

/**
 * Throws `GatewayError` for a folder that is no gateway's, and, unless forced, for one that holds state. A gateway that was
 * installed, ran, and never received anything has none that matters.
 */
export async function refuseUsed(
  data: string,
  { force, named }: { readonly force: boolean; readonly named: readonly string[] },
): Promise<void> {
  const names = await oldNames(data, named);
  if (names.length > 0 && !names.some(isState)) {
    throw new GatewayError(`the data folder ${data} is no gateway's: there is ${names[0]}`, {
      remedy: 'give `data:` a folder of its own, or move that away',
    });
  }
  if (force || !(await isUsed(data))) return;
  throw new GatewayError(`the data folder ${data} holds the state of a gateway`, {
    remedy: `import with --force to have it set aside, in ${join(data, asideName('…'))}`,
  });
}

async function isUsed(data: string): Promise<boolean> {
  const logs = ['journal', 'outbox/points', 'outbox/alerts'];
  const segments = await Promise.all(logs.map((log) => namesIn(join(data, log))));
  if (segments.flat().some((name) => name.includes('.log'))) return true;
  for (const name of ['checkpoint', 'checkpoint.previous']) {
    const bytes = await readFile(join(data, name)).catch(() => undefined);
    if (bytes !== undefined && decodeCheckpoint(bytes)?.state.counts.frames !== 0) return true;
  }
  return false;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name !== stagingName);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
