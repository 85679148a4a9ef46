/**
 * Requests to an InfluxDB, through the `influx` package's connection pool: with the credentials of the configuration,
 * to the endpoint that its settings mean.
 *
 * Invariant: a request settles within its deadline, with the whole answer; a secret is never part of a message.
 * The pool is used for what it does well, the request. Around it: it drops status, Retry-After and body of 5xx
 * answers, so each answer is taken from Node's own `http.client.response.finish` channel by the id of its request;
 * it never settles when a body stalls, so the deadline is ours; it bars a failing host for a while, so its
 * back-off is set to nothing.
 * Not here: what an answer means, when to try again.
 */

import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type IPoolRequestOptions, Pool } from 'influx/lib/src/pool.js';
import type { InfluxConfig } from '../config/schema.ts';
import { GatewayError, reasonOf } from '../core/errors.ts';
import type { Answer } from './classify.ts';

const responses = 'http.client.response.finish';
const requestIdHeader = 'X-Request-Id';
/** What is kept of an answer's body. */
const maxBodyLength = 64 * 1024;
/** InfluxDB 1.x repeats every line it could not parse in a header; Node's limit is 16 KiB. */
const maxHeaderSize = 8 * 1024 * 1024;

export interface InfluxRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface InfluxClient {
  /** Rejects when there was no whole answer: no connection, cut, deadline passed, aborted, no secret to be read. */
  request(request: InfluxRequest, signal: AbortSignal): Promise<Answer>;
  /** Secrets in files are read again for the next request: they may have changed. */
  forgetCredentials(): void;
  close(): void;
}

export function createInfluxClient(config: InfluxConfig): InfluxClient {
  const agent = config.url.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true })
    : new HttpAgent({ keepAlive: true });
  const pool = createPool(config, agent);
  let credentials: Credentials | undefined;
  return {
    async request(request, signal) {
      credentials ??= await readCredentials(config);
      const headers = { ...credentials.headers, ...request.headers };
      const auth = credentials.auth === undefined ? {} : { auth: credentials.auth };
      return await exchange(pool, { ...request, ...auth, headers }, signal, config.timeoutMs);
    },
    forgetCredentials() {
      credentials = undefined;
    },
    close: () => agent.destroy(),
  };
}

/**
 * A write of lines in nanoseconds, as the settings want it: to a bucket by the endpoint of InfluxDB 2, to a database by that
 * of 1.x; 3 has both. No `precision`: nanoseconds are the default of both, and versions name them differently.
 */
export function writeRequest(config: InfluxConfig, body: Buffer): InfluxRequest {
  const { bucket, org, database, retentionPolicy: rp } = config;
  const target =
    bucket === undefined
      ? { path: '/write', query: { db: database, ...(rp === undefined ? {} : { rp }) } }
      : { path: '/api/v2/write', query: { ...(org === undefined ? {} : { org }), bucket } };
  return { method: 'POST', ...target, headers: { 'Content-Encoding': 'gzip' }, body };
}

/** A statement of InfluxQL, on 1.x. */
export function queryRequest(statement: string): InfluxRequest {
  return { method: 'POST', path: '/query', body: new URLSearchParams({ q: statement }).toString() };
}

/** What people call the place that points go to. */
export function targetOf({ url, bucket, database }: InfluxConfig): string {
  return `${url} ${bucket ?? database}`;
}

interface Credentials {
  readonly auth?: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function readCredentials(config: InfluxConfig): Promise<Credentials> {
  const token = config.tokenFile === undefined ? config.token : await readSecret(config.tokenFile);
  if (token !== undefined) return { headers: { Authorization: `Token ${checkedToken(token, config)}` } };
  if (config.username === undefined) return { headers: {} };
  const password =
    config.passwordFile === undefined ? (config.password ?? '') : await readSecret(config.passwordFile);
  return { auth: `${config.username}:${password}`, headers: {} };
}

/** Thrown for what a person has to mend on this machine. */
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

/** Node would refuse others with words that hold them. */
function checkedToken(token: string, { tokenFile }: InfluxConfig): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const where = tokenFile === undefined ? 'of forward.influx' : `in ${tokenFile}`;
  const what = token === '' ? 'is empty' : 'has spaces, line breaks or characters that no header can hold';
  throw new GatewayError(`the token ${where} ${what}`, { remedy: 'copy the token again, as one line' });
}

function createPool(config: InfluxConfig, agent: HttpAgent): Pool {
  const noBackoff = { getDelay: () => 0, next: () => noBackoff, reset: () => noBackoff };
  const pool = new Pool({ maxRetries: 0, requestTimeout: config.timeoutMs, backoff: noBackoff });
  pool.addHost(config.url, { agent, maxHeaderSize });
  return pool;
}

/** One request; settles with the whole answer, or rejects: no connection, cut, deadline passed, aborted. */
async function exchange(
  pool: Pool,
  options: InfluxRequest & { readonly auth?: string },
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
  const request = { ...options, signal: stop.signal } as IPoolRequestOptions;
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
