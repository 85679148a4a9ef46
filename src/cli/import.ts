/**
 * `headgate import`: takes over a backup on this machine, checks what it took, and says what to do next.
 *
 * Invariant: a gateway that runs on the data folder is not touched.
 */

import { dirname, resolve } from 'node:path';
import { finishMoves, moveListOf } from '../backup/moves.ts';
import { type Restored, restore } from '../backup/restore.ts';
import type { Place } from '../backup/settings-files.ts';
import { withUnsetKept } from '../config/environment.ts';
import { displayPath } from '../config/files.ts';
import { GatewayError } from '../core/errors.ts';
import { checkCommand } from './check.ts';
import { exitCodes, Refused, UsageError } from './failure.ts';
import { placeOf } from './gateway-place.ts';
import { type Claim, claimDataFolder } from './status-socket.ts';
import { takenUp } from './taken-up.ts';
import { printable } from './text-width.ts';

export interface ImportOptions {
  readonly file: string | undefined;
  readonly config: string | undefined;
  readonly root: string | undefined;
  readonly settingsOnly: boolean;
  readonly force: boolean;
  readonly outside: boolean;
  readonly finish: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: NodeJS.WriteStream;
}

/** Gives the exit code: 1 when what was taken over has mistakes. Throws `GatewayError`; all is as it was then. */
export async function importCommand(options: ImportOptions): Promise<number> {
  const { file, root, stdout } = options;
  const place = await placeOf(options.config, root);
  const finished = await finishMoves(moveListOf(place.configPath));
  if (finished !== undefined) {
    stdout.write(`finished the import of ${printable(finished.source)} that was interrupted\n`);
    const isAll = options.finish || file === undefined || resolve(file) === finished.source;
    if (isAll) return after(options, place, undefined);
  }
  if (options.finish) throw new Refused('there is no import to finish');
  if (file === undefined)
    throw new UsageError('which backup is not said', { remedy: 'headgate import FILE' });
  let claim: Claim | undefined;
  try {
    const restored = await restore({
      ...{ ...options, ...place, archive: resolve(file), now: new Date() },
      async claim(data) {
        claim = await claimDataFolder(data).catch((error: unknown) => {
          throw stopped(error);
        });
      },
    });
    tell(options, place, restored);
    return await after(options, place, restored);
  } finally {
    await claim?.release();
  }
}

/** The advice of a second gateway is not that of an import. */
function stopped(error: unknown): unknown {
  if (!(error instanceof GatewayError) || !error.message.includes('is running')) return error;
  return new GatewayError(error.message, {
    remedy: 'stop it first: sudo systemctl stop headgate',
    cause: error,
  });
}

function tell({ stdout }: ImportOptions, { configPath }: Place, restored: Restored): void {
  const { about, hasState, config, asides } = restored;
  const state = hasState ? `, state in ${displayPath(config.data)}` : '';
  const lines = [
    `${about.gateway} as of ${about.madeAt}: settings in ${displayPath(dirname(configPath))}${state}`,
    ...asides.map((folder) => `what was there before is in ${folder}`),
    ...(about.toSupply.length === 0 ? [] : ['not in the backup, to be supplied before it starts:']),
    ...about.toSupply.map((path) => `  ${path}`),
    ...renamed(restored),
  ];
  stdout.write(`${lines.map(printable).join('\n')}\n`);
}

/** A gateway without a name of its own has its machine's, which every point carries. */
function renamed({ about, config }: Restored): string[] {
  if (about.gateway === config.gateway) return [];
  return [
    `warning: it had its machine's name, ${about.gateway}; here it would be ${config.gateway}, and its points other ones`,
    `  write \`gateway: ${about.gateway}\` in headgate.yaml before it starts`,
  ];
}

/** Files of another machine's root cannot be checked from here. */
async function after(
  options: ImportOptions,
  { configPath, root }: Place,
  restored: Restored | undefined,
): Promise<number> {
  const { stdout } = options;
  const env = withUnsetKept(options.env);
  if (root !== '/') return exitCodes.fine;
  const exitCode = await checkCommand({ paths: [], config: configPath, format: 'text', env, stdout });
  if (exitCode !== exitCodes.fine) return exitCode;
  if (restored?.hasState) {
    for (const line of await takenUp(configPath, restored.config.data, env))
      stdout.write(`${printable(line)}\n`);
  }
  stdout.write(`next: headgate doctor, then ${startCommand(configPath)}\n`);
  return exitCodes.fine;
}

function startCommand(configPath: string): string {
  return configPath === '/etc/headgate/headgate.yaml'
    ? 'sudo systemctl start headgate'
    : `headgate run -c ${displayPath(configPath)}`;
}
