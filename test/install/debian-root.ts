/**
 * The root folder of a bare Debian, made by debootstrap once and kept; tests take copies of it.
 *
 * Root only. Invariant: what is kept is whole, as debootstrap left it, and of the packages named here.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { outcome } from './outcome.ts';

/** Kept from run to run. */
export const cache = '/var/cache/headgate-test';
/** Folders of one process each, which its id ends the name of. */
const ofProcesses = join(cache, 'running');
export const release = 'bookworm';

const packages = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'udev',
  'adduser',
  'libstdc++6',
  'mosquitto-clients',
  'socat',
  'umockdev',
];
const id = createHash('sha256').update(packages.join()).digest('hex').slice(0, 8);
const kept = join(cache, `root-${release}-${id}`);

/** Where this machine gets its own packages from, else Debian's own. */
export function mirror(): string {
  const folder = '/etc/apt/sources.list.d';
  const paths = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder) : []).map((name) => join(folder, name)),
  ];
  const texts = paths.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'));
  const pattern = /^(?:URIs:\s*|deb(?:\s+\[[^\]]*\])?\s+)(https?:\/\/\S*debian\/?)(?=\s|$)/m;
  return pattern.exec(texts.join('\n'))?.[1] ?? 'http://deb.debian.org/debian';
}

/** A mirror that neither gives nor refuses is one that cannot be reached. */
const longestMakingMs = 15 * 60_000;

/**
 * Makes it where it is not there yet. Gives why it cannot be made on this machine, if so. Others may make one at the same time: the first
 * to be whole is kept.
 */
export async function makeCleanRoot(): Promise<string | undefined> {
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) return 'nothing may be mounted here';
  removeLeftovers();
  if (existsSync(kept)) return undefined;
  const making = folderOfThisProcess('making');
  const flags = ['--variant=minbase', `--include=${packages.join(',')}`];
  const command = ['debootstrap', ...flags, release, making, mirror()];
  // It ends with this process too, with all that it has started.
  const bounds = ['--pdeathsig', 'TERM', 'timeout', String(longestMakingMs / 1000)];
  const { code, said } = await outcome(spawn('setpriv', [...bounds, ...command]));
  if (code !== 0) {
    rmSync(making, { recursive: true, force: true });
    return `debootstrap could not make a Debian from ${mirror()}: ${said.trim().split('\n').slice(-3).join('; ')}`;
  }
  keep(making, kept);
  const others = readdirSync(cache).filter((name) => name.startsWith('root-') && join(cache, name) !== kept);
  for (const name of others) rmSync(join(cache, name), { recursive: true });
  return undefined;
}

/** A copy for one test, which removes it. */
export function copyOfRoot(name: string): string {
  const folder = folderOfThisProcess(name);
  execFileSync('cp', ['-a', '--reflink=auto', kept, folder]);
  return folder;
}

/** Where this process makes something; the folder is not there yet, the one it is in is. */
export function folderOfThisProcess(name: string): string {
  const folder = join(ofProcesses, `${name}-${process.pid}`);
  mkdirSync(ofProcesses, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  return folder;
}

/** Keeps what was made for later runs, unless another process was first. */
export function keep(making: string, path: string): void {
  if (existsSync(path)) rmSync(making, { recursive: true });
  else renameSync(making, path);
}

/** What processes that were killed could not remove. */
function removeLeftovers(): void {
  mkdirSync(ofProcesses, { recursive: true });
  for (const name of readdirSync(ofProcesses)) {
    const pid = /-(\d+)(\.lck)?$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(ofProcesses, name), { recursive: true, force: true });
  }
}
