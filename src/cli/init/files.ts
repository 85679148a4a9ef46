/**
 * From answers to the files that say them: headgate.yaml with only what was asked changed in it, secrets, the users file,
 * examples where there is neither device nor rule.
 *
 * Invariant: headgate.yaml comes last, so that it never names a file that is not there; it is valid, or `UsageError` is
 * thrown: it was valid before, so what is wrong was asked for. Not here: writing them.
 */

import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { kindOf, readTextFile, yamlFilesIn } from '../../config/files.ts';
import { checkConfigText } from '../../config/load.ts';
import type { GatewayConfig, InfluxConfig } from '../../config/schema.ts';
import { setUser } from '../../config/users-edit.ts';
import { type Plain, setInYaml } from '../../config/yaml-edit.ts';
import type { Diagnostic } from '../../core/errors.ts';
import { hashPassword } from '../../core/password-hash.ts';
import { UsageError } from '../failure.ts';
import type { Privacy } from '../replace-file.ts';
import type { Answers, Existing, InfluxAnswer, UserAnswer } from './answers.ts';
import { exampleDevice, exampleRule, gatewayTemplate } from './template.ts';

export interface PlannedFile {
  readonly path: string;
  readonly text: string;
  readonly privacy: Privacy;
  /** Nobody is shown its text. */
  readonly isSecret: boolean;
}

export interface Planned {
  readonly files: readonly PlannedFile[];
  /** What headgate.yaml will mean. */
  readonly config: GatewayConfig;
  /** To be tested: with the secret that is not in its file yet. */
  readonly influx: InfluxConfig | undefined;
}

/** Files that are as they shall be are not among them. */
export async function planFiles(existing: Existing, answers: Answers): Promise<Planned> {
  let text = existing.text ?? gatewayTemplate;
  if (answers.name !== undefined) text = setInYaml(text, ['gateway'], answers.name);
  const influx = withInflux(text, existing, answers.influx);
  const broker = withBroker(influx.text, existing, answers);
  text = broker.text;
  const { config, diagnostics } = checkConfigText(existing.path, text, process.env);
  if (config === undefined) throw mistakeOf(diagnostics[0]!);
  const users = answers.user === undefined ? [] : [await usersFile(broker.users!, answers.user)];
  const examples = await exampleFiles(config);
  const changed =
    text === existing.text
      ? []
      : [{ path: existing.path, text, privacy: 'public', isSecret: false } as const];
  return {
    files: [...influx.secrets, ...users, ...examples, ...changed],
    config,
    influx: config.forward.influx && told(config.forward.influx, influx.untold),
  };
}

function mistakeOf({ message, remedy }: Diagnostic): UsageError {
  return new UsageError(message, remedy === undefined ? {} : { remedy });
}

function told(influx: InfluxConfig, untold: WithInflux['untold']): InfluxConfig {
  if (untold.token === undefined && untold.password === undefined) return influx;
  const { tokenFile: _, passwordFile: __, ...rest } = influx;
  return { ...rest, ...untold };
}

interface WithInflux {
  readonly text: string;
  readonly secrets: readonly PlannedFile[];
  /** The secret itself, in place of the file that is not written yet. */
  readonly untold: { readonly token?: string; readonly password?: string };
}

function withInflux(original: string, existing: Existing, answer: Answers['influx']): WithInflux {
  const none = { secrets: [], untold: {} };
  if (answer === undefined) return { text: original, ...none };
  if (answer === 'files') {
    const gone = existing.forwardsOnlyToInflux ? ['forward'] : ['forward', 'influx'];
    return { text: setInYaml(original, gone, undefined), ...none };
  }
  const key = 'bucket' in answer ? 'token' : 'password';
  const path = secretPath(existing, answer, key);
  const wanted = influxKeys(
    answer,
    path === undefined ? {} : { [`${key}_file`]: inFolder(existing.path, path) },
  );
  const text = withKeys(original, existing.config.forward.influx !== undefined, wanted);
  if (path === undefined || answer.secret === undefined || 'file' in answer.secret) return { text, ...none };
  const secret = answer.secret.text;
  const file = { path, text: `${secret}\n`, privacy: 'private', isSecret: true } as const;
  return { text, secrets: [file], untold: { [key]: secret } };
}

function secretPath(
  { path, config }: Existing,
  { secret }: InfluxAnswer,
  key: 'token' | 'password',
): string | undefined {
  if (secret === undefined) return undefined;
  if ('file' in secret) return resolve(secret.file);
  const held = key === 'token' ? config.forward.influx?.tokenFile : config.forward.influx?.passwordFile;
  return held ?? join(dirname(path), key === 'token' ? 'influx.token' : 'influx.secret');
}

