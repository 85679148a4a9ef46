/**
 * Which tests are meant, and what they run on: the gateway's devices, and the rule files that the tests name.
 *
 * Invariant: nothing is given while any of these files has an error. Rules that no test is about are not read.
 */

import { resolve } from 'node:path';
import { crossCheck } from '../../config/cross-checks.ts';
import { isTestFile, kindOf, yamlFilesIn } from '../../config/files.ts';
import { inReadingOrder } from '../../config/from.ts';
import {
  type LoadedConfig,
  loadConfig,
  loadDeviceFiles,
  loadDevices,
  loadRuleFiles,
} from '../../config/load.ts';
import { type LocatedTestFile, loadTestFiles } from '../../config/load-tests.ts';
import type { LocatedRule } from '../../config/located.ts';
import type { DeviceProfile, GatewayConfig } from '../../config/schema.ts';
import { gatewayFileNear } from '../../config/select.ts';
import { checkTests } from '../../config/test-checks.ts';
import { type Diagnostic, InvalidFiles } from '../../core/errors.ts';
import { compileRules } from '../../rules/compile.ts';
import { diagnosticOf } from '../../rules/problem.ts';
import { readTableFile } from '../../rules/table-file.ts';
import { checkDevices } from '../check-devices.ts';
import { UsageError } from '../failure.ts';
import { loadUpstream, onlyRead } from '../upstream-rules.ts';
import type { Stage } from './play.ts';
import { twinOf } from './twin.ts';

export interface StagedFile {
  readonly test: LocatedTestFile;
  readonly stage: Stage;
}

export interface StagedTests {
  readonly files: readonly StagedFile[];
  readonly warnings: readonly Diagnostic[];
}

/** The tests of these files and folders, else of the gateway's rules folder; throws InvalidFiles. */
export async function stageTests(
  paths: readonly string[],
  configPath: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<StagedTests> {
  const gateway = await loadConfig(configPath ?? (await gatewayFileNear(paths)), env);
  const { config } = gateway;
  if (config === undefined) throw new InvalidFiles(gateway.diagnostics);
  const testPaths = await testFilesOf(paths.length > 0 ? paths : [config.rules]);
  const hasDevices = (await kindOf(config.devices)) !== undefined;
  const devices = await (hasDevices ? loadDevices(config.devices) : loadDeviceFiles([]));
  const tests = await loadTestFiles(testPaths);
  const rulePaths = new Set(tests.tests.flatMap(({ rulesPath }) => rulesPath ?? []));
  const rules = await loadRuleFiles([...rulePaths]);
  const upstream = await loadUpstream(rules, config.rules);
  const names = {
    ...{ devices: devices.devices, brokenDevices: devices.broken },
    rules: [...rules.rules, ...upstream.rules],
    mayBeBroken: (rule: string) => rules.mayBeBroken(rule) || upstream.mayBeBroken(rule),
    otherRules: upstream.others,
  };
  const loaded = { ...names, files: rules.files, diagnostics: rules.diagnostics };
  const profiles = devices.devices.map(({ device }) => device);
  const stages = stagesOf(rules.rules, upstream.rules, profiles, config);
  const diagnostics = [
    ...gateway.diagnostics,
    ...devices.diagnostics,
    ...checkDevices(devices.devices),
    ...rules.diagnostics,
    ...upstream.diagnostics,
    ...ofGateway(gateway, names, config),
    ...stages.diagnostics,
    ...tests.diagnostics,
    ...checkTests(tests.tests, loaded),
  ];
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new InvalidFiles(diagnostics);
  const files = tests.tests.map((test) => ({ test, stage: stages.byPath.get(test.rulesPath!)! }));
  return { files, warnings: diagnostics };
}

type Names = Omit<Parameters<typeof crossCheck>[1], 'config'>;

function ofGateway({ file }: LoadedConfig, names: Names, config: GatewayConfig): Diagnostic[] {
  return crossCheck(file, { ...names, config });
}

/** Test files among paths: files, those in folders, and those beside rule files. */
async function testFilesOf(paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map(testFilesAt));
  const files = [...new Set(found.flat())];
  if (files.length > 0) return files;
  throw new UsageError(`no tests in ${paths.join(', ')}`, {
    remedy: 'write them as NAME.test.yaml beside the rule file',
  });
}

async function testFilesAt(path: string): Promise<string[]> {
  const kind = await kindOf(path);
  if (kind === 'folder') return (await yamlFilesIn(path)).paths.filter(isTestFile);
  if (kind === undefined) throw new UsageError(`there is no ${path}`, { remedy: 'check the path' });
  if (isTestFile(path)) return [resolve(path)];
  const beside = resolve(path.replace(/\.(ya?ml)$/, '.test.$1'));
  if (isTestFile(beside) && (await kindOf(beside)) === 'file') return [beside];
  throw new UsageError(`${path} is no test file`, {
    remedy: 'name NAME.test.yaml, a rule file beside one, or a folder',
  });
}

interface Stages {
  /** By the absolute path of the rule file. */
  readonly byPath: ReadonlyMap<string, Stage>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Compiles each rule file once, with the rules of others that it reads, for the twins of the devices at their root. */
function stagesOf(
  rules: readonly LocatedRule[],
  upstream: readonly LocatedRule[],
  profiles: readonly DeviceProfile[],
  config: GatewayConfig,
): Stages {
  const devices = new Map(profiles.map((profile) => [profile.device, profile]));
  const byPath = new Map<string, Stage>();
  // A mistake of a rule that several files read is told once.
  const diagnostics = new Map<string, Diagnostic>();
  const all = [...rules, ...upstream];
  for (const [path, own] of Map.groupBy(rules, ({ file }) => file.path)) {
    const whole = inReadingOrder(own, all, ({ rule }) => rule).map((located) =>
      located.file.path === path ? located : onlyRead(located),
    );
    const read = new Set(whole.flatMap(({ rule }) => rule.from));
    const twins = profiles.filter(({ device }) => read.has(device)).map(twinOf);
    const { plan, problems } = compileRules(whole, twins, {
      gateway: config.gateway,
      limits: config.limits,
      rulesFolders: [config.rules],
      readTable: readTableFile,
    });
    for (const one of problems.map(diagnosticOf)) diagnostics.set(JSON.stringify(one), one);
    if (plan) byPath.set(path, { plan, devices, batchMs: config.batchMs });
  }
  return { byPath, diagnostics: [...diagnostics.values()] };
}
