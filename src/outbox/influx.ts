/**
 * The way to InfluxDB, through the `influx` package's connection pool.
 *
 * Invariant: `send` always settles within its deadline and never throws; a secret is never part of a message.
 * The pool is used for what it does well, the request. Around it: it drops status, Retry-After and body of 5xx
 * answers, so each answer is taken from Node's own `http.client.response.finish` channel by the id of its request;
 * it never settles when a body stalls, so the deadline is ours; it bars a failing host for a while, so its
 * back-off is set to nothing.
 * Not here: when to try again.
 */

import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { type IPoolRequestOptions, Pool } from 'influx/lib/src/pool.js';
import type { InfluxConfig } from '../config/schema.ts';
import { GatewayError, messageOf, reasonOf } from '../core/errors.ts';
import { type Answer, classify, wordsOf } from './classify.ts';
import type { Sink, SinkOutcome } from './sink.ts';

const compress = promisify(gzip);
const responses = 'http.client.response.finish';
const requestIdHeader = 'X-Request-Id';
/** What is kept of an answer's body. */
const maxBodyLength = 64 * 1024;
/** InfluxDB 1.x repeats every line it could not parse in a header; Node's limit is 16 KiB. */
const maxHeaderSize = 8 * 1024 * 1024;

/** Node's codes: OpenSSL's names of what is wrong with a chain, and its own for a name that is not in the certificate. */
const aboutCertificates = /CERT|UNABLE_TO_(VERIFY|GET)|SELF_SIGNED/;

type Credentials = { readonly auth?: string; readonly headers: Readonly<Record<string, string>> };
type Request = Pick<IPoolRequestOptions, 'path' | 'query' | 'headers'> & { readonly body: string | Buffer };

/** Lines over HTTP to the configured server; the database is created when it is missing and that is permitted. */
export function createInfluxSink(config: InfluxConfig, now: () => number = Date.now): Sink {
  const agent = config.url.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true })
    : new HttpAgent({ keepAlive: true });
  const pool = createPool(config, agent);
  let credentials: Credentials | undefined;

  async function post(request: Request, signal: AbortSignal): Promise<Answer> {
    credentials ??= await readCredentials(config);
    const headers = { ...credentials.headers, ...request.headers };
    const auth = credentials.auth === undefined ? {} : { auth: credentials.auth };
    return await exchange(pool, { ...request, ...auth, headers }, signal, config.timeoutMs);
  }

  async function write(body: Buffer, lineCount: number, signal: AbortSignal): Promise<SinkOutcome> {
    const rp = config.retentionPolicy === undefined ? {} : { rp: config.retentionPolicy };
    // No `precision`: nanoseconds are the default of every version, which name them differently.
    const query = { db: config.database, ...rp };
    const answer = await post(
      { path: '/write', query, headers: { 'Content-Encoding': 'gzip' }, body },
      signal,
    );
    return classify(answer, lineCount, now());
  }

  async function createDatabase(signal: AbortSignal): Promise<Answer> {
    const name = config.database.replace(/["\\]/g, '\\$&');
    const body = new URLSearchParams({ q: `CREATE DATABASE "${name}"` }).toString();
    return await post({ path: '/query', body }, signal);
  }

  async function trySend(lines: readonly string[], signal: AbortSignal): Promise<SinkOutcome> {
    const body = await compress(lines.join('\n'), { level: constants.Z_BEST_SPEED });
    const outcome = await write(body, lines.length, signal);
    if (outcome.kind !== 'refused') return outcome;
    // A changed secret is read at the next try.
    if (outcome.cause === 'credentials') credentials = undefined;
    if (outcome.cause !== 'database') return outcome;
    const created = await createDatabase(signal);
    if (created.status === 200 && !created.body.includes('"error"'))
      return await write(body, lines.length, signal);
    return {
      ...outcome,
      detail: `${outcome.detail}; creating it was refused with ${created.status} ${wordsOf(created)}`,
    };
  }

  return {
    async send(lines, signal) {
      try {
        return await trySend(lines, signal);
      } catch (error) {
        if (error instanceof GatewayError) {
          return { kind: 'refused', detail: error.message, remedy: error.remedy ?? '' };
        }
        return networkOutcome(error);
      }
    },
    async close() {
      agent.destroy();
    },
  };
}

/** A certificate that is not trusted does not mend itself; what else goes wrong on the way may. */
function networkOutcome(error: unknown): SinkOutcome {
  const detail = networkWords(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!aboutCertificates.test(code)) return { kind: 'unavailable', detail };
  const remedy =
    'mend the certificate of the server, or name its authority: NODE_EXTRA_CA_CERTS=/path/to/ca.pem';
  return { kind: 'refused', detail: `${detail} (${code})`, remedy };
}

/** Node joins the failures of several addresses into an error without a message. */
function networkWords(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  return messageOf(first) || 'the request failed';
}

function createPool(config: InfluxConfig, agent: HttpAgent): Pool {
  const noBackoff = { getDelay: () => 0, next: () => noBackoff, reset: () => noBackoff };
  const pool = new Pool({ maxRetries: 0, requestTimeout: config.timeoutMs, backoff: noBackoff });
  pool.addHost(config.url, { agent, maxHeaderSize });
  return pool;
}

async function readCredentials(config: InfluxConfig): Promise<Credentials> {
  if (config.tokenFile !== undefined) {
    return { headers: { Authorization: `Token ${await readSecret(config.tokenFile)}` } };
  }
  if (config.username === undefined) return { headers: {} };
  const password =
    config.passwordFile === undefined ? (config.password ?? '') : await readSecret(config.passwordFile);
  return { auth: `${config.username}:${password}`, headers: {} };
}

async function readSecret(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new GatewayError(`cannot read the secret in ${path}: ${reasonOf(error)}`, {
      remedy: 'create the file, readable by the gateway',
      cause: error,
    });
  }
}

/** One request; settles with the whole answer, or rejects: no connection, cut, deadline passed, aborted. */
async function exchange(
  pool: Pool,
  options: Omit<IPoolRequestOptions, 'method' | 'body'> & { readonly body: string | Buffer },
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Answer> {
  const id = randomUUID();
  const stop = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const give = (reason: string) => (): void => {
    reject(new Error(reason));
    stop.abort();
  };
  const deadline = setTimeout(give(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
  const abandoned = give('stopped');
  if (signal.aborted) abandoned();
  signal.addEventListener('abort', abandoned, { once: true });
  const watch = (message: unknown): void => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    if (request.getHeader(requestIdHeader) === id) collect(response, resolve, reject);
  };
  subscribe(responses, watch);
  // The declared type of `body` says string; a buffer is passed to the request as it is.
  const request = { ...options, method: 'POST', signal: stop.signal } as IPoolRequestOptions;
  request.headers = { ...options.headers, [requestIdHeader]: id };
  // Its errors count only when there was no answer: `collect` settled first otherwise.
  pool.discard(request).catch(reject);
  try {
    return await promise;
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener('abort', abandoned);
    unsubscribe(responses, watch);
  }
}

function collect(
  response: IncomingMessage,
  resolve: (answer: Answer) => void,
  reject: (error: Error) => void,
): void {
  let body = '';
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    if (body.length < maxBodyLength) body += text;
  });
  response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
  response.on('close', () => reject(new Error('the connection was cut in the middle of the answer')));
}
