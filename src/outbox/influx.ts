/**
 * The way to InfluxDB: lines as compressed requests.
 *
 * Invariant: `send` always settles and never throws.
 * Not here: the request itself (influx-client.ts), what an answer means (classify.ts), when to try again.
 */

import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { InfluxConfig } from '../config/schema.ts';
import { GatewayError } from '../core/errors.ts';
import { type Answer, classify, wordsOf } from './classify.ts';
import { createInfluxClient, queryRequest, writeRequest } from './influx-client.ts';
import { networkOutcome } from './network-outcome.ts';
import type { Sink, SinkOutcome } from './sink.ts';

const compress = promisify(gzip);

/** Lines over HTTP to the configured server; the database of 1.x is created when it is missing and that is permitted. */
export function createInfluxSink(config: InfluxConfig, now: () => number = Date.now): Sink {
  const client = createInfluxClient(config);

  async function write(body: Buffer, lineCount: number, signal: AbortSignal): Promise<SinkOutcome> {
    return classify(await client.request(writeRequest(config, body), signal), lineCount, now());
  }

  async function createDatabase(signal: AbortSignal): Promise<Answer> {
    const name = config.database.replace(/["\\]/g, '\\$&');
    return await client.request(queryRequest(`CREATE DATABASE "${name}"`), signal);
  }

  async function trySend(lines: readonly string[], signal: AbortSignal): Promise<SinkOutcome> {
    const body = await compress(lines.join('\n'), { level: constants.Z_BEST_SPEED });
    const outcome = await write(body, lines.length, signal);
    if (outcome.kind !== 'refused') return outcome;
    // A changed secret is read at the next try.
    if (outcome.cause === 'credentials') client.forgetCredentials();
    if (outcome.cause !== 'database' || config.bucket !== undefined) return outcome;
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
      client.close();
    },
  };
}
