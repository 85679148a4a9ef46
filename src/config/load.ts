/**
 * Reads the files users wrote: headgate.yaml, devices and rules, with all mistakes of all files at once.
 *
 * Invariant: never throws for what is in a file; what is in `config`, `devices` and `rules` is valid by itself.
 * Mistakes between files are found by cross-checks.ts, those in expressions by src/rules.
 */

import { hostname } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import type { Diagnostic } from '../core/errors.ts';
import { crossCheck } from './cross-checks.ts';
import { deviceSchema } from './device-schema.ts';
import { readYaml, type YamlFile } from './document.ts';
import { kindOf, readYamlFile, yamlFilesIn } from './files.ts';
import { gatewaySchema } from './gateway-schema.ts';
import { valueAt } from './issues.ts';
import type { LocatedDevice, LocatedFile, LocatedRule } from './located.ts';
import { ruleFileSchema } from './rule-schema.ts';
import type { GatewayConfig } from './schema.ts';
import { validate } from './validate.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadedConfig {
  readonly file: YamlFile;
  /** Absent when the file has errors. */
  readonly config?: GatewayConfig;
  readonly diagnostics: readonly Diagnostic[];
}

/** Everything users wrote. It may run when no diagnostic is an error. */
export interface Loaded {
  readonly files: readonly LocatedFile[];
  readonly config?: GatewayConfig;
  readonly devices: readonly LocatedDevice[];
  readonly rules: readonly LocatedRule[];
  readonly diagnostics: readonly Diagnostic[];
}

export const defaultConfigName = 'headgate.yaml';

/** Loads headgate.yaml; without a path the one here, and when there is none the defaults. */
export async function loadConfig(configPath: string | undefined, env: Environment): Promise<LoadedConfig> {
  const path = resolve(configPath ?? defaultConfigName);
  const isAbsent = configPath === undefined && (await kindOf(path)) === undefined;
  const file = isAbsent ? readYaml(defaultConfigName, path, '') : await readYamlFile(path);
  const schema = gatewaySchema({ folder: dirname(path), hostName: hostName() });
  const { value, diagnostics } = validate('gateway', schema, file, env);
  return { file, ...(value && { config: value }), diagnostics };
}

/** The machine's name as a gateway's: what a name cannot hold is replaced. */
function hostName(): string {
  const name = hostname()
    .replace(/[^\p{L}\p{N}_.-]/gu, '-')
    .replace(/^[^\p{L}\p{N}]+/u, '');
  return name.slice(0, 100) || 'gateway';
}

