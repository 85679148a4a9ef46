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

/** Makes it where it is not there yet. Gives why it cannot be made on this machine, if so. */
export async function makeCleanRoot(): Promise<string | undefined> {
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) return 'nothing may be mounted here';
  if (existsSync(kept)) return undefined;
  const making = `${kept}.making`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const flags = ['--variant=minbase', `--include=${packages.join(',')}`];
  const { code, said } = await outcome(spawn('debootstrap', [...flags, release, making, mirror()]));
  if (code !== 0)
    return `debootstrap could not make a Debian from ${mirror()}: ${said.trim().split('\n').slice(-3).join('; ')}`;
  renameSync(making, kept);
  const others = readdirSync(cache).filter((name) => name.startsWith('root-') && join(cache, name) !== kept);
  for (const name of others) rmSync(join(cache, name), { recursive: true });
  return undefined;
}

/** A copy for one test, which removes it. */
export function copyOfRoot(name: string): string {
  const folder = join(cache, `${name}-${process.pid}`);
  execFileSync('cp', ['-a', '--reflink=auto', kept, folder]);
  return folder;
}