/** Undefined: not to be there. What is not named stays. */
function influxKeys(
  answer: InfluxAnswer,
  secretFile: Record<string, string>,
): Record<string, string | undefined> {
  const ofDatabase = ['database', 'retention_policy', 'username', 'password', 'password_file'];
  const ofBucket = ['bucket', 'org', 'token', 'token_file'];
  const gone = (keys: readonly string[]): Record<string, undefined> =>
    Object.fromEntries(keys.map((key) => [key, undefined]));
  const optional = (key: string, value: string | undefined): Record<string, string | undefined> =>
    value === undefined ? {} : { [key]: value === '' ? undefined : value };
  if ('bucket' in answer) {
    const before = answer.secret === undefined ? {} : gone(['token', 'token_file']);
    const place = { bucket: answer.bucket, ...optional('org', answer.org) };
    return { url: answer.url, ...gone(ofDatabase), ...place, ...before, ...secretFile };
  }
  const isReplaced = answer.secret !== undefined || answer.username === '';
  const before = isReplaced ? gone(['password', 'password_file']) : {};
  const place = { database: answer.database, ...optional('username', answer.username) };
  return { url: answer.url, ...gone(ofBucket), ...place, ...before, ...secretFile };
}

function withKeys(original: string, isThere: boolean, wanted: Record<string, string | undefined>): string {
  if (!isThere) {
    const given = Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return setInYaml(original, ['forward', 'influx'], Object.fromEntries(given));
  }
  // What goes first: a map is never without a key.
  const order = Object.entries(wanted).sort(
    ([, a], [, b]) => Number(a === undefined) - Number(b === undefined),
  );
  return order.reduce((text, [key, value]) => setInYaml(text, ['forward', 'influx', key], value), original);
}

function withBroker(
  original: string,
  existing: Existing,
  { listen, user }: Answers,
): { readonly text: string; readonly users?: string } {
  if (listen === undefined && user === undefined) return { text: original };
  const brokers = Object.entries(existing.config.sources).flatMap(([name, source]) =>
    'broker' in source ? [{ name, broker: source.broker }] : [],
  );
  if (brokers.length !== 1) {
    throw new UsageError(`the gateway has ${brokers.length === 0 ? 'no broker' : 'several brokers'}`, {
      remedy:
        'leave out --listen and --user, and write them in headgate.yaml; `headgate passwd --file` writes users',
    });
  }
  const { name, broker } = brokers[0]!;
  const at = ['sources', name, 'broker'];
  let text = original;
  if (listen !== undefined) {
    if (broker.listen.length > 1 || broker.listen.some(({ tls }) => tls !== undefined)) {
      throw new UsageError('the broker listens on several addresses, or with TLS', {
        remedy: 'leave out --listen, and change `listen` in headgate.yaml',
      });
    }
    text = setInYaml(text, [...at, 'listen'], [{ ...listen } as Plain]);
  }
  const users = broker.users ?? join(dirname(existing.path), 'users.yaml');
  if (user !== undefined && broker.users === undefined) {
    text = setInYaml(text, [...at, 'users'], inFolder(existing.path, users));
  }
  return { text, users };
}

const usersHead = `# Who may log in at the broker, and what each may publish and subscribe. \`headgate passwd\` changes it too.
`;

async function usersFile(
  path: string,
  { name, password, publish, subscribe }: UserAnswer,
): Promise<PlannedFile> {
  const before = existsSync(path) ? readTextFile(path) : usersHead;
  const edit = { name, password: await hashPassword(password), publish, subscribe };
  const { text, isNew } = setUser(before, edit);
  const isIdle = isNew && publish === undefined && subscribe === undefined;
  const able = isIdle ? setUser(before, { ...edit, publish: ['#'] }).text : text;
  return { path, text: able, privacy: 'private', isSecret: true };
}

async function exampleFiles({ devices, rules }: GatewayConfig): Promise<PlannedFile[]> {
  const isEmpty = async (path: string): Promise<boolean> =>
    (await kindOf(path)) === undefined || (await yamlFilesIn(path)).paths.length === 0;
  if (!((await isEmpty(devices)) && (await isEmpty(rules)))) return [];
  return [
    { path: join(devices, 'room.yaml'), text: exampleDevice, privacy: 'public', isSecret: false },
    { path: join(rules, 'room-climate.yaml'), text: exampleRule, privacy: 'public', isSecret: false },
  ];
}

/** As headgate.yaml names it. */
function inFolder(configPath: string, path: string): string {
  const way = relative(dirname(configPath), path);
  return way.startsWith('..') || isAbsolute(way) ? path : `./${way}`;
}