export interface LoadedDevices {
  readonly files: readonly LocatedFile[];
  readonly devices: readonly LocatedDevice[];
  /** Names of devices whose files have errors: a rule that names one is not wrong for that. */
  readonly broken: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** All device files of a folder, and of the folders in it. */
export async function loadDevices(folder: string): Promise<LoadedDevices> {
  const { paths, diagnostics } = await yamlFilesIn(folder);
  const loaded = await loadDeviceFiles(paths);
  return { ...loaded, diagnostics: [...diagnostics, ...loaded.diagnostics] };
}

/** These device files. */
export async function loadDeviceFiles(paths: readonly string[]): Promise<LoadedDevices> {
  const files = await Promise.all(paths.map(readYamlFile));
  const loaded = files.map((file) => {
    if (file.value === null) return { file, diagnostics: [emptyFile(file)] };
    return { file, ...validate('device', deviceSchema, file) };
  });
  const devices = loaded.flatMap(({ file, ...rest }) =>
    'value' in rest && rest.value ? [{ file, device: rest.value }] : [],
  );
  const valid = new Set<LocatedFile>(devices.map(({ file }) => file));
  const broken = files.filter((file) => !valid.has(file)).map((file) => child(file.value, 'device'));
  return {
    files,
    devices,
    broken: broken.filter((name) => typeof name === 'string'),
    diagnostics: loaded.flatMap((one) => one.diagnostics),
  };
}

function emptyFile(file: YamlFile): Diagnostic {
  const remedy = 'write `device: NAME` and what it sends, or delete the file';
  return { severity: 'error', file: file.file, ...file.locate([]), message: 'the file is empty', remedy };
}

export interface LoadedRules {
  readonly files: readonly LocatedFile[];
  readonly rules: readonly LocatedRule[];
  readonly diagnostics: readonly Diagnostic[];
}

/** All rule files of a folder, and of the folders in it; tests and lookup tables beside them are none. */
export async function loadRules(folder: string): Promise<LoadedRules> {
  const { paths, diagnostics } = await yamlFilesIn(folder);
  const loaded = await loadRuleFiles(paths);
  return { ...loaded, diagnostics: [...diagnostics, ...loaded.diagnostics] };
}

/** These rule files. */
export async function loadRuleFiles(paths: readonly string[]): Promise<LoadedRules> {
  const all = await Promise.all(paths.filter((path) => !isTestFile(path)).map(readYamlFile));
  const tables = new Set(all.flatMap(lookupPaths));
  const files = all.filter((file) => !tables.has(file.path));
  const loaded = files.map((file) => ({ file, ...validate('rules', ruleFileSchema, file) }));
  const rules = loaded.flatMap(({ file, value }) =>
    (value?.rules ?? []).map((rule, i) => ({ file, keyPath: ['rules', i], rule })),
  );
  return { files, rules, diagnostics: loaded.flatMap((one) => one.diagnostics) };
}

/** `NAME.test.yaml` proves the rules beside it. */
export function isTestFile(path: string): boolean {
  return /\.test\.ya?ml$/.test(basename(path));
}

/** Tables the rules of a file name; they may be YAML themselves. Whatever the file holds. */
function lookupPaths(file: YamlFile): string[] {
  return children(child(file.value, 'rules'))
    .flatMap((rule) => children(child(rule, 'lookup')))
    .map((lookup) => child(lookup, 'file'))
    .filter((name) => typeof name === 'string')
    .map((name) => resolve(dirname(file.path), name));
}

function children(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function child(value: unknown, key: string): unknown {
  return valueAt(value, [key]);
}

/** headgate.yaml and the files of its folders, checked against each other. */
export async function loadAll(configPath: string | undefined, env: Environment): Promise<Loaded> {
  const { file, config, diagnostics } = await loadConfig(configPath, env);
  const devices = await loadFolder(file, 'devices', config, loadDevices);
  const rules = await loadFolder(file, 'rules', config, loadRules);
  const loaded = {
    files: [file, ...(devices.loaded?.files ?? []), ...(rules.loaded?.files ?? [])],
    ...(config && { config }),
    devices: devices.loaded?.devices ?? [],
    rules: rules.loaded?.rules ?? [],
  };
  const between = crossCheck(file, { ...loaded, brokenDevices: devices.loaded?.broken ?? [] });
  return {
    ...loaded,
    diagnostics: [...diagnostics, ...devices.diagnostics, ...rules.diagnostics, ...between],
  };
}

interface FolderLoaded<T> {
  readonly loaded?: T;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The files of one of the folders. One that is named must be there; a default one may be missing. With mistakes in
 * headgate.yaml the folder it seems to name is still read, so that all mistakes come at once.
 */
async function loadFolder<T extends { readonly diagnostics: readonly Diagnostic[] }>(
  file: LoadedConfig['file'],
  key: 'devices' | 'rules',
  config: GatewayConfig | undefined,
  load: (folder: string) => Promise<T>,
): Promise<FolderLoaded<T>> {
  const written = child(file.value, key);
  const guessed = typeof written === 'string' ? written : `./${key}`;
  const folder = config?.[key] ?? resolve(dirname(file.path), guessed);
  if ((await kindOf(folder)) !== undefined) {
    const loaded = await load(folder);
    return { loaded, diagnostics: loaded.diagnostics };
  }
  if (!config || written === undefined) return { diagnostics: [] };
  const words = { message: 'this folder does not exist', remedy: 'create it, or correct the path' };
  return { diagnostics: [{ severity: 'error', file: file.file, ...file.locate([key]), ...words }] };
}
