/** Which process has a file or a port, as far as this user may see. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  readonly name: string;
}

/** Those that have a file open whose link in /proc is one of these. Not this process. */
function holders(isMeant: (link: string) => boolean): Process[] {
  const pids = entriesOf('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids
    .filter((pid) => entriesOf(`/proc/${pid}/fd`).some((fd) => isMeant(linkOf(`/proc/${pid}/fd/${fd}`))))
    .map((pid) => ({ pid: Number(pid), name: textOf(`/proc/${pid}/comm`).trim() || 'a program' }));
}

export function holdersOfFile(path: string): Process[] {
  return holders((link) => link === path);
}

/** Of a TCP port that is listened on. */
export function holdersOfPort(port: number): Process[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
      textOf(table)
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter(([, local = '', , state]) => local.endsWith(`:${hex}`) && state === '0A')
        .map((columns) => columns[9]),
    ),
  );
  return inodes.size === 0 ? [] : holders((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1]));
}

export function processText({ name, pid }: Process): string {
  return `${name} (process ${pid})`;
}

/** As the process was started with; nothing of another user's. */
export function environmentOf(pid: number): Record<string, string> {
  const pairs = textOf(`/proc/${pid}/environ`).split('\0');
  return Object.fromEntries(
    pairs.filter((pair) => pair.includes('=')).map((pair) => pair.split(/=(.*)/s).slice(0, 2)),
  );
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
