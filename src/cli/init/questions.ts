/**
 * The questions of `headgate init`: what no flag has answered, with what is in the file as the answer of Enter.
 *
 * Not here: how a line is asked for, and what the answers are for.
 */

import { hostName } from '../../config/load.ts';
import type { InfluxConfig } from '../../config/schema.ts';
import { isLoopback } from '../../config/source-schema.ts';
import { generationAt } from '../../outbox/probe.ts';
import { checkUser } from '../check-user.ts';
import { UsageError } from '../failure.ts';
import { readPassword, readSecret, type Terminal } from '../read-password.ts';
import type { Answers, Existing, InfluxAnswer, Secret } from './answers.ts';
import type { Asker } from './ask.ts';
import { planFiles } from './files.ts';
import { addressOf } from './flags.ts';

export interface Asking {
  readonly asker: Asker;
  readonly terminal: Terminal;
  readonly existing: Existing;
  readonly signal: AbortSignal;
}

export async function askForRest(answers: Answers, asking: Asking): Promise<Answers> {
  const { asker, existing } = asking;
  const usual = existing.hasName ? existing.config.gateway : hostName();
  const name =
    answers.name ??
    (await askUntilValid(asker, async () => {
      const text = await asker.text('Name of this gateway', usual);
      await planFiles(existing, { name: text });
      return text;
    }));
  const influx = answers.influx ?? (await askInflux(asking));
  const isAboutBroker = answers.listen !== undefined || answers.user !== undefined;
  const broker = isAboutBroker ? {} : await askBroker(asking);
  return { ...answers, name, influx, ...broker };
}

/** Left out as a secret: as it is. `before`: what Enter stands for. */
export async function askInflux(asking: Asking, before = asking.existing.config.forward.influx) {
  const { asker, signal, existing } = asking;
  const none = 'none';
  const url = await askUntilValid(asker, async () => {
    const text = await asker.text('URL of InfluxDB, or none to keep points in files', before?.url ?? none);
    if (text !== none) await planFiles(existing, { influx: { url: text, database: 'headgate' } });
    return text;
  });
  if (url === none) return 'files';
  const found = await generationAt({ url, timeoutMs: 3000 }, signal);
  asker.say(`  ${found.words}`);
  const generation = found.generation ?? (await askGeneration(asker, before));
  return generation === 1
    ? await askDatabase(url, before, asking)
    : await askBucket(url, generation, before, asking);
}

async function askGeneration(asker: Asker, before: InfluxConfig | undefined): Promise<number> {
  const usual = before === undefined || before.bucket !== undefined ? '2' : '1';
  for (;;) {
    const version = await asker.text('Is it InfluxDB 1, 2 or 3?', usual);
    if (/^[123]$/.test(version)) return Number(version);
  }
}

async function askDatabase(
  url: string,
  before: InfluxConfig | undefined,
  { asker, terminal }: Asking,
): Promise<InfluxAnswer> {
  const database = await asker.text('Database', before?.database ?? 'headgate');
  const none = 'none';
  const username = await asker.text('User', before?.username ?? none);
  if (username === none) return { url, database, username: '' };
  const held = before?.passwordFile;
  const isHeld = username === before?.username && (held !== undefined || before?.password !== undefined);
  const secret = await askSecret('Password', held, isHeld, terminal);
  return { url, database, username, ...secret };
}

async function askBucket(
  url: string,
  generation: number,
  before: InfluxConfig | undefined,
  { asker, terminal }: Asking,
): Promise<InfluxAnswer> {
  const bucket = await asker.text(generation === 3 ? 'Database' : 'Bucket', before?.bucket ?? 'headgate');
  const org = generation === 3 ? '' : await asker.text('Organization', before?.org);
  const isHeld = before?.tokenFile !== undefined || before?.token !== undefined;
  const secret = await askSecret('Token', before?.tokenFile, isHeld, terminal);
  return { url, bucket, org, ...secret };
}

async function askSecret(
  what: string,
  file: string | undefined,
  isHeld: boolean,
  terminal: Terminal,
): Promise<{ secret?: Secret }> {
  const keep = isHeld ? `Enter keeps that of ${file ?? 'the file'}` : 'Enter for none';
  const text = await readSecret(`${what} (not shown; ${keep}): `, terminal);
  return text === '' ? {} : { secret: { text } };
}

async function askBroker({ asker, terminal, existing }: Asking): Promise<Answers> {
  const brokers = Object.values(existing.config.sources).flatMap((source) =>
    'broker' in source ? [source.broker] : [],
  );
  const [broker] = brokers;
  if (brokers.length !== 1 || broker!.listen.length !== 1 || broker!.listen[0]!.tls !== undefined) return {};
  const before = broker!.listen[0]!;
  const isOpen = !isLoopback(before.host);
  if (
    !(await asker.yes('May devices on the network connect to the broker, by a user and password?', isOpen))
  ) {
    return isOpen ? { listen: { host: '127.0.0.1', port: before.port } } : {};
  }
  const listen = await askUntilValid(asker, async () =>
    addressOf(await asker.text('Listen on', `${isOpen ? before.host : '0.0.0.0'}:${before.port}`)),
  );
  if (broker!.users !== undefined && !(await asker.yes('Add a user, or change a password?', false)))
    return { listen };
  return { listen, user: await askUser(asker, terminal) };
}

async function askUser(asker: Asker, terminal: Terminal) {
  const name = await askUntilValid(asker, async () => {
    const text = await asker.text('Name of the user', 'devices');
    checkUser(text, []);
    return text;
  });
  const publish = await askFilters(asker, 'Topics it may publish to', '#');
  const subscribe = await askFilters(asker, 'Topics it may subscribe', 'none');
  return { name, password: await readPassword(name, terminal), publish, subscribe };
}

async function askFilters(asker: Asker, question: string, usual: string): Promise<string[]> {
  return await askUntilValid(asker, async () => {
    const filters = (await asker.text(`${question}, apart by spaces`, usual)).split(/\s+/);
    if (filters.length === 1 && filters[0] === 'none') return [];
    checkUser('x', filters);
    return filters;
  });
}

async function askUntilValid<T>(asker: Asker, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      asker.say(`  ${error.message}${error.remedy === undefined ? '' : `: ${error.remedy}`}`);
    }
  }
}
