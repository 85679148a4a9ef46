/**
 * What people wrote for a gateway, as entries of a backup: the gateway file, devices, rules with their tests and tables, users,
 * certificates. Files are taken as they are, with their mistakes: a backup is not the place to insist on their being mended.
 *
 * Invariant: a secret is in it only when asked for, but for one that is written out in headgate.yaml.
 */

import { statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { withUnsetKept } from '../config/environment.ts';
import { kindOf, walkFolder } from '../config/files.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { readPlainFile } from '../config/plain-file.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { holdsSecret, secretFilesOf } from '../config/secret-files.ts';
import { GatewayError, InvalidFiles, reasonOf } from '../core/errors.ts';
import type { Entry } from './format.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A gateway's files where they are now: perhaps on a card that is mounted below another root. */
export interface Place {
  /** Of the gateway file, absolute. */
  readonly configPath: string;
  /** `/`, or where the file system of another machine is mounted. */
  readonly root: string;
  /** Nobody named it: without such a file there are the defaults. */
  readonly isDefault?: boolean;
}

export interface GatewayFiles {
  readonly config: GatewayConfig;
  readonly file: LoadedConfig['file'];
  /** All are defaults. */
  readonly isAbsent: boolean;
}

/** The path below the root that stands for it there. */
export function underRoot(root: string, path: string): string {
  return root === '/' || isBelow(root, path) ? path : join(root, path);
}

export function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * The gateway file, its folders below the root. The environment of a service is not that of who saves its files: a reference
 * that is not set here stays one. Throws `InvalidFiles`.
 */
export async function loadGatewayFiles(
  { configPath, root, isDefault = false }: Place,
  env: Environment = process.env,
): Promise<GatewayFiles> {
  const path = isDefault ? undefined : configPath;
  const first = await loadConfig(path, env);
  const loaded = first.config === undefined ? await loadConfig(path, withUnsetKept(env)) : first;
  if (loaded.config === undefined) throw new InvalidFiles(first.diagnostics);
  const { data, devices, rules } = loaded.config;
  const config = {
    ...loaded.config,
    data: underRoot(root, data),
    devices: underRoot(root, devices),
    rules: underRoot(root, rules),
  };
  return { config, file: loaded.file, isAbsent: loaded.isAbsent };
}

export interface SettingsFiles {
  readonly entries: readonly Entry[];
  /** With secrets, and left out; as headgate.yaml has it where the service gives them. */
  readonly toSupply: readonly string[];
  /** Of what could not be saved, for people. */
  readonly warnings: readonly string[];
}

const largestFileBytes = 64 * 1024 * 1024;

/** Reads them all. The gateway file is the first entry; throws `GatewayError` when it cannot be read. */
export async function readSettingsFiles(
  place: Place,
  { config, file, isAbsent }: GatewayFiles,
  { withSecrets }: { readonly withSecrets: boolean },
): Promise<SettingsFiles> {
  const warnings: string[] = [];
  const entries = new Map<string, Entry>();
  const take = (path: string): void => {
    try {
      const entry = entryOf(place, path);
      entries.set(entry.name, entry);
    } catch (error) {
      warnings.push(`${path} is left out: ${reasonOf(error)}`);
    }
  };
  const named = secretFilesOf(config);
  const { users } = named;
  const secrets = named.secrets.filter((path) => !isOfService(path));
  const hidden = new Set(withSecrets ? [] : secrets.map((path) => underRoot(place.root, path)));
  entries.set('', isAbsent ? emptyFile(place) : entryOf(place, place.configPath));
  for (const folder of [config.devices, config.rules]) {
    if ((await kindOf(folder)) !== 'folder') continue;
    const { failures } = await walkFolder(folder, (paths) => paths.filter(isSettings).forEach(take));
    for (const { path, error } of failures) warnings.push(`${path} is left out: ${reasonOf(error)}`);
  }
  for (const path of [...users, ...certificatesOf(config), ...(withSecrets ? secrets : [])])
    take(underRoot(place.root, path));
  if (holdsSecret(file)) {
    warnings.push(`${basename(place.configPath)} itself holds a secret, and is in the backup: keep it safe`);
  }
  const [main, ...others] = [...entries.values()];
  const all = [main!, ...others.filter(({ name }) => name !== main!.name)];
  const ofService = named.secrets.filter(isOfService).map((path) => path.slice(path.indexOf('${')));
  return { entries: all, toSupply: [...(withSecrets ? [] : secrets), ...ofService], warnings };

  /** Where a folder of theirs is the gateway file's own. */
  function isSettings(path: string): boolean {
    return !isBelow(config.data, path) && !hidden.has(path) && !path.endsWith('.tar.gz');
  }
}

/** Where it lies only the service knows, as by `${CREDENTIALS_DIRECTORY}`: its drop-in is no file of the gateway's. */
function isOfService(path: string): boolean {
  return path.includes('${');
}

function emptyFile(place: Place): Entry {
  return { name: nameOf(place, place.configPath), mode: 0o640, content: Buffer.from('# All defaults.\n') };
}

function entryOf(place: Place, path: string): Entry {
  try {
    const content = readPlainFile(path, largestFileBytes);
    return { name: nameOf(place, path), mode: statSync(path).mode & 0o777, content };
  } catch (error) {
    throw new GatewayError(`cannot read ${path}: ${reasonOf(error)}`, {
      remedy: 'run this as root, or as the user whose files they are',
      cause: error,
    });
  }
}

/** By its path from the gateway file's folder, so that it can be put beside another one. */
function nameOf({ configPath, root }: Place, path: string): string {
  const folder = dirname(configPath);
  if (isBelow(folder, path)) return `config/${relative(folder, path)}`;
  return `outside/${relative(root, resolve(path))}`;
}

/** No secrets, but needed beside them. */
function certificatesOf({ sources }: GatewayConfig): string[] {
  const paths = Object.values(sources).flatMap((source) => {
    if ('broker' in source) return source.broker.listen.flatMap(({ tls }) => [tls?.cert, tls?.clientCa]);
    return 'mqtt' in source ? [source.mqtt.ca, source.mqtt.cert] : [];
  });
  return paths.filter((path) => path !== undefined);
}
