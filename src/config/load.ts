/**
 * Reads the files users wrote: headgate.yaml, devices and rules, with all mistakes of all files at once.
 *
 * Invariant: never throws for what is in a file; what is in `config`, `devices` and `rules` is valid by itself.
 * Mistakes between files are found by cross-checks.ts, those in expressions by src/rules.
 */

import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Diagnostic } from '../core/errors.ts';
import { crossCheck } from './cross-checks.ts';
import { deviceSchema } from './device-schema.ts';
import { readYaml, type YamlFile } from './document.ts';
import { displayPath, isTestFile, kindOf, readYamlFile, readYamlFiles, yamlFilesIn } from './files.ts';
import { gatewaySchema } from './gateway-schema.ts';
import { valueAt } from './issues.ts';
import type { LocatedDevice, LocatedFile, LocatedRule } from './located.ts';
import { misplacedDevice, misplacedRules } from './misplaced.ts';
import { ruleFileSchema, ruleSchema } from './rule-schema.ts';
import type { GatewayConfig, RuleConfig } from './schema.ts';
import { checkSecretFiles } from './secret-files.ts';
import { unusedParts } from './unused.ts';
import { loadUsers, loadUsersFile, type UsersBySource } from './users.ts';
import { salvage, type Validated, validate } from './validate.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadedConfig {
  readonly file: YamlFile;
  /** There is no file: all are defaults. */
  readonly isAbsent: boolean;
  /** Absent when the file has errors. */
  readonly config?: GatewayConfig;
  readonly diagnostics: readonly Diagnostic[];
}

/** Everything users wrote. It may run when no diagnostic is an error. */
export interface Loaded {
  /** There is no headgate.yaml: its defaults are used. */
  readonly isDefault: boolean;
  readonly files: readonly LocatedFile[];
  readonly config?: GatewayConfig;
  readonly devices: readonly LocatedDevice[];
  /** Names of devices whose files have errors. */
  readonly brokenDevices: readonly string[];
  /** Of brokers whose users file has no mistake. */
  readonly users: UsersBySource;
  readonly rules: readonly LocatedRule[];
  /** Whether a rule of that name may be among those whose files have errors. */
  readonly mayBeBroken: (rule: string) => boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** Warnings of what no rule uses, for those who look at the gateway as a whole. */
  readonly unused: readonly Diagnostic[];
}

export const defaultConfigName = 'headgate.yaml';

/** Loads headgate.yaml; without a path the one here, and when there is none the defaults. */
export async function loadConfig(configPath: string | undefined, env: Environment): Promise<LoadedConfig> {
  const path = resolve(configPath ?? defaultConfigName);
  const isAbsent = configPath === undefined && (await kindOf(path)) === undefined;
  const file = isAbsent ? readYaml(defaultConfigName, path, '') : readYamlFile(path);
  return { isAbsent, ...checked(file, env) };
}

/** The same for a text that is to be the file at this path. */
export function checkConfigText(path: string, text: string, env: Environment): LoadedConfig {
  return { isAbsent: false, ...checked(readYaml(displayPath(path), path, text), env) };
}

function checked(file: YamlFile, env: Environment): Omit<LoadedConfig, 'isAbsent'> {
  const schema = gatewaySchema({ folder: dirname(file.path), hostName: hostName() });
  const { value, diagnostics } = validate('gateway', schema, file, env);
  return { file, ...(value && { config: value }), diagnostics };
}

