/**
 * Where an import unpacks to: each file beside its place, so that a rename takes it there.
 *
 * Invariant: nothing that is in its place is touched.
 */

import { statfsSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { GatewayConfig } from '../config/schema.ts';
import { secretFilesOf } from '../config/secret-files.ts';
import { GatewayError, InvalidFiles } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';
import { systemDisk } from '../log/files.ts';
import { type About, asideName, partOf, refused, stagingName } from './format.ts';
import type { Move } from './moves.ts';
import type { RestoreOptions } from './restore.ts';
import { isBelow, loadGatewayFiles, underRoot } from './settings-files.ts';
import {
  lstatOf,
  makeBeside,
  makeStagingFolder,
  openToGateway,
  refuseMounted,
  settle,
  unusedName,
  wholeFolders,
} from './staging-folders.ts';
import { isState, oldNames, refuseUsed } from './used-data.ts';

const leastFreeBytes = 16 * 1024 * 1024;

export type Staging = ReturnType<typeof createStaging>;

/** What is unpacked, each file in a folder beside its place, so that it can be moved there by a rename. */
export function createStaging(options: RestoreOptions) {
  const { configPath, root, env, settingsOnly, outside } = options;
  const configFolder = dirname(configPath);
  /** What is moved as one, a file or a folder, by its place. */
  const units = new Map<string, { readonly staged: string }>();
  const folders = new Set<string>();
  let about: About | undefined;
  let config: GatewayConfig | undefined;
  let hasState = false;
  let volume = configFolder;

  function stagedOf(unit: string): string {
    return join(dirname(unit), stagingName, basename(unit));
  }

  /** Device and rule folders are replaced as a whole: what is not in the backup must not be read beside it. */
  function unitOf(target: string): string {
    const whole = config === undefined ? [] : wholeFolders(config, configPath);
    return whole.find((folder) => isBelow(folder, target)) ?? target;
  }

  async function stage(target: string, unit: string): Promise<string> {
    const folder = join(dirname(unit), stagingName);
    if (!folders.has(folder)) await makeStagingFolder(folder);
    folders.add(folder);
    const staged = stagedOf(unit);
    units.set(unit, { staged });
    const path = target === unit ? staged : join(staged, relative(unit, target));
    await makeFolder(dirname(path), 0o700);
    return path;
  }

  /** What the gateway file names lies where that is going to be, not where it was unpacked. */
  function inPlace(path: string): string {
    const unpacked = dirname(stagedOf(configPath));
    return underRoot(root, isBelow(unpacked, path) ? join(configFolder, relative(unpacked, path)) : path);
  }

  function namedFiles(): string[] {
    const { secrets, users } = secretFilesOf(config!);
    return [...secrets, ...users].map(inPlace);
  }

  async function loadStaged(): Promise<GatewayConfig> {
    const staged = stagedOf(configPath);
    const loaded = await loadGatewayFiles({ configPath: staged, root }, env).catch(inWords);
    const { data, devices, rules } = loaded.config;
    if (data.includes('${')) {
      throw new GatewayError(`where its data folder is depends on the environment: ${data}`, {
        remedy: 'set that variable, as the service has it, and import again',
      });
    }
    return { ...loaded.config, data: inPlace(data), devices: inPlace(devices), rules: inPlace(rules) };
  }

  async function begin(given: About): Promise<void> {
    about = given;
    await makeBeside(configFolder);
  }

  async function pathFor(name: string, mode: number): Promise<string | undefined> {
    const { part, path } = partOf(name);
    const isMain = name === `config/${about!.configFile}`;
    if (isMain !== (units.size === 0)) throw refused(`config/${about!.configFile} is not its second file`);
    if (isMain) return noteMode(await stage(configPath, configPath), mode);
    config ??= await loadStaged();
    if (part === 'data') return settingsOnly ? undefined : stageData(config.data, path);
    const target = part === 'config' ? join(configFolder, path) : resolve(root, path);
    const inData = isBelow(config.data, target) ? relative(config.data, target) : undefined;
    if (inData !== undefined && isState(inData)) throw refused(`\`${name}\` in it would be state`);
    if (part === 'outside' && inData === undefined) mustBeWanted(target);
    return noteMode(await stage(target, unitOf(target)), mode);
  }

  /** Whoever made the backup may name any folder of this machine. */
  function mustBeWanted(target: string): void {
    if (outside) return;
    throw new GatewayError(`headgate.yaml in the backup names a file outside of its folder: ${target}`, {
      remedy: 'import with --outside to have such files replaced too',
    });
  }

  /** Of devices and rules of which nothing is in the backup. */
  async function staleFolders(): Promise<string[]> {
    const stale = wholeFolders(config!, configPath).filter((folder) => !units.has(folder));
    for (const folder of stale) {
      if (!isBelow(configFolder, folder) && (await lstatOf(folder)) !== undefined) mustBeWanted(folder);
    }
    return stale;
  }

  async function stageData(data: string, path: string): Promise<string> {
    if (!hasState) {
      await makeBeside(data, 0o750);
      await options.claim(data);
      await refuseUsed(data, { force: options.force, named: namedFiles() });
      hasState = true;
      volume = data;
    }
    return noteMode(await stage(join(data, path), join(data, path.split('/')[0]!)), 0o600);
  }

  const modes = new Map<string, number>();
  function noteMode(path: string, mode: number): string {
    modes.set(path, mode);
    return path;
  }

  return {
    begin,
    pathFor,
    hasState: () => hasState,
    folders: () => [...folders],
    config: async () => (config ??= await loadStaged()),
    roomBytes() {
      const { bavail, bsize } = statfsSync(volume);
      return bavail * bsize - leastFreeBytes;
    },
    async moves(stamp: string): Promise<{ moves: Move[]; asides: string[] }> {
      const old = hasState ? await oldNames(config!.data, namedFiles()) : [];
      const stale = await staleFolders();
      const gone = [
        ...old.map((name) => join(config!.data, name)).filter((path) => !units.has(path)),
        ...stale,
      ];
      const wanted = [
        ...gone.map((target) => ({ target })),
        ...[...units].map(([target, { staged }]) => ({ staged, target })),
      ];
      for (const { target } of wanted) await refuseMounted(target);
      const parents = [...new Set(wanted.map(({ target }) => dirname(target)))];
      const aside = await unusedName(parents, asideName(stamp));
      const moves = wanted.map((move) => ({
        ...move,
        aside: join(dirname(move.target), aside, basename(move.target)),
      }));
      const present = await Promise.all(
        moves.map(async ({ target }) => (await lstatOf(target)) !== undefined),
      );
      const asides = moves.filter((_, i) => present[i]).map((move) => dirname(move.aside));
      return { moves, asides: [...new Set(asides)] };
    },
    /** Rights and owners as their new folders have them; names synced. */
    async makeDurable() {
      for (const [path, mode] of modes) await chmod(path, mode);
      for (const { staged } of units.values()) {
        const data = config?.data;
        await settle(staged, data !== undefined && isBelow(data, staged) ? 0o700 : 0o755);
      }
      for (const path of namedFiles()) if (units.has(path)) await openToGateway(stagedOf(path));
      for (const folder of folders) {
        await systemDisk.syncFolder(folder);
        await systemDisk.syncFolder(dirname(folder));
      }
    },
    async discard() {
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The file with the mistake lies where nobody will find it. */
function inWords(error: unknown): never {
  if (!(error instanceof InvalidFiles)) throw error;
  const [first] = error.diagnostics;
  throw refused(
    `headgate.yaml in it has a mistake in line ${first?.line}: ${first?.message}`,
    'correct it where it is from, and export again; of another version of headgate: install that one',
  );
}
