/**
 * What the commands run on: the configuration, the devices and the rules, compiled.
 *
 * Invariant: nothing is given while any file has an error: all of them are thrown at once.
 */

import { resolve } from 'node:path';
import { crossCheck } from '../config/cross-checks.ts';
import { withUnsetKept } from '../config/environment.ts';
import { kindOf } from '../config/files.ts';
import {
  type Loaded,
  loadAll,
  loadConfig,
  loadDeviceFiles,
  loadDevices,
  loadRuleFiles,
  loadRules,
} from '../config/load.ts';
import type { LocatedRule } from '../config/located.ts';
import type { DeviceProfile, GatewayConfig } from '../config/schema.ts';
import type { UsersBySource } from '../config/users.ts';
import { type Diagnostic, GatewayError, InvalidFiles } from '../core/errors.ts';
import { compileRules } from '../rules/compile.ts';
import type { Plan } from '../rules/plan.ts';
import { diagnosticOf } from '../rules/problem.ts';
import { readTableFile } from '../rules/table-file.ts';
import { checkDevices } from './check-devices.ts';
import { loadUpstream } from './upstream-rules.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Setup {
  readonly config: GatewayConfig;
  readonly plan: Plan;
  readonly users: UsersBySource;
  readonly warnings: readonly Diagnostic[];
}

/** Everything valid by itself, not compiled yet: a replay changes devices before rules are compiled for them. */
export interface Files {
  readonly config: GatewayConfig;
  readonly devices: readonly DeviceProfile[];
  readonly rules: readonly LocatedRule[];
  readonly users: UsersBySource;
  /** Lookup tables of rule files in them lie in them. */
  readonly rulesFolders: readonly string[];
  /** Mistakes that do not show before rules are compiled are not among them. */
  readonly diagnostics: readonly Diagnostic[];
  /** Warnings of what no rule uses. */
  readonly unused: readonly Diagnostic[];
}

/**
 * headgate.yaml alone, to ask about a gateway: variables that only its service has, such as systemd's CREDENTIALS_DIRECTORY, may be
 * unset here. Throws InvalidFiles.
 */
export async function loadGatewayConfig(configPath: string | undefined): Promise<GatewayConfig> {
  const { config, diagnostics } = await loadConfig(configPath, process.env);
  if (config !== undefined) return config;
  const { config: unset } = await loadConfig(configPath, withUnsetKept(process.env));
  if (unset === undefined || placesOf(unset).some((path) => path.includes('${'))) {
    throw new InvalidFiles(diagnostics);
  }
  return unset;
}

/** What commands that ask look for. */
function placesOf({ data, sources }: GatewayConfig): string[] {
  const brokers = Object.values(sources).flatMap((source) => ('broker' in source ? [source.broker] : []));
  return [data, ...brokers.flatMap(({ users }) => users ?? [])];
}

/** All files of a gateway, its rules compiled for its devices; throws InvalidFiles. */
export async function loadSetup(
  configPath: string | undefined,
  env: Environment = process.env,
): Promise<Setup> {
  const { unused, ...files } = await loadFiles(configPath, undefined, env);
  const setup = compileSetup(files);
  return { ...setup, warnings: [...setup.warnings, ...unused] };
}

/** All files of a gateway, with the rules of `rulesPath` (a file or a folder) in place of its own. */
export async function loadFiles(
  configPath: string | undefined,
  rulesPath?: string,
  env: Environment = process.env,
): Promise<Files> {
  const loaded = await (rulesPath === undefined
    ? loadAll(configPath, env)
    : loadWithRules(configPath, rulesPath));
  const { config } = loaded;
  // Without a configuration nothing can go on, not even to find more mistakes in expressions.
  if (config === undefined) throw new InvalidFiles(loaded.diagnostics);
  return {
    config,
    devices: loaded.devices.map(({ device }) => device),
    rules: loaded.rules,
    users: loaded.users,
    rulesFolders: rulesPath === undefined ? [config.rules] : [config.rules, resolve(rulesPath)],
    diagnostics: [...loaded.diagnostics, ...checkDevices(loaded.devices)],
    unused: loaded.unused,
  };
}

/** Compiles the rules for the devices; throws InvalidFiles with the mistakes of all files. */
export function compileSetup({
  config,
  devices,
  rules,
  users,
  rulesFolders,
  diagnostics,
}: Omit<Files, 'unused'>): Setup {
  const { plan, problems } = compileRules(rules, devices, {
    gateway: config.gateway,
    limits: config.limits,
    rulesFolders,
    readTable: readTableFile,
  });
  const all = [...diagnostics, ...problems.map(diagnosticOf)];
  refuseErrors(all);
  return { config, plan: plan!, users, warnings: all };
}

function refuseErrors(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new InvalidFiles(diagnostics);
}

type Parts = Pick<Loaded, 'config' | 'devices' | 'rules' | 'users' | 'diagnostics' | 'unused'>;

async function loadWithRules(configPath: string | undefined, rulesPath: string): Promise<Parts> {
  const { file, config, diagnostics } = await loadConfig(configPath, process.env);
  if (config === undefined) return { devices: [], rules: [], users: {}, diagnostics, unused: [] };
  const hasDevices = (await kindOf(config.devices)) !== undefined;
  const devices = await (hasDevices ? loadDevices(config.devices) : loadDeviceFiles([]));
  const own = await loadRulesAt(rulesPath);
  const read = await loadUpstream(own, config.rules);
  const parts = { config, devices: devices.devices, rules: [...own.rules, ...read.rules] };
  const mayBeBroken = (rule: string): boolean => own.mayBeBroken(rule) || read.mayBeBroken(rule);
  const between = crossCheck(file, {
    ...parts,
    ...{ brokenDevices: devices.broken, mayBeBroken, otherRules: read.others },
  });
  const all = [diagnostics, devices.diagnostics, own.diagnostics, read.diagnostics, between];
  return { ...parts, users: {}, diagnostics: all.flat(), unused: [] };
}

async function loadRulesAt(path: string): ReturnType<typeof loadRules> {
  const kind = await kindOf(path);
  if (kind === 'folder') return loadRules(path);
  if (kind === 'file') return loadRuleFiles([resolve(path)]);
  throw new GatewayError(`there is no ${path}`, { remedy: 'check the path after --rules' });
}
