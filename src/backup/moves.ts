/**
 * Puts prepared files in their places, and what was there aside, as if at one moment.
 *
 *     prepared, synced ──▶ the list of moves, on disk ──▶ each move ──▶ the list is gone
 *
 * Invariant: before the list is on disk nothing has changed; once it is, the moves are made, by the next who looks for it if need
 * be, however often that is interrupted. Nothing is ever deleted but what was prepared.
 */

import { lstat, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { diskError } from '../log/disk-error.ts';
import { isMissing, readWholeFile, systemDisk, writeFileDurably } from '../log/files.ts';
import { stagingName } from './format.ts';

export interface Move {
  /** What takes the place; absent: nothing does. */
  readonly staged?: string;
  readonly target: string;
  /** Where what stands in the place goes. */
  readonly aside: string;
}

export interface Moves {
  /** For people: the backup they are from. */
  readonly source: string;
  readonly moves: readonly Move[];
  /** Folders in which things were prepared, to be removed at the end. */
  readonly staging: readonly string[];
}

/** Where they are listed: beside the gateway file, so that a gateway sees that an import is not finished before it starts. */
export function moveListOf(configPath: string): string {
  return join(dirname(configPath), `${stagingName}.json`);
}

/** Makes the moves. Throws `GatewayError`; they may then be finished by `finishMoves`. */
export async function makeMoves(listPath: string, moves: Moves): Promise<void> {
  await writeFileDurably(systemDisk, listPath, Buffer.from(`${JSON.stringify(moves, null, 2)}\n`));
  await finishMoves(listPath);
}

/** Goes on with moves that were begun; undefined when there are none. Throws `GatewayError`. */
export async function finishMoves(listPath: string): Promise<Moves | undefined> {
  let source = 'a backup';
  try {
    const content = await readWholeFile(systemDisk, listPath);
    if (content === undefined) return undefined;
    const { moves, ...rest } = JSON.parse(content.toString()) as Moves;
    source = rest.source;
    for (const move of moves) await make(move);
    await systemDisk.remove(listPath);
    await systemDisk.syncFolder(dirname(listPath));
    for (const folder of rest.staging) await rm(folder, { recursive: true, force: true });
    return { moves, ...rest };
  } catch (error) {
    throw new GatewayError(`an import is not finished: ${diskError('take over', source, error).message}`, {
      remedy: 'finish it as root, or as whose files they are: headgate import --finish',
      cause: error,
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Each step is skipped when an interrupted run has taken it. */
async function make({ staged, target, aside }: Move): Promise<void> {
  const isPlaced = staged !== undefined && !(await isThere(staged));
  if (isPlaced) return;
  if ((await isThere(target)) && !(await isThere(aside))) {
    await systemDisk.makeFolder(dirname(aside));
    await systemDisk.rename(target, aside);
    await systemDisk.syncFolder(dirname(aside));
    await systemDisk.syncFolder(dirname(target));
  }
  if (staged === undefined) return;
  await systemDisk.makeFolder(dirname(target));
  await systemDisk.rename(staged, target);
  await systemDisk.syncFolder(dirname(target));
}
