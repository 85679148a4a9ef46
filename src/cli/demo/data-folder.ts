/**
 * Where a demo keeps its configuration, journal, checkpoint and points.
 *
 * Invariant: every demo starts empty, and nothing is ever deleted that a demo did not make: only a folder that
 * carries our mark, and that no running gateway has claimed, is emptied.
 */

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GatewayError, messageOf } from '../../core/errors.ts';
import { makeFolder } from '../../core/make-folder.ts';
import { type Claim, claimDataFolder } from '../status-socket.ts';

export interface DataFolder {
  readonly path: string;
  readonly claim: Claim;
  /** Gives up the claim; removes the folder if nobody asked for it. */
  leave(): Promise<void>;
}

export const defaultFolder = 'data/demo';
const mark = '.headgate-demo';

/** The folder a user named, or the default one: emptied if it is an earlier demo's. Kept at the end. */
export async function openDataFolder(name: string): Promise<DataFolder> {
  const path = resolve(name);
  try {
    await makeFolder(path);
    const inside = await readdir(path);
    if (inside.length > 0 && !inside.includes(mark)) throw foreign(name);
    await writeFile(join(path, mark), 'Made by headgate demo, which empties this folder when it starts.\n');
    const claim = await claimDataFolder(path);
    // The mark stays throughout: an interrupted clean-up is finished by the next demo.
    for (const entry of inside) {
      if (entry !== mark && entry !== 'headgate.sock') await rm(join(path, entry), { recursive: true });
    }
    return { path, claim, leave: () => claim.release() };
  } catch (error) {
    const remedy = 'choose another folder with --data DIR: a new or empty one, or that of an earlier demo';
    throw new GatewayError(`cannot use the data folder ${name}: ${messageOf(error)}`, {
      remedy,
      cause: error,
    });
  }
}

/** A folder of its own that is gone at the end: for demos whose points go elsewhere. */
export async function openScratchFolder(): Promise<DataFolder> {
  const path = await mkdtemp(join(tmpdir(), 'headgate-demo-'));
  const claim = await claimDataFolder(path);
  const leave = async (): Promise<void> => {
    await claim.release();
    await rm(path, { recursive: true, force: true });
  };
  return { path, claim, leave };
}

function foreign(name: string): Error {
  return new Error(`${name} holds files that are not a demo's, and a demo empties its folder when it starts`);
}