/** The machine's name as a gateway's: what a name cannot hold is replaced. */
export function hostName(): string {
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
  const files = readYamlFiles(paths);
  const loaded = files.map((file) => {
    if (file.value === null) return { file, diagnostics: [emptyFile(file)] };
    const misplaced = misplacedDevice(file);
    if (misplaced) return { file, diagnostics: [...file.diagnostics, misplaced] };
    return { file, ...validate('device', deviceSchema, file) };
  });
  const devices = loaded.flatMap(({ file, ...rest }) =>
    'value' in rest && rest.value ? [{ file, device: rest.value }] : [],
  );
  const valid = new Set<LocatedFile>(devices.map(({ file }) => file));
  const broken = files.filter((file) => !valid.has(file)).map((file) => file.peek('device'));
  return {
    files,
    devices,
    broken: broken.filter((name) => name !== undefined),
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
  /** Whether a rule of that name may be among those whose files have errors. */
  readonly mayBeBroken: (rule: string) => boolean;
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
  const all = readYamlFiles(paths.filter((path) => !isTestFile(path)));
  const tables = new Set(all.flatMap(lookupPaths));
  const files = all.filter((file) => !tables.has(file.path));
  const loaded = files.map(validateRules);
  const rules = loaded.flatMap(({ file, value }) => {
    const all = value ? value.rules : soundRules(file);
    return all.flatMap((rule, i) => (rule ? [{ file, keyPath: ['rules', i], rule }] : []));
  });
  return {
    files,
    rules,
    mayBeBroken: brokenAmong(loaded),
    diagnostics: loaded.flatMap((one) => one.diagnostics),
  };
}

function validateRules(file: YamlFile): { file: YamlFile } & Validated<{ rules: readonly RuleConfig[] }> {
  const misplaced = misplacedRules(file);
  if (misplaced) return { file, diagnostics: [...file.diagnostics, misplaced] };
  return { file, ...validate('rules', ruleFileSchema, file) };
}

/** The rules of a file that is not even YAML are not known by name: each may be one of them. */
function brokenAmong(
  loaded: readonly { readonly file: YamlFile; readonly value?: unknown }[],
): (rule: string) => boolean {
  const files = loaded.filter(({ value }) => value === undefined).map(({ file }) => file);
  const isUnread = files.some(({ value }) => value === undefined);
  const names = new Set(
    files.flatMap((file) => children(child(file.value, 'rules'))).map((rule) => child(rule, 'name')),
  );
  return (rule) => isUnread || names.has(rule);
}

/** Those without mistakes among the rules of a file, so that a mistake in one hides none in the others. */
function soundRules(file: YamlFile): (RuleConfig | undefined)[] {
  const written = child(file.value, 'rules');
  return Array.isArray(written) ? written.map((one) => salvage(ruleSchema, one)) : [];
}

/** Tables the rules of a file name; they may be YAML themselves. Whatever the file holds. */
export function lookupPaths(file: YamlFile): string[] {
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

/** Files besides those of the folders, absolute. */
export interface ExtraFiles {
  readonly devices: readonly string[];
  readonly rules: readonly string[];
  readonly users?: readonly string[];
}

/** headgate.yaml, the files of its folders and `extra` ones, checked against each other. */
export async function loadAll(
  configPath: string | undefined,
  env: Environment,
  extra: ExtraFiles = { devices: [], rules: [] },
): Promise<Loaded> {
  const { file, config, isAbsent, diagnostics } = await loadConfig(configPath, env);
  const inDevices = await filesOf(file, 'devices', config);
  const inRules = await filesOf(file, 'rules', config);
  const devices = await loadDeviceFiles([...new Set([...inDevices.paths, ...extra.devices])]);
  const rules = await loadRuleFiles([...new Set([...inRules.paths, ...extra.rules])]);
  const ofBrokers = config ? await loadUsers(file, config) : { files: [], users: {}, diagnostics: [] };
  const known = new Set(ofBrokers.files.map(({ path }) => path));
  const others = (extra.users ?? []).filter((path) => !known.has(path));
  const otherUsers = await Promise.all(others.map(loadUsersFile));
  const loaded = {
    isDefault: isAbsent,
    files: [
      ...[file, ...devices.files, ...rules.files, ...ofBrokers.files],
      ...otherUsers.map((one) => one.file),
    ],
    ...(config && { config }),
    devices: devices.devices,
    brokenDevices: devices.broken,
    users: ofBrokers.users,
    rules: rules.rules,
    mayBeBroken: rules.mayBeBroken,
  };
  const between = crossCheck(file, loaded);
  const isSound = ![...rules.diagnostics, ...between].some(({ severity }) => severity === 'error');
  const parts = [
    diagnostics,
    inDevices.diagnostics,
    inRules.diagnostics,
    devices.diagnostics,
    rules.diagnostics,
    ofBrokers.diagnostics,
    ...otherUsers.map((one) => one.diagnostics),
  ];
  const unused = isSound ? unusedParts(file, loaded) : [];
  const secrets = config ? await checkSecretFiles(file, config) : [];
  return { ...loaded, diagnostics: [...parts.flat(), ...between, ...secrets], unused };
}

/**
 * The files of one of the folders. One that is named must be there; a default one may be missing. With mistakes in
 * headgate.yaml the folder it seems to name is still read, so that all mistakes come at once.
 */
async function filesOf(
  file: YamlFile,
  key: 'devices' | 'rules',
  config: GatewayConfig | undefined,
): Promise<{ paths: readonly string[]; diagnostics: readonly Diagnostic[] }> {
  const written = child(file.value, key);
  const guessed = typeof written === 'string' ? written : `./${key}`;
  const folder = config?.[key] ?? resolve(dirname(file.path), guessed);
  if ((await kindOf(folder)) !== undefined) return yamlFilesIn(folder);
  if (!config || written === undefined) return { paths: [], diagnostics: [] };
  const words = { message: 'this folder does not exist', remedy: 'create it, or correct the path' };
  return {
    paths: [],
    diagnostics: [{ severity: 'error', file: file.file, ...file.locate([key]), ...words }],
  };
}
