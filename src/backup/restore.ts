/**
 * Takes over a backup: everything is unpacked beside its places and checked, then moved in as if at one moment.
 *
 * Invariant: until all of it is known to be whole nothing is changed; afterwards all of it is there, or the next start and the next
 * import go on where this one was cut short. What was there before is set aside, never deleted.
 * Not here: whether a gateway runs; the caller claims the data folder.
 */

import type { GatewayConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { diskError } from '../log/disk-error.ts';
import { type About, refused } from './format.ts';
import { makeMoves, moveListOf } from './moves.ts';
import type { Place } from './settings-files.ts';
import { createStaging, type Staging } from './staging.ts';
import { unpack } from './unpack.ts';

export interface RestoreOptions extends Place {
  readonly archive: string;
  readonly settingsOnly: boolean;
  /** State that is there already is set aside. */
  readonly force: boolean;
  /** Files may be put where headgate.yaml names them outside of its own folder. */
  readonly outside: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Claims the data folder before it is touched. Throws `GatewayError` when a gateway has it. */
  readonly claim: (data: string) => Promise<void>;
  readonly now: Date;
}

export interface Restored {
  readonly about: About;
  readonly config: GatewayConfig;
  readonly hasState: boolean;
  /** Folders with what was there before. */
  readonly asides: readonly string[];
}

/** Throws `GatewayError`, and everything is as it was. */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { archive, configPath, now } = options;
  const staging = createStaging(options);
  const { asides, moves, ...restored } = await prepare(archive, staging, stampOf(now)).catch(
    async (error: unknown) => {
      await staging.discard();
      throw error instanceof GatewayError ? error : diskError('import', archive, error);
    },
  );
  await makeMoves(moveListOf(configPath), { source: archive, moves, staging: staging.folders() });
  return { ...restored, asides };
}

async function prepare(archive: string, staging: Staging, stamp: string) {
  const { begin, pathFor, roomBytes } = staging;
  const { about, names } = await unpack(archive, { begin, pathFor, roomBytes });
  if (!names.has(`config/${about.configFile}`)) throw refused(`it has no ${about.configFile}`);
  const config = await staging.config();
  const moves = await staging.moves(stamp);
  await staging.makeDurable();
  return { about, config, hasState: staging.hasState(), ...moves };
}

function stampOf(now: Date): string {
  return now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
