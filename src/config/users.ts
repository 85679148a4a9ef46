/**
 * The users files that brokers name.
 *
 * Invariant: never throws for what is in a file; `users` has an entry for a broker only when its file has no mistake.
 */

import type { Diagnostic } from '../core/errors.ts';
import type { YamlFile } from './document.ts';
import { kindOf, readYamlFile } from './files.ts';
import type { KeyPath, LocatedFile } from './located.ts';
import type { BrokerConfig, GatewayConfig } from './schema.ts';
import { isLoopback } from './source-schema.ts';
import { type UserConfig, usersFileSchema } from './users-schema.ts';
import { diagnose, validate } from './validate.ts';

/** By name of the source. */
export type UsersBySource = Readonly<Record<string, readonly UserConfig[]>>;

export interface LoadedUsers {
  readonly files: readonly LocatedFile[];
  readonly users: UsersBySource;
  readonly diagnostics: readonly Diagnostic[];
}

/** The users of every broker of a gateway; `file` is headgate.yaml. */
export async function loadUsers(file: YamlFile, config: GatewayConfig): Promise<LoadedUsers> {
  const loaded = await Promise.all(
    Object.entries(config.sources).map(([name, source]) =>
      'broker' in source && source.broker.users !== undefined
        ? loadOf(file, name, source.broker, source.broker.users)
        : { files: [], users: {}, diagnostics: [] },
    ),
  );
  return {
    files: loaded.flatMap((one) => one.files),
    users: Object.assign({}, ...loaded.map((one) => one.users)) as UsersBySource,
    diagnostics: loaded.flatMap((one) => one.diagnostics),
  };
}

/** Validates one users file, whoever names it. */
export async function loadUsersFile(
  path: string,
): Promise<{ file: YamlFile; users?: readonly UserConfig[]; diagnostics: readonly Diagnostic[] }> {
  const file = await readYamlFile(path);
  const { value, diagnostics } = validate('users', usersFileSchema, file);
  return { file, ...(value && { users: value.users }), diagnostics };
}

async function loadOf(
  gateway: YamlFile,
  name: string,
  broker: BrokerConfig,
  path: string,
): Promise<LoadedUsers> {
  const keyPath = ['sources', name, 'broker', 'users'];
  if ((await kindOf(path)) !== 'file') {
    const message = `there is no users file ${path}`;
    const remedy = 'make it with `headgate passwd NAME`, or correct the path';
    const missing = diagnose(gateway, { path: keyPath, at: 'value', message, remedy });
    return { files: [], users: {}, diagnostics: [missing] };
  }
  const { file, users, diagnostics } = await loadUsersFile(path);
  if (!users) return { files: [file], users: {}, diagnostics };
  const more = [...withoutCertificates(file, users, broker), ...inTheClear(gateway, name, broker, users)];
  return { files: [file], users: { [name]: users }, diagnostics: [...diagnostics, ...more] };
}

/** Users who can never log in. */
function withoutCertificates(
  file: LocatedFile,
  users: readonly UserConfig[],
  { listen }: BrokerConfig,
): Diagnostic[] {
  if (listen.some(({ tls }) => tls?.clientCa !== undefined)) return [];
  return users.flatMap(({ certificate }, i) => {
    if (certificate === undefined) return [];
    const message = 'no listener of the broker asks for client certificates: this user cannot log in';
    const remedy = 'write `client_ca` under `tls` of a listener, or give the user a password';
    return warning(file, ['users', i, 'certificate'], message, remedy);
  });
}

/** Passwords that everybody on the way can read. */
function inTheClear(
  gateway: LocatedFile,
  name: string,
  { listen }: BrokerConfig,
  users: readonly UserConfig[],
): Diagnostic[] {
  if (users.every(({ password }) => password === undefined)) return [];
  return listen.flatMap(({ host, tls }, i) => {
    if (tls || isLoopback(host)) return [];
    const message = `on ${host} passwords cross the network unencrypted`;
    const remedy = 'write `tls: { cert: …, key: … }` for this listener, where the network is not yours alone';
    return warning(gateway, ['sources', name, 'broker', 'listen', i, 'host'], message, remedy);
  });
}

function warning(file: LocatedFile, path: KeyPath, message: string, remedy: string): Diagnostic[] {
  return [{ ...diagnose(file, { path, at: 'value', message, remedy }), severity: 'warning' }];
}
