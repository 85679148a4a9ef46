/**
 * Who has a data folder, as a file in it, `headgate.pid`: for messages, since an owner that hangs cannot be asked.
 *
 * Not the lock (status-socket.ts): a note outlives a process that is killed. It is therefore believed only as far as the
 * process can be seen from here.
 */

import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

export interface Owner {
  readonly pid: number;
  /** Processes of another place, a container or a machine, have numbers that mean nothing here. */
  readonly isElsewhere: boolean;
}

const fileName = 'headgate.pid';

/** Where process numbers mean the same: the host, and on Linux the namespace. */
function here(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Best effort: a full disk is no reason not to start. */
export function noteOwner(folder: string): void {
  try {
    writeFileSync(join(folder, fileName), `${process.pid} ${here()}\n`, { mode: 0o644 });
  } catch {
    // The message of a second gateway then lacks the number.
  }
}

export function forgetOwner(folder: string): void {
  try {
    rmSync(join(folder, fileName));
  } catch {
    // The next start writes it anew.
  }
}

/** Undefined when there is no note, or it is of a process that is gone. */
export function notedOwner(folder: string): Owner | undefined {
  const { pid, place } = readNote(folder) ?? { pid: Number.NaN, place: '' };
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const isElsewhere = place !== here();
  return isElsewhere || isAlive(pid) ? { pid, isElsewhere } : undefined;
}

/** Whether the note is of a process of this place that is gone. */
export function isOwnerGone(folder: string): boolean {
  const note = readNote(folder);
  return note !== undefined && note.place === here() && !isAlive(note.pid);
}

function readNote(folder: string): { readonly pid: number; readonly place: string } | undefined {
  try {
    const [, pid, place] = /^(\d+) (.+)\n$/.exec(readFileSync(join(folder, fileName), 'utf8')) ?? [];
    return pid === undefined ? undefined : { pid: Number(pid), place: place! };
  } catch {
    return undefined;
  }
}

/** EPERM: it is another user's. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
