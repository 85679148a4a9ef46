/**
 * `headgate passwd`: adds a user of the broker, changes a password, or deletes a user, in the users file.
 *
 * Invariant: the file is replaced as a whole, with rights for its owner only (an existing one keeps owner and group); a
 * password comes from the terminal or standard input, never from the command line. Whatever mistakes keep the gateway from
 * taking the change over are told: who was deleted would else still be let in, and nobody know of it.
 */

import { existsSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { cannotRead, displayPath, readTextFile } from '../config/files.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { loadUsersFile } from '../config/users.ts';
import { deleteUser, setUser } from '../config/users-edit.ts';
import { hashPassword } from '../core/password-hash.ts';
import { checkUser } from './check-user.ts';
import { exitCodes, Refused, UsageError } from './failure.ts';
import { printDiagnostics } from './print-diagnostics.ts';
import { readPassword, type Terminal } from './read-password.ts';
import { replaceFile } from './replace-file.ts';
import { loadGatewayConfig } from './setup.ts';

export interface PasswdOptions {
  readonly name: string;
  readonly isDeleting: boolean;
  readonly publish?: readonly string[] | undefined;
  readonly subscribe?: readonly string[] | undefined;
  /** The users file; undefined: that of the gateway's broker. */
  readonly file: string | undefined;
  readonly config: string | undefined;
  readonly terminal: Terminal;
  readonly stdout: { write(text: string): unknown };
}

/** Returns the exit code. */
export async function passwdCommand(options: PasswdOptions): Promise<number> {
  const { name, publish, subscribe, stdout, terminal } = options;
  check(options);
  const path = await realFile(options.file ?? usersFileOf(await loadGatewayConfig(options.config)));
  const shown = displayPath(path);
  if (options.isDeleting) {
    const text = deleteUser(read(path), name);
    if (text === undefined) throw new Refused(`there is no user ${name} in ${shown}`);
    await replaceFile(path, text, 'private');
    stdout.write(`${name} deleted from ${shown}\n`);
    return tellMistakes(path, stdout);
  }
  // Before the question: nobody types a password for nothing.
  setUser(read(path), { name, password: '' });
  const password = await hashPassword(await readPassword(name, terminal));
  const { text, isNew, isIdle } = setUser(read(path), { name, password, publish, subscribe });
  await replaceFile(path, text, 'private');
  stdout.write(isNew ? `${name} added to ${shown}\n` : `password of ${name} changed in ${shown}\n`);
  if (isIdle) stdout.write(`${name} may do nothing yet: fill in publish and subscribe in ${shown}\n`);
  return tellMistakes(path, stdout);
}

/** Those of the whole file, which may be mended by one such command after the other. */
async function tellMistakes(path: string, stdout: PasswdOptions['stdout']): Promise<number> {
  const { diagnostics } = await loadUsersFile(path);
  if (diagnostics.length === 0) return exitCodes.fine;
  stdout.write('a gateway does not take this over before these mistakes are corrected:\n');
  printDiagnostics(diagnostics, stdout);
  return exitCodes.wrong;
}

/** Where the file is once links are followed, so that they stay. */
async function realFile(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw cannotRead(file, error);
    const isLink = await lstat(file).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    );
    if (!isLink) return resolve(file);
    throw new Refused(`${displayPath(file)} is a link to nothing`, {
      remedy: 'remove it, or name the file where it shall be',
    });
  }
}

function check({ name, publish = [], subscribe = [], isDeleting }: PasswdOptions): void {
  checkUser(name, [...publish, ...subscribe]);
  if (isDeleting && publish.length + subscribe.length > 0) {
    throw new UsageError('--delete goes with neither --publish nor --subscribe', { remedy: 'remove one' });
  }
}

function usersFileOf({ sources }: GatewayConfig): string {
  const files = Object.values(sources).flatMap((source) =>
    'broker' in source && source.broker.users !== undefined ? [source.broker.users] : [],
  );
  const [first, ...others] = new Set(files);
  if (first === undefined) {
    throw new UsageError('no broker of this gateway has a file of users', {
      remedy: 'write `users: ./users.yaml` below `broker:` in headgate.yaml, or name a file with --file',
    });
  }
  if (others.length === 0) return first;
  throw new UsageError(`brokers of this gateway have several files of users`, {
    remedy: `name one with --file: ${[first, ...others].map(displayPath).join(', ')}`,
  });
}

function read(path: string): string {
  return existsSync(path) ? readTextFile(path) : '';
}
