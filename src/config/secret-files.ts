/**
 * The files of headgate.yaml that hold secrets: passwords, tokens, private keys, and headgate.yaml itself where it does.
 *
 * Invariant: warns only, for `check` may run as another user, or elsewhere, than the gateway. Nothing in them is read.
 * Not here: whether they open the door they are for.
 */

import { stat } from 'node:fs/promises';
import type { Diagnostic } from '../core/errors.ts';
import type { YamlFile } from './document.ts';
import type { KeyPath } from './located.ts';
import type { GatewayConfig, InfluxConfig, SourceConfig } from './schema.ts';
import { isSecretKey } from './secrets.ts';

interface SecretFile {
  /** Where headgate.yaml names it. */
  readonly keyPath: KeyPath;
  readonly path: string;
}

/** The right to read that everybody has. */
const readByOthers = 0o004;

/** Warns of those that every user of the machine may read; says nothing of those that are missing. */
export async function checkSecretFiles(file: YamlFile, config: GatewayConfig): Promise<Diagnostic[]> {
  const written = firstSecret(file.value, []);
  const itself = written === undefined ? [] : [{ keyPath: written, path: file.path }];
  const found = [...namedFiles(config), ...itself];
  return (await Promise.all(found.map((secret) => check(file, secret)))).flat();
}

async function check(file: YamlFile, { keyPath, path }: SecretFile): Promise<Diagnostic[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || (found.mode & readByOthers) === 0) return [];
  const what = path === file.path ? 'this file, which holds a secret,' : 'this file';
  const message = `${what} may be read by every user of this machine`;
  return [
    {
      severity: 'warning',
      file: file.file,
      ...file.locate(keyPath),
      message,
      remedy: `take the right away: chmod o= ${path}`,
    },
  ];
}

/** The files that `headgate.yaml` names for a secret; users files, which hold no passwords but their hashes, apart. */
export function secretFilesOf(config: GatewayConfig): {
  readonly secrets: string[];
  readonly users: string[];
} {
  const isUsers = ({ keyPath }: SecretFile): boolean => keyPath.at(-1) === 'users';
  const named = namedFiles(config);
  const paths = (files: readonly SecretFile[]): string[] => [...new Set(files.map(({ path }) => path))];
  return {
    secrets: paths(named.filter((one) => !isUsers(one))),
    users: paths(named.filter(isUsers)),
  };
}

/** Whether a secret is written out in headgate.yaml itself. */
export function holdsSecret(file: YamlFile): boolean {
  return firstSecret(file.value, []) !== undefined;
}

function namedFiles({ sources, forward }: GatewayConfig): SecretFile[] {
  return [
    ...Object.entries(sources).flatMap(([name, source]) => below(['sources', name], ofSource(source))),
    ...below(['forward', 'influx'], ofInflux(forward.influx)),
  ];
}

function below(above: KeyPath, files: readonly SecretFile[]): SecretFile[] {
  return files.map(({ keyPath, path }) => ({ keyPath: [...above, ...keyPath], path }));
}

function ofSource(source: SourceConfig): SecretFile[] {
  if ('broker' in source) {
    const keys = source.broker.listen.flatMap(({ tls }, i) =>
      tls === undefined ? [] : [{ keyPath: ['broker', 'listen', i, 'tls', 'key'], path: tls.key }],
    );
    return [...keys, ...named(['broker', 'users'], source.broker.users)];
  }
  if (!('mqtt' in source)) return [];
  return [
    ...named(['mqtt', 'password_file'], source.mqtt.passwordFile),
    ...named(['mqtt', 'key'], source.mqtt.key),
  ];
}

function ofInflux(influx: InfluxConfig | undefined): SecretFile[] {
  return [...named(['password_file'], influx?.passwordFile), ...named(['token_file'], influx?.tokenFile)];
}

function named(keyPath: KeyPath, path: string | undefined): SecretFile[] {
  return path === undefined ? [] : [{ keyPath, path }];
}

/** Where a secret is written out, rather than referred to as `${NAME}`. */
function firstSecret(value: unknown, path: KeyPath): KeyPath | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const here = [...path, Array.isArray(value) ? Number(key) : key];
    const isWritten = typeof child === 'string' && !child.includes('${') && isSecretKey(key);
    const found = isWritten ? here : firstSecret(child, here);
    if (found !== undefined) return found;
  }
  return undefined;
}
