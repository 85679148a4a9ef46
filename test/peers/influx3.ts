/**
 * A server that answers writes as InfluxDB 3 Core does, for what the gateway asks of it.
 *
 * Its order of checks, statuses and words are those of github.com/influxdata/influxdb, branch main of 2025:
 * `influxdb3_server/src/http.rs` (`authenticate_request`, `write_lp_inner`, `IntoResponse for Error`),
 * `influxdb3_write/src/write_buffer/validator.rs` and `influxdb3_catalog`. It is not the product: no query language, no files.
 */

import {
  createStore,
  keep,
  type PeerAnswer,
  type PeerRequest,
  startPeerServer,
  typeOf,
} from './influx-store.ts';
import { type FieldType, type ReadLine, readLines } from './lines.ts';

const version = { 'X-Influxdb-Version': '3.2.1', 'X-Influxdb-Build': 'Core' };
const columnTypes: Readonly<Record<FieldType, string>> = {
  float: 'iox::column_type::field::float',
  integer: 'iox::column_type::field::integer',
  unsigned: 'iox::column_type::field::uinteger',
  string: 'iox::column_type::field::string',
  boolean: 'iox::column_type::field::boolean',
};

export async function startInflux3() {
  const tokens = new Set(['good']);
  const databases = new Map<string, ReturnType<typeof createStore>>();
  const limits = { databases: 5, maxBytes: 10_485_760 };

  function authenticate({ headers: { authorization } }: PeerRequest): PeerAnswer | undefined {
    if (authorization === undefined) return { status: 401 };
    const [scheme = '', token, ...more] = authorization.split(' ');
    if (!['Bearer', 'Token'].includes(scheme) || token === undefined || more.length > 0) {
      return failed(
        400,
        "Authorization header was malformed, the request was not in the form of 'Authorization: <auth-scheme> <token>', supported auth-schemes are Bearer, Token and Basic",
      );
    }
    return tokens.has(token) ? undefined : { status: 401 };
  }

  function write({ query, text, path }: PeerRequest): PeerAnswer {
    const name = query.get(path === '/write' ? 'db' : 'bucket') ?? '';
    if (!/^[a-z0-9]/i.test(name)) return failed(400, 'db name did not start with a number or letter');
    if (!/^[\w-]+$/.test(name)) {
      return failed(
        400,
        'invalid character in database name: must be ASCII, containing only letters, numbers, underscores, or hyphens',
      );
    }
    if (Buffer.byteLength(text) > limits.maxBytes) {
      return { status: 500, body: `max request size (${limits.maxBytes} bytes) exceeded` };
    }
    const lines = readLines(text);
    if (lines.length === 0) return { status: 400, body: 'incoming write was empty' };
    if (!databases.has(name)) {
      if (databases.size >= limits.databases) {
        return failed(422, `Adding a new database would exceed limit of ${limits.databases} databases`);
      }
      databases.set(name, createStore());
    }
    const data = lines.flatMap((line) => {
      const message = line.error === undefined ? refusal(databases.get(name)!, line) : words(line);
      if (message === undefined) keep(databases.get(name)!, line.point!);
      else return [{ original_line: line.line, line_number: line.number, error_message: message }];
      return [];
    });
    if (data.length === 0) return { status: 204 };
    return { status: 400, body: JSON.stringify({ error: 'partial write of line protocol occurred', data }) };
  }

  const server = await startPeerServer((request) => {
    const denied = authenticate(request);
    if (denied !== undefined) return denied;
    if (request.path === '/ping') {
      return {
        status: 200,
        headers: version,
        body: JSON.stringify({ version: '3.2.1', revision: 'abc', process_id: 'x' }),
      };
    }
    const isWrite = request.path === '/api/v2/write' || request.path === '/write';
    if (request.method === 'POST' && isWrite) return write(request);
    return { status: 404, body: 'not found' };
  });
  return { ...server, tokens, databases, limits };
}

function refusal(store: ReturnType<typeof createStore>, { point }: ReadLine): string | undefined {
  const { measurement, fields, tags } = point!;
  const names = new Set(tags.map((tag) => tag.slice(0, tag.indexOf('='))));
  for (const [name, { type }] of fields) {
    if (name === 'time') return `'time' is a reserved column`;
    const held = typeOf(store, measurement, name);
    const expected = names.has(name) ? 'iox::column_type::tag' : held && columnTypes[held];
    if (expected !== undefined && expected !== columnTypes[type]) {
      return `invalid column type for column '${name}', expected ${expected}, got ${columnTypes[type]}`;
    }
  }
  return undefined;
}

function words({ error, line }: ReadLine): string {
  return error === 'missing fields' || error === 'missing field value'
    ? 'No fields were provided'
    : `Could not parse entire line. Found trailing content: \`${line.slice(-10)}\``;
}

function failed(status: number, error: string): PeerAnswer {
  return { status, body: JSON.stringify({ error, data: null }) };
}
