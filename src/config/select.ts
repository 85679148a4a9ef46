/**
 * Which files a user means by paths on the command line, and what kind each is.
 *
 * Invariant: every path is accounted for: a file of a kind, or a diagnostic that says why not.
 */

import { dirname, join, resolve } from 'node:path';
import { type Diagnostic, GatewayError } from '../core/errors.ts';
import type { YamlFile } from './document.ts';
import { displayPath, isTestFile, kindOf, readYamlFiles, wholeFile, yamlFilesIn } from './files.ts';
import { defaultConfigName, type ExtraFiles, lookupPaths } from './load.ts';

export interface Selected extends ExtraFiles {
  /** headgate.yaml, when it is among them. */
  readonly gateway?: string;
  readonly users: readonly string[];
  readonly tests: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

type Kind = 'gateway' | 'devices' | 'rules' | 'users';

/** Sorts files and the files in folders by kind; throws for a path that leads nowhere. */
export async function selectFiles(paths: readonly string[]): Promise<Selected> {
  const listed = await Promise.all(paths.map(expand));
  const files = readYamlFiles(listed.flatMap((one) => one.paths));
  const tables = new Set(files.flatMap(lookupPaths));
  const told = files
    .filter(({ path }) => !tables.has(path) && !isTestFile(path))
    .map((file) => ({ path: file.path, kind: kindOfFile(file) }));
  const of = (kind: Kind): string[] => told.filter((one) => one.kind === kind).map(({ path }) => path);
  const [gateway, ...more] = of('gateway');
  if (more.length > 0) {
    throw new GatewayError(`${displayPath(gateway!)} and ${displayPath(more[0]!)} are both gateway files`, {
      remedy: 'check one gateway at a time',
    });
  }
  const unclear = told.filter(({ kind }) => kind === undefined).map(({ path }) => unclearFile(path));
  const tests = [...new Set(files.map(({ path }) => path).filter(isTestFile))];
  const diagnostics = [...listed.flatMap((one) => one.diagnostics), ...unclear];
  return {
    ...(gateway && { gateway }),
    devices: of('devices'),
    rules: of('rules'),
    users: of('users'),
    tests,
    diagnostics,
  };
}

async function expand(path: string): Promise<{ paths: string[]; diagnostics: Diagnostic[] }> {
  const kind = await kindOf(path);
  if (kind === 'folder') return yamlFilesIn(path);
  if (kind === 'file') return { paths: [resolve(path)], diagnostics: [] };
  throw new GatewayError(`there is no ${path}`, { remedy: 'check the path' });
}

/** By what only one kind has; a broken file by the name of its folder. */
function kindOfFile({ path, value }: YamlFile): Kind | undefined {
  const has = (key: string): boolean =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, key);
  if (has('device')) return 'devices';
  if (has('rules') && Array.isArray((value as { rules: unknown }).rules)) return 'rules';
  if (has('users') && Array.isArray((value as { users: unknown }).users)) return 'users';
  const folders = dirname(path).split('/');
  const folder = folders.findLast((name) => name === 'devices' || name === 'rules');
  if (folder === 'devices' || folder === 'rules') return folder;
  const isGateway = [
    'gateway',
    'batch',
    'data',
    'devices',
    'rules',
    'sources',
    'forward',
    'notify',
    'limits',
  ].some(has);
  return isGateway || path.endsWith(`/${defaultConfigName}`) ? 'gateway' : undefined;
}

function unclearFile(path: string): Diagnostic {
  const remedy =
    'a device file has `device:`, a rule file `rules:` with a list, a users file `users:` with one, a gateway file `sources:` and the like';
  return wholeFile(path, 'it is not clear what kind of file this is', remedy);
}

/** The headgate.yaml that files belong to: beside them or one folder up; undefined when there is none. */
export async function gatewayFileNear(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const folder = (await kindOf(path)) === 'folder' ? resolve(path) : dirname(resolve(path));
    for (const near of [folder, dirname(folder)]) {
      const candidate = join(near, defaultConfigName);
      if ((await kindOf(candidate)) === 'file') return candidate;
    }
  }
  return undefined;
}
