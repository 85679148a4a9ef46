/**
 * Takes over a backup: everything is unpacked beside its places and checked, then moved in as if at one moment.
 *
 * Invariant: until all of it is known to be whole nothing is changed; afterwards all of it is there, or the next start and the next
 * import go on where this one was cut short. What was there before is set aside, never deleted.
 * Not here: whether a gateway runs; the caller claims the data folder.
 */

import { statfsSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { GatewayConfig } from '../config/schema.ts';
import { GatewayError, InvalidFiles } from '../core/errors.ts';
import { makeFolder } from '../core/make-folder.ts';
import { diskError } from '../log/disk-error.ts';
import { systemDisk } from '../log/files.ts';
import { type About, asideName, partOf, refused, stagingName } from './format.ts';
import { type Move, makeMoves, moveListOf } from './moves.ts';
import { isBelow, loadGatewayFiles, type Place, underRoot } from './settings-files.ts';
import { unpack } from './unpack.ts';
import { oldNames, refuseUsed } from './used-data.ts';

export interface RestoreOptions extends Place {
  readonly archive: string;
  readonly settingsOnly: boolean;
  /** State that is there already is set aside. */
  readonly force: boolean;
  /** Files may be put where headgate.yaml names them outside of its own folder. */
  readonly outside: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Claims the data folder before it is touched. Throws `GatewayError` when a gateway has it. */
  readonly claim: (data: string) => Promise<void>;
  readonly now: Date;
}

export interface Restored {
  readonly about: About;
  readonly config: GatewayConfig;
  readonly hasState: boolean;
  /** Folders with what was there before. */
  readonly asides: readonly string[];
}

const leastFreeBytes = 16 * 1024 * 1024;

/** Throws `GatewayError`, and everything is as it was. */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { archive, configPath, now } = options;
  const staging = createStaging(options);
  const { asides, moves, ...restored } = await prepare(archive, staging, stampOf(now)).catch(
    async (error: unknown) => {
      await staging.discard();
      throw error instanceof GatewayError ? error : diskError('import', archive, error);
    },
  );
  await makeMoves(moveListOf(configPath), { source: archive, moves, staging: staging.folders() });
  return { ...restored, asides };
}

type Staging = ReturnType<typeof createStaging>;

async function prepare(archive: string, staging: Staging, stamp: string) {
  const { begin, pathFor, roomBytes } = staging;
  const { about, names } = await unpack(archive, { begin, pathFor, roomBytes });
  if (!names.has(`config/${about.configFile}`)) throw refused(`it has no ${about.configFile}`);
  const config = await staging.config();
  const moves = await staging.moves(stamp);
  await staging.makeDurable();
  return { about, config, hasState: staging.hasState(), ...moves };
}

function stampOf(now: Date): string {
  return now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

/** What is unpacked, each file in a folder beside its place, so that it can be moved there by a rename. */
function createStaging(options: RestoreOptions) {
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

  /** Its folders lie where it is going to be, not where it was unpacked. */
  async function loadStaged(): Promise<GatewayConfig> {
    const staged = stagedOf(configPath);
    const loaded = await loadGatewayFiles({ configPath: staged, root }, env).catch(inWords);
    const inPlace = (path: string): string =>
      underRoot(
        root,
        isBelow(dirname(staged), path) ? join(configFolder, relative(dirname(staged), path)) : path,
      );
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
    await makeFolder(configFolder, 0o755);
  }

  async function pathFor(name: string, mode: number): Promise<string | undefined> {
    const { part, path } = partOf(name);
    const isMain = name === `config/${about!.configFile}`;
    if (isMain !== (units.size === 0)) throw refused(`config/${about!.configFile} is not its second file`);
    if (isMain) return noteMode(await stage(configPath, configPath), mode);
    config ??= await loadStaged();
    if (part === 'data') return settingsOnly ? undefined : stageData(config.data, path);
    const target = part === 'config' ? join(configFolder, path) : resolve(root, path);
    if (part === 'outside' && !outside) {
      throw new GatewayError(`headgate.yaml in the backup names a file outside of its folder: ${target}`, {
        remedy: 'import with --outside to have such files put there too',
      });
    }
    return noteMode(await stage(target, unitOf(target)), mode);
  }

  async function stageData(data: string, path: string): Promise<string> {
    if (!hasState) {
      await options.claim(data);
      await refuseUsed(data, options.force);
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
      const old = hasState ? await oldNames(config!.data) : [];
      const stale = wholeFolders(config!, configPath);
      const gone = [...old.map((name) => join(config!.data, name)), ...stale].filter(
        (path) => !units.has(path),
      );
      const wanted = [
        ...gone.map((target) => ({ target })),
        ...[...units].map(([target, { staged }]) => ({ staged, target })),
      ];
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
      for (const folder of folders) await systemDisk.syncFolder(folder);
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

/** Those of them that are the gateway's own, and do not hold the gateway file itself. */
function wholeFolders({ devices, rules, data }: GatewayConfig, configPath: string): string[] {
  const own = [devices, rules].filter((folder) => !isBelow(folder, configPath) && !isBelow(folder, data));
  return [...new Set(own)].filter((folder) => !own.some((other) => isBelow(other, folder)));
}

/** What an earlier import left there is removed; a link that somebody made of it leads nowhere any more. */
async function makeStagingFolder(folder: string): Promise<void> {
  await makeFolder(dirname(folder), 0o755);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
}

/** A prepared file or folder gets the owner of the folder it goes to, where this user may give things away. */
async function settle(staged: string, folderMode: number): Promise<void> {
  const { uid, gid } = await stat(dirname(dirname(staged)));
  const mayGive = process.getuid?.() === 0;
  const visit = async (path: string): Promise<void> => {
    if (mayGive) await chown(path, uid, gid);
    if (!(await lstat(path)).isDirectory()) return;
    await chmod(path, folderMode);
    for (const name of await readdir(path)) await visit(join(path, name));
    await systemDisk.syncFolder(path);
  };
  await visit(staged);
}

/** Of two imports in one second each sets aside what the other left. */
async function unusedName(folders: readonly string[], name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}-${n}`;
    const found = await Promise.all(folders.map((folder) => lstatOf(join(folder, candidate))));
    if (found.every((one) => one === undefined)) return candidate;
  }
}

async function lstatOf(path: string) {
  return lstat(path).catch(() => undefined);
}
