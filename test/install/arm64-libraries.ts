/**
 * The C and C++ libraries of Debian for arm64, for programs that qemu runs: taken out of their packages, kept in a folder.
 *
 * By apt with a configuration and lists of its own: this machine's packages and architectures stay as they are.
 */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, folderOfThisProcess, keep, mirror, release } from './debian-root.ts';
import { outcome } from './outcome.ts';

const packages = ['libc6', 'libstdc++6', 'libgcc-s1'];

/** The folder they are in. */
export const libraries = join(cache, `arm64-${release}`);

/** Fetches them where they are not there yet. Gives why that is not possible, if so. */
export async function fetchLibraries(): Promise<string | undefined> {
  if (existsSync(libraries)) return undefined;
  const making = folderOfThisProcess('libraries');
  const env = { ...process.env, APT_CONFIG: writeAptFolder(making) };
  for (const words of [['update'], ['download', ...packages]]) {
    const { code, said } = await outcome(spawn('apt-get', words, { cwd: making, env }));
    if (code !== 0) return `packages of Debian for arm64 cannot be fetched: ${said.trim()}`;
  }
  const unpacked = join(making, 'unpacked');
  for (const path of globSync(join(making, '*.deb'))) execFileSync('dpkg-deb', ['-x', path, unpacked]);
  keep(unpacked, libraries);
  rmSync(making, { recursive: true, force: true });
  return undefined;
}

/** A folder in which apt keeps all it needs; gives the path of its configuration. */
function writeAptFolder(folder: string): string {
  for (const path of ['state/lists/partial', 'cache/archives/partial', 'parts'])
    mkdirSync(join(folder, path), { recursive: true });
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(
    join(folder, 'sources.list'),
    `deb [arch=arm64 signed-by=${keys}] ${mirror()} ${release} main\n`,
  );
  const settings = {
    Dir: folder,
    'Dir::State': 'state',
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': 'cache',
    'Dir::Etc': folder,
    'Dir::Etc::sourcelist': 'sources.list',
    'Dir::Etc::sourceparts': 'parts',
    'Dir::Etc::parts': 'parts',
    'Dir::Etc::preferencesparts': 'parts',
    'APT::Architecture': 'arm64',
    'APT::Architectures': 'arm64',
    // The folder is root's alone.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
  };
  const path = join(folder, 'apt.conf');
  writeFileSync(
    path,
    Object.entries(settings)
      .map(([key, value]) => `${key} "${value}";\n`)
      .join(''),
  );
  return path;
}
