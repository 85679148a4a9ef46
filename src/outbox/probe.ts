/**
 * The connection test: what is at the address of `forward.influx`, and whether it would take points.
 *
 *     /ping ──▶ there, and of which version? its clock?
 *     a write without a line ──▶ credentials, database or bucket, right to write
 *
 * Invariant: nothing is left on the server: no point, no database. A server judges who asks, and for what, before it looks
 * for lines, so a write without any tells all but whether it likes the lines. Expected failures are findings, never
 * thrown; a secret is part of none.
 * Not here: showing findings.
 */

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { InfluxConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { duration } from '../core/health.ts';
import { type Answer, classify, isAboutNoLines, wordsOf } from './classify.ts';
import { createInfluxClient, type InfluxClient, queryRequest, writeRequest } from './influx-client.ts';
import { type InfluxServer, serverOf } from './influx-server.ts';
import { networkOutcome, networkRemedy } from './network-outcome.ts';

const compress = promisify(gzip);

export interface Finding {
  /** `settings`: what is asked with; `server`: what is there; `points`: whether it would take them; `clock`: whose time. */
  readonly about: 'settings' | 'server' | 'points' | 'clock';
  /** `warn`: points may still arrive, or be of another time than they seem. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly words: string;
  /** Always there for `fail`. */
  readonly remedy?: string;
}

export interface ProbeOptions {
  readonly signal: AbortSignal;
  /** The time of day here, ms; default: the system's. */
  readonly now?: () => number;
}

/** So much nobody notices. */
const clockToleranceMs = 5000;

/** Takes at most three times `timeoutMs`; what cannot be found out because of an earlier failure has no finding. */
export async function probeInflux(
  config: InfluxConfig,
  { signal, now = Date.now }: ProbeOptions,
): Promise<readonly Finding[]> {
  const client = createInfluxClient(config);
  try {
    const askedMs = now();
    const ping = await client.request(pingRequest, signal);
    const server = serverOf(ping);
    const seen = { about: 'server', state: server.isInflux ? 'ok' : 'warn', words: server.words } as const;
    const clock = clockFinding(ping, { askedMs, answeredMs: now() });
    return [seen, ...clock, await pointsFinding({ config, client, server, signal, now })];
  } catch (error) {
    return [failure(error, config)];
  } finally {
    client.close();
  }
}

/** What is at the address, for somebody who has no credentials for it yet. Never rejects. */
export async function generationAt(
  { url, timeoutMs }: Pick<InfluxConfig, 'url' | 'timeoutMs'>,
  signal: AbortSignal,
): Promise<InfluxServer> {
  const client = createInfluxClient({ url, timeoutMs, database: '', backlogPointsPerSecond: 1 });
  try {
    return serverOf(await client.request(pingRequest, signal));
  } catch (error) {
    return { words: networkOutcome(error).detail, isInflux: false };
  } finally {
    client.close();
  }
}

const pingRequest = { method: 'GET', path: '/ping' } as const;

function failure(error: unknown, config: InfluxConfig): Finding {
  if (error instanceof GatewayError) {
    return { about: 'settings', state: 'fail', words: error.message, remedy: error.remedy ?? '' };
  }
  const outcome = networkOutcome(error);
  const remedy = outcome.kind === 'refused' ? outcome.remedy : networkRemedy(error, config.url);
  return { about: 'server', state: 'fail', words: `${config.url}: ${outcome.detail}`, remedy };
}

/** What a slow answer may explain is no difference. */
function clockFinding(
  { headers }: Answer,
  { askedMs, answeredMs }: { readonly askedMs: number; readonly answeredMs: number },
): Finding[] {
  const { date } = headers;
  const theirsMs = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(theirsMs)) return [];
  // Told in whole seconds, without the rest.
  const aheadMs = Math.max(0, askedMs - theirsMs - 1000) + Math.min(0, answeredMs - theirsMs);
  if (Math.abs(aheadMs) <= clockToleranceMs) {
    return [{ about: 'clock', state: 'ok', words: "this machine's clock agrees with the server's" }];
  }
  const side = aheadMs > 0 ? 'ahead of' : 'behind';
  const words = `this machine's clock is ${duration(Math.abs(aheadMs))} ${side} the server's`;
  const remedy =
    'set the clock that is wrong (`timedatectl` shows this one): points carry the time of this machine';
  return [{ about: 'clock', state: 'warn', words, remedy }];
}

interface Context {
  readonly config: InfluxConfig;
  readonly client: InfluxClient;
  readonly server: InfluxServer;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

async function pointsFinding(context: Context): Promise<Finding> {
  const { config, client, server, signal, now } = context;
  const answer = await client.request(writeRequest(config, await compress('')), signal);
  const place = placeOf(config);
  if (isAboutNoLines(answer)) return taken(place, server);
  const outcome = classify(answer, 1, now());
  switch (outcome.kind) {
    case 'accepted':
      return taken(place, server);
    case 'refused':
      if (outcome.cause === 'database' && config.bucket === undefined) return await missingDatabase(context);
      return refusal(context, answer, `${place}: ${outcome.detail}`, outcome.remedy);
    case 'unavailable':
      return warning(`${place}: cannot be written to now: ${outcome.detail}`);
    case 'rejected':
    case 'too-large':
      return warning(`${place}: a write without lines was answered with ${outcome.detail}`);
  }
}

function taken(place: string, { generation }: InfluxServer): Finding {
  const made = generation === 3 ? '; it is made with the first of them if it is missing' : '';
  return { about: 'points', state: 'ok', words: `${place} takes points${made}` };
}

function warning(words: string): Finding {
  return {
    about: 'points',
    state: 'warn',
    words,
    remedy: 'try again; the gateway keeps points until they are taken',
  };
}

/** What the version makes of a refusal that by itself says little. */
function refusal({ config, server }: Context, answer: Answer, words: string, remedy: string): Finding {
  const finding = { about: 'points', state: 'fail', words } as const;
  if (server.generation === 1 && config.bucket !== undefined && answer.status === 404) {
    return {
      ...finding,
      remedy: 'InfluxDB 1.x has databases: write `database` in place of `bucket` and `org`',
    };
  }
  if (server.generation === 2 && config.bucket === undefined) {
    return {
      ...finding,
      remedy: 'InfluxDB 2 has buckets: write `bucket`, `org` and `token_file` in place of `database`',
    };
  }
  return { ...finding, remedy };
}

/** On 1.x the gateway makes it, when it may: as may whoever may do what asks for the same right and changes nothing. */
async function missingDatabase({ config, client, signal }: Context): Promise<Finding> {
  const { database, username } = config;
  const answer = await client.request(queryRequest('SHOW USERS'), signal);
  if (answer.status === 200 && !answer.body.includes('"error"')) {
    const words = `database ${database} is not there yet; the gateway makes it with the first points`;
    return { about: 'points', state: 'ok', words };
  }
  const grant = username === undefined ? '' : `, then GRANT WRITE ON "${database}" TO "${username}"`;
  return {
    about: 'points',
    state: 'fail',
    words: `there is no database ${database}, and the gateway may not make it: ${answer.status} ${wordsOf(answer)}`,
    remedy: `as an administrator of the server: CREATE DATABASE "${database}"${grant}`,
  };
}

function placeOf({ bucket, org, database }: InfluxConfig): string {
  if (bucket === undefined) return `database ${database}`;
  return org === undefined ? `bucket ${bucket}` : `bucket ${bucket} of ${org}`;
}
