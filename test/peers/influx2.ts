/**
 * A server that answers writes as InfluxDB 2.7 does, for what the gateway asks of it.
 *
 * Its order of checks, statuses and words are those of github.com/influxdata/influxdb at v2.7: `http/write_handler.go`,
 * `http/legacy/write_handler.go`, `http/points/points_parser.go`, `http/authentication_middleware.go`, `tenant/error.go`,
 * `tsdb/shard.go` (conflicts of types), `kit/transport/http/error_handler.go` (the JSON); test/influx2.test.ts holds it against the
 * product, where that is at hand. It is not the product: no query language, no files, no shards (a field has one type for ever).
 */

import {
  createStore,
  keep,
  type PeerAnswer,
  type PeerRequest,
  startPeerServer,
  typeOf,
} from './influx-store.ts';
import { type ReadPoint, readLines } from './lines.ts';

const org = 'transport';
const version = { 'X-Influxdb-Version': 'v2.7.12', 'X-Influxdb-Build': 'OSS' };

export async function startInflux2() {
  /** Buckets by token: those it may write to. */
  const tokens = new Map<string, ReadonlySet<string>>([['good', new Set(['fleet'])]]);
  const buckets = new Map([['fleet', createStore()]]);
  /** Databases of 1.x mapped to buckets. */
  const mappings = new Map<string, string>();
  const limits = { maxBytes: Number.POSITIVE_INFINITY, oldestNs: 0n };

  function write({ headers, query, text, path }: PeerRequest): PeerAnswer {
    const rights = tokens.get(/^Token (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '');
    if (rights === undefined) return failed(401, 'unauthorized', 'unauthorized access');
    const place = path === '/write' ? mapped(query) : named(query);
    if (typeof place !== 'string') return place;
    const store = buckets.get(place);
    if (store === undefined) return failed(404, 'not found', `bucket "${place}" not found`);
    if (!rights.has(place)) return failed(403, 'forbidden', 'insufficient permissions for write');
    if (Buffer.byteLength(text) > limits.maxBytes) {
      return failed(413, 'request too large', 'unable to read data: points batch is too large');
    }
    const lines = readLines(text);
    const wrong = lines.flatMap(({ line, point, error }) => {
      const isReserved = point?.tags.some((tag) => tag.startsWith('time='));
      const reason = isReserved ? 'cannot use reserved tag key "time"' : error;
      return reason === undefined ? [] : [{ line, reason }];
    });
    if (wrong.length > 0) {
      const words = wrong.map(({ line, reason }) => `unable to parse '${line}': ${reason}`);
      return failed(400, 'invalid', words.join('\n'));
    }
    const drops: string[] = [];
    for (const { point } of lines) {
      const reason = refusal(store, point!);
      if (reason === undefined) keep(store, point!);
      else drops.push(reason);
    }
    if (drops.length === 0) return { status: 204, headers: version };
    const words = `failure writing points to database: partial write: ${drops[0]} dropped=${drops.length}`;
    const place7 = drops[0]!.includes('retention policy')
      ? ' for database: 0f2a for retention policy: autogen'
      : '';
    return failed(422, 'unprocessable entity', words + place7);
  }

  function refusal(
    store: ReturnType<typeof createStore>,
    { measurement, fields, time }: ReadPoint,
  ): string | undefined {
    if (time < limits.oldestNs) return 'dropped points outside retention policy of duration 72h0m0s';
    // Beside others it is left out.
    if (fields.has('time') && fields.size === 1) {
      return `invalid field name: input field "time" on measurement "${measurement}" is invalid`;
    }
    for (const [name, { type }] of fields) {
      const held = typeOf(store, measurement, name);
      if (held !== undefined && held !== type) {
        return `field type conflict: input field "${name}" on measurement "${measurement}" is type ${type}, already exists as type ${held}`;
      }
    }
    return undefined;
  }

  function named(query: URLSearchParams): string | PeerAnswer {
    const bucket = query.get('bucket');
    if (!bucket) return failed(404, 'not found', 'bucket not found');
    const asked = query.get('org');
    if (!asked) return failed(400, 'invalid', 'Please provide either orgID or org');
    return asked === org ? bucket : failed(404, 'not found', `organization name "${asked}" not found`);
  }

  function mapped(query: URLSearchParams): string | PeerAnswer {
    const bucket = mappings.get(query.get('db') ?? '');
    return bucket ?? failed(404, 'not found', 'no dbrp mapping found');
  }

  const server = await startPeerServer((request) => {
    if (request.path === '/ping') return { status: 204, headers: version };
    const isWrite = request.path === '/api/v2/write' || request.path === '/write';
    if (request.method === 'POST' && isWrite) return write(request);
    return failed(404, 'not found', 'path not found');
  });
  return { ...server, org, tokens, buckets, mappings, limits };
}

function failed(status: number, code: string, message: string): PeerAnswer {
  const headers = {
    ...version,
    'X-Platform-Error-Code': code,
    'Content-Type': 'application/json; charset=utf-8',
  };
  return { status, body: JSON.stringify({ code, message }), headers };
}
