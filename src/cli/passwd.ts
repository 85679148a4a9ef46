/**
 * `headgate passwd`: adds a user of the broker, changes a password, or deletes a user, in the users file.
 *
 * Invariant: the file is replaced as a whole, with rights for its owner only (an existing one keeps owner and group); a
 * password comes from the terminal or standard input, never from the command line.
 */

import { chmod, chown, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { displayPath } from '../config/files.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { deleteUser, setUser } from '../config/users-edit.ts';
import { permission, userName } from '../config/users-schema.ts';
import { GatewayError, reasonOf } from '../core/errors.ts';
import { hashPassword } from '../core/password-hash.ts';
import { systemDisk, writeFileDurably } from '../log/files.ts';
import { exitCodes, Refused, UsageError } from './failure.ts';
import { readPassword, type Terminal } from './read-password.ts';
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
  const path = await realpath(options.file ?? usersFileOf(await loadGatewayConfig(options.config))).catch(
    (error: NodeJS.ErrnoException & { path?: string }) => {
      if (error.code === 'ENOENT' && error.path !== undefined) return resolve(error.path);
      throw error;
    },
  );
  const shown = displayPath(path);
  if (options.isDeleting) {
    const text = deleteUser(await read(path), name);
    if (text === undefined) throw new Refused(`there is no user ${name} in ${shown}`);
    await replace(path, text);
    stdout.write(`${name} deleted from ${shown}\n`);
    return exitCodes.fine;
  }
  // Before the question: nobody types a password for nothing.
  setUser(await read(path), { name, password: '' });
  const password = await hashPassword(await readPassword(name, terminal));
  const { text, isNew, isIdle } = setUser(await read(path), { name, password, publish, subscribe });
  await replace(path, text);
  stdout.write(isNew ? `${name} added to ${shown}\n` : `password of ${name} changed in ${shown}\n`);
  if (isIdle) stdout.write(`${name} may do nothing yet: fill in publish and subscribe in ${shown}\n`);
  return exitCodes.fine;
}

function check({ name, publish = [], subscribe = [], isDeleting }: PasswdOptions): void {
  const wrong = userName.safeParse(name).error?.issues[0];
  if (wrong) throw usage(wrong);
  for (const filter of [...publish, ...subscribe]) {
    const mistake = permission.safeParse(filter).error?.issues[0];
    if (mistake) throw usage({ ...mistake, message: `${filter}: ${mistake.message}` });
  }
  if (isDeleting && publish.length + subscribe.length > 0) {
    throw new UsageError('--delete goes with neither --publish nor --subscribe', { remedy: 'remove one' });
  }
}

function usage(issue: { readonly message: string; readonly params?: unknown }): UsageError {
  const { remedy } = (issue.params ?? {}) as { remedy?: unknown };
  return new UsageError(issue.message, typeof remedy === 'string' ? { remedy } : {});
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

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new GatewayError(`cannot read ${displayPath(path)}: ${reasonOf(error)}`, {
      remedy: 'check its path and permissions',
      cause: error,
    });
  }
}

/** Its own group may go on reading it, everybody else not. A new one belongs to the owner of its folder. */
async function replace(path: string, text: string): Promise<void> {
  const before = await stat(path).catch(() => undefined);
  await writeFileDurably(systemDisk, path, Buffer.from(text));
  const { uid, gid } = before ?? (await stat(dirname(path)));
  if (process.getuid?.() === 0) await chown(path, uid, gid);
  if (before) await chmod(path, before.mode & 0o660);
}
