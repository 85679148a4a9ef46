/**
 * As whom the gateway runs, and what that user may do with a file: by owner, group and rights, as the kernel decides.
 *
 * Access lists are not looked at. Root may do everything, but in the service it has given that up; the package's service has a user
 * of its own.
 */

import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

export interface ServiceUser {
  readonly name: string;
  readonly uid: number;
  readonly gids: readonly number[];
}

/** Of the process that runs; else who owns the data folder, or the package's; else who asks. */
export async function serviceUserOf(pid: number | undefined, data: string): Promise<ServiceUser> {
  const ofProcess = pid === undefined ? undefined : userOfProcess(pid);
  if (ofProcess !== undefined) return ofProcess;
  const self = process.getuid?.() ?? 0;
  const folder = await stat(data).catch(() => undefined);
  const owner =
    folder?.uid ?? (self === 0 ? accounts().find(({ name }) => name === 'headgate')?.uid : undefined);
  // A folder of root's is what a try as root leaves behind: whoever asks wants to run it.
  if (owner === undefined || owner === self || (owner === 0 && self !== 0)) {
    return named(self, [process.getgid?.() ?? 0, ...(process.getgroups?.() ?? [])]);
  }
  return named(owner, groupsOf(owner));
}

function userOfProcess(pid: number): ServiceUser | undefined {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, 'utf8');
    const numbers = (name: string): number[] =>
      (new RegExp(`^${name}:(.*)$`, 'm').exec(lines)?.[1] ?? '')
        .trim()
        .split(/\s+/)
        .filter(Boolean)
        .map(Number);
    return named(numbers('Uid')[1]!, [numbers('Gid')[1]!, ...numbers('Groups')]);
  } catch {
    return undefined;
  }
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

function accounts(): Account[] {
  return linesOf('/etc/passwd').map(([name = '', , uid, gid]) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
  }));
}

function groupsOf(uid: number): number[] {
  const account = accounts().find((one) => one.uid === uid);
  if (account === undefined) return [];
  const others = linesOf('/etc/group').filter(([, , , members = '']) =>
    members.split(',').includes(account.name),
  );
  return [account.gid, ...others.map(([, , gid]) => Number(gid))];
}

function linesOf(path: string): string[][] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}

function named(uid: number, gids: readonly number[]): ServiceUser {
  return { name: accounts().find((one) => one.uid === uid)?.name ?? `user ${uid}`, uid, gids };
}

/** The name of a group; its number when it has none. */
export function groupName(gid: number): string {
  return linesOf('/etc/group').find(([, , id]) => Number(id) === gid)?.[0] ?? String(gid);
}

export const rights = { read: 4, write: 2, enter: 1 } as const;

/**
 * The first part of a path that keeps the user from it, with what is wrong with it; undefined when nothing does. Links are
 * followed.
 */
export async function obstacle(
  { uid, gids }: ServiceUser,
  path: string,
  wanted: number,
): Promise<{ readonly path: string; readonly why: 'missing' | 'denied' | 'unseen' } | undefined> {
  const whole = resolve(path);
  const above = whole === dirname(whole) ? [] : parentsOf(whole);
  for (const part of [...above, whole]) {
    const found = await stat(part).catch((error: NodeJS.ErrnoException) => error);
    if (found instanceof Error) return { path: part, why: found.code === 'ENOENT' ? 'missing' : 'unseen' };
    const asked = part === whole ? wanted : rights.enter;
    if (uid === 0) continue;
    const shift = found.uid === uid ? 6 : gids.includes(found.gid) ? 3 : 0;
    if (((found.mode >> shift) & asked) !== asked) return { path: part, why: 'denied' };
  }
  return undefined;
}

function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...parentsOf(parent), parent];
}
