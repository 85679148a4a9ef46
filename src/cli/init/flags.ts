/**
 * Answers that stand on the command line.
 *
 * Invariant: nothing is guessed: what is needed and neither given nor in the file is refused by the name of its flag.
 */

import { resolve } from 'node:path';
import { hostName } from '../../config/load.ts';
import { checkUser } from '../check-user.ts';
import { UsageError } from '../failure.ts';
import { readPassword, readPasswordFile, type Terminal } from '../read-password.ts';
import type { Answers, Existing, InfluxAnswer, Secret, UserAnswer } from './answers.ts';

export interface InitFlags {
  readonly name?: string | undefined;
  /** false: to files. */
  readonly influx?: string | false | undefined;
  readonly database?: string | undefined;
  readonly influxUser?: string | undefined;
  readonly influxPasswordFile?: string | undefined;
  readonly bucket?: string | undefined;
  readonly org?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly listen?: string | undefined;
  readonly user?: string | undefined;
  readonly userPasswordFile?: string | undefined;
  readonly publish?: readonly string[] | undefined;
  readonly subscribe?: readonly string[] | undefined;
}

/** What is given, and nothing else. */
export async function answersOf(flags: InitFlags, existing: Existing, terminal: Terminal): Promise<Answers> {
  checkTogether(flags, existing);
  const influx = influxOf(flags, existing);
  const listen = flags.listen === undefined ? undefined : addressOf(flags.listen);
  const user = flags.user === undefined ? undefined : await userOf(flags.user, flags, terminal);
  return {
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(influx === undefined ? {} : { influx }),
    ...(listen === undefined ? {} : { listen }),
    ...(user === undefined ? {} : { user }),
  };
}

/** Where nobody can be asked: `isTakingDefaults` takes those, else each has to be given. */
export function completed(answers: Answers, existing: Existing, isTakingDefaults: boolean): Answers {
  const needsName = answers.name === undefined && !existing.hasName;
  const needsInflux = answers.influx === undefined && existing.config.forward.influx === undefined;
  if (isTakingDefaults) return { ...(needsName ? { name: hostName() } : {}), ...answers };
  const missing = [
    ...(needsName ? ['--name NAME'] : []),
    ...(needsInflux && existing.text === undefined ? ['--influx URL or --no-influx'] : []),
  ];
  if (missing.length === 0) return answers;
  throw new UsageError(`there is no terminal to ask at, and it is not said: ${missing.join(', ')}`, {
    remedy: 'give these flags, or --yes to take the defaults: the name of this machine, points to files',
  });
}

const ofDatabase = ['database', 'influxUser', 'influxPasswordFile'] as const;
const ofBucket = ['bucket', 'org', 'tokenFile'] as const;
const ofUser = ['userPasswordFile', 'publish', 'subscribe'] as const;

function checkTogether(flags: InitFlags, { config }: Existing): void {
  const given = (keys: readonly (keyof InitFlags)[]): string[] =>
    keys.filter((key) => flags[key] !== undefined).map(flagOf);
  const [database, bucket, user] = [given(ofDatabase), given(ofBucket), given(ofUser)];
  if (database.length > 0 && bucket.length > 0) {
    const message = `${database[0]} is for InfluxDB 1.x, ${bucket[0]} for 2 and 3`;
    throw new UsageError(message, { remedy: 'keep one kind' });
  }
  const about = [...database, ...bucket];
  if (
    about.length > 0 &&
    (flags.influx === false || (flags.influx === undefined && !config.forward.influx))
  ) {
    throw new UsageError(`${about[0]} needs --influx URL`, { remedy: 'give the address of the server' });
  }
  if (bucket.length > 0 && flags.bucket === undefined && config.forward.influx?.bucket === undefined) {
    throw new UsageError(`${bucket[0]} needs --bucket NAME`, { remedy: 'give the name of the bucket' });
  }
  if (user.length > 0 && flags.user === undefined) {
    throw new UsageError(`${user[0]} needs --user NAME`, { remedy: 'give the name of the user' });
  }
}

function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function influxOf(flags: InitFlags, { config }: Existing): InfluxAnswer | 'files' | undefined {
  const { influx, database, bucket, org, influxUser: username } = flags;
  if (influx === false) return 'files';
  const before = config.forward.influx;
  const isAbout = [...ofDatabase, ...ofBucket].some((key) => flags[key] !== undefined);
  const url = influx ?? before?.url;
  if (url === undefined || (influx === undefined && !isAbout)) return undefined;
  const secret = (file: string | undefined): { secret?: Secret } =>
    file === undefined ? {} : { secret: { file: resolve(file) } };
  const isOfDatabase = ofDatabase.some((key) => flags[key] !== undefined);
  const name = bucket ?? (isOfDatabase ? undefined : before?.bucket);
  if (name !== undefined) {
    return { url, bucket: name, ...(org === undefined ? {} : { org }), ...secret(flags.tokenFile) };
  }
  const asUser = username === undefined ? {} : { username };
  return {
    url,
    database: database ?? before?.database ?? 'headgate',
    ...asUser,
    ...secret(flags.influxPasswordFile),
  };
}

/** `host:port`, `port` or `host`; an IPv6 address in brackets. */
export function addressOf(text: string): { host: string; port: number } {
  const [, bracketed, host = bracketed, port] =
    /^(?:(?:\[([\da-f:.]+)\]|([\w.-]*[a-z.][\w.-]*))(?::|$))?(\d{1,5})?$/i.exec(text) ?? [];
  const number = Number(port ?? 1883);
  if ((host === undefined && port === undefined) || number > 65_535) {
    throw new UsageError(`\`${text}\` is no address to listen on`, {
      remedy: 'write 1883, 0.0.0.0:1883, [::]:1883 or 192.168.1.20:1883',
    });
  }
  return { port: number, host: host ?? '127.0.0.1' };
}

async function userOf(name: string, flags: InitFlags, terminal: Terminal): Promise<UserAnswer> {
  const { userPasswordFile, publish, subscribe } = flags;
  checkUser(name, [...(publish ?? []), ...(subscribe ?? [])]);
  const password =
    userPasswordFile === undefined ? await readPassword(name, terminal) : readPasswordFile(userPasswordFile);
  return { name, password, publish, subscribe };
}
