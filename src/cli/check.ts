/**
 * `headgate check`: validates the gateway's files, all mistakes at once, without running anything.
 *
 * Not here: what is outside the files: ports, serial lines, servers.
 */

import { isTestFile, kindOf, yamlFilesIn } from '../config/files.ts';
import { type ExtraFiles, type Loaded, loadAll } from '../config/load.ts';
import { type LoadedTests, loadTestFiles } from '../config/load-tests.ts';
import { gatewayFileNear, type Selected, selectFiles } from '../config/select.ts';
import { checkTests } from '../config/test-checks.ts';
import { type Diagnostic, GatewayError } from '../core/errors.ts';
import { checkDevices } from './check-devices.ts';
import { checkRules } from './check-rules.ts';
import { exitCodes, UsageError } from './failure.ts';
import { count, type Output, printDiagnostics, printDiagnosticsAsJson } from './print-diagnostics.ts';

export interface CheckOptions {
  /** Files and folders; none: headgate.yaml and its folders. */
  readonly paths: readonly string[];
  /** The gateway file the paths belong to. */
  readonly config?: string | undefined;
  readonly format: 'text' | 'json';
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
}

/** Returns the exit code: 0 fine (warnings are), 1 with errors. */
export async function checkCommand({ paths, config, format, env, stdout }: CheckOptions): Promise<number> {
  const selected = paths.length > 0 ? await select(paths) : undefined;
  const gateway = selected?.gateway ?? config ?? (selected && (await gatewayFileNear(paths)));
  const loaded = await load(gateway, env, selected);
  const isMeant = selected && selected.gateway === undefined ? meantBy(selected, loaded) : () => true;
  const all = [
    ...loaded.diagnostics,
    ...loaded.unused,
    ...checkDevices(loaded.devices),
    ...checkRules(loaded),
    ...checkTests(loaded.tests, loaded),
  ];
  const found = [...(selected?.diagnostics ?? []), ...all.filter(({ file }) => isMeant(file))];
  const diagnostics = eachOnce(found);
  report(inOrder(diagnostics, loaded), summary(loaded, isMeant), format, stdout);
  return diagnostics.some(isError) ? exitCodes.wrong : exitCodes.fine;
}

type AllLoaded = Loaded & Pick<LoadedTests, 'tests'>;

/** The gateway's files, the selected ones, their tests, and the rules those are about. */
async function load(
  gateway: string | undefined,
  env: CheckOptions['env'],
  selected: Selected | undefined,
): Promise<AllLoaded> {
  const first = await loadAll(gateway, env, selected);
  const paths = [...(await testFilesIn(first.config?.rules)), ...(selected?.tests ?? [])];
  const { files, tests, diagnostics } = await loadTestFiles(paths);
  const known = new Set(first.files.map(({ path }) => path));
  const proved = tests.flatMap(({ rulesPath }) => (rulesPath === undefined ? [] : [rulesPath]));
  const others = proved.filter((path) => !known.has(path));
  const extra: ExtraFiles = {
    devices: selected?.devices ?? [],
    rules: [...(selected?.rules ?? []), ...others],
    users: selected?.users ?? [],
  };
  const loaded = others.length > 0 ? await loadAll(gateway, env, extra) : first;
  return {
    ...loaded,
    files: [...loaded.files, ...files],
    tests,
    diagnostics: [...loaded.diagnostics, ...diagnostics],
  };
}

async function testFilesIn(folder: string | undefined): Promise<string[]> {
  if (folder === undefined || (await kindOf(folder)) !== 'folder') return [];
  return (await yamlFilesIn(folder)).paths.filter(isTestFile);
}

/** File by file as they were loaded, each from top to bottom. */
function inOrder(diagnostics: readonly Diagnostic[], { files }: Loaded): Diagnostic[] {
  const order = new Map(files.map(({ file }, i) => [file, i]));
  const rank = ({ file }: Diagnostic): number => order.get(file) ?? -1;
  return diagnostics.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}

async function select(paths: readonly string[]): Promise<Selected> {
  try {
    return await selectFiles(paths);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    throw new UsageError(error.message, error.remedy === undefined ? {} : { remedy: error.remedy });
  }
}

/** Whether a file, by its name in diagnostics, is one of those the user asked about. */
function meantBy({ devices, rules, users, tests }: Selected, loaded: Loaded): (file: string) => boolean {
  const paths = new Set([...devices, ...rules, ...users, ...tests]);
  const names = new Set(loaded.files.filter(({ path }) => paths.has(path)).map(({ file }) => file));
  return (file) => names.has(file);
}

function summary(
  { isDefault, devices, rules, tests }: AllLoaded,
  isMeant: (file: string) => boolean,
): string {
  const number = (all: readonly { readonly file: { readonly file: string } }[]): number =>
    all.filter(({ file }) => isMeant(file.file)).length;
  const lead = isDefault ? 'no headgate.yaml here, so its defaults; ' : '';
  const proofs = tests
    .filter(({ file }) => isMeant(file.file))
    .flatMap(({ content }) => content.tests).length;
  const more = proofs > 0 ? `, ${count(proofs, 'test')}` : '';
  return `${lead}${count(number(devices), 'device')}, ${count(number(rules), 'rule')}${more}: fine`;
}

function report(
  diagnostics: readonly Diagnostic[],
  fine: string,
  format: 'text' | 'json',
  stdout: Output,
): void {
  if (format === 'json') {
    printDiagnosticsAsJson(diagnostics, stdout);
    return;
  }
  printDiagnostics(diagnostics, stdout);
  if (!diagnostics.some(isError)) stdout.write(`${fine}\n`);
}

/** A folder that is named may be one of the gateway's, too. */
function eachOnce(all: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return all.filter(({ file, line, column, message }) => {
    const place = JSON.stringify([file, line, column, message]);
    if (seen.has(place)) return false;
    seen.add(place);
    return true;
  });
}

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}
