import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classify } from './classify.ts';
import type { SinkOutcome } from './sink.ts';

const nowMs = Date.parse('2026-01-05T06:00:00Z');

function outcome(
  status: number,
  body = '',
  headers: Record<string, string> = {},
  lineCount = 10,
): SinkOutcome {
  return classify({ status, headers, body }, lineCount, nowMs);
}

function kind(status: number, body = '', headers: Record<string, string> = {}): string {
  return outcome(status, body, headers).kind;
}

test('only an empty 2xx answer is an acceptance', () => {
  assert.equal(kind(204), 'accepted');
  assert.equal(kind(200), 'accepted');
  assert.equal(kind(200, '<html><title>Hotel WiFi</title></html>'), 'refused');
  assert.match((outcome(200, '<html><title>Hotel WiFi</title>') as { detail: string }).detail, /Hotel WiFi/);
  assert.equal(kind(200, '{"error":"no"}'), 'refused');
});

test('lines are at fault only when the words are about lines', () => {
  const words = [
    '{"error":"partial write: points beyond retention policy dropped=3"}',
    '{"error":"unable to parse \'m\': missing fields"}',
    '{"code":"invalid","message":"unable to parse \'m\'"}',
    '{"error":"partial write of line protocol occurred","data":[{"error_message":"invalid column type"}]}',
  ];
  for (const body of words) assert.equal((outcome(400, body) as { certain: boolean }).certain, true, body);
  for (const body of ['{"error":"database is required"}', '{"error":"unexpected EOF"}', 'Bad Request']) {
    assert.equal((outcome(400, body) as { certain: boolean }).certain, false, body);
  }
  assert.equal(
    (outcome(422, '{"code":"unprocessable entity","message":"x"}') as { certain: boolean }).certain,
    true,
  );
});

test('the server says when it took none', () => {
  const conflict = 'partial write: field type conflict: input field "v" on measurement "m" is type string';
  const body = JSON.stringify({ error: `${conflict} dropped=10` });
  assert.equal((outcome(400, body) as { all: boolean }).all, true);
  assert.equal((outcome(400, body, {}, 11) as { all: boolean }).all, false);
  assert.equal((outcome(400, '{"error":"unable to parse"}', {}, 1) as { all: boolean }).all, false);
  const long = JSON.stringify({ error: `partial write: ${'x'.repeat(5000)} dropped=10` });
  assert.equal((outcome(400, long) as { all: boolean }).all, true);
});

test('what a person has to change is refused, with a remedy', () => {
  for (const status of [301, 307, 401, 403, 404, 405, 407, 410]) {
    const refused = outcome(status, 'x', { location: 'https://there' });
    assert.equal(refused.kind, 'refused', String(status));
    assert.ok((refused as { remedy: string }).remedy.length > 0);
  }
  assert.equal(kind(500, '{"error":"retention policy not found: nope"}'), 'refused');
  assert.equal(
    (outcome(404, '{"error":"database not found: \\"x\\""}') as { cause?: string }).cause,
    'database',
  );
  assert.equal((outcome(401) as { cause?: string }).cause, 'credentials');
});

test('what passes by itself is unavailable, with the wait the server wishes', () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504]) assert.equal(kind(status), 'unavailable');
  const wish = (value: string): unknown =>
    (outcome(503, '', { 'retry-after': value }) as { retryAfterMs?: number }).retryAfterMs;
  assert.equal(wish('7'), 7000);
  assert.equal(wish('Mon, 05 Jan 2026 06:00:30 GMT'), 30_000);
  assert.equal(wish('Mon, 05 Jan 2026 05:00:00 GMT'), 0);
  assert.equal(wish('99999999'), 3_600_000);
  assert.equal(wish('soon'), undefined);
  assert.equal(wish(''), undefined);
});

test('413 asks for smaller requests, and so do the words of InfluxDB 3', () => {
  assert.equal(kind(413, '{"error":"Request Entity Too Large"}'), 'too-large');
  assert.equal(kind(500, 'max request size (10485760 bytes) exceeded'), 'too-large');
});

const parts = (status: number, body: string, lineCount = 10): { certain?: boolean; all?: boolean } => {
  const { kind: found, certain, all } = outcome(status, body, {}, lineCount) as Record<string, unknown>;
  return { kind: found, certain, all } as object;
};

test('what InfluxDB 2 says of lines', () => {
  const conflict =
    'partial write: field type conflict: input field \\"v\\" on measurement \\"m\\" is type string, already exists as type float dropped=';
  // As 2.7.12 was seen to answer.
  const late =
    'partial write: dropped 10 points outside retention policy of duration 72h0m0s - oldest point m at 2025-08-26T03:26:38Z dropped because it violates a Retention Policy Lower Bound at 2025-09-02T09:04:10Z, newest point m at 2025-08-26T03:26:38Z dropped because it violates a Retention Policy Lower Bound at 2025-09-02T09:04:10Z dropped=10 for database: 0f2a9c77 for retention policy: autogen';
  const body = (words: string): string =>
    `{"code":"unprocessable entity","message":"failure writing points to database: ${words}"}`;
  assert.deepEqual(parts(422, body(`${conflict}1`)), { kind: 'rejected', certain: true, all: false });
  assert.deepEqual(parts(422, body(`${conflict}10`)), { kind: 'rejected', certain: true, all: true });
  assert.deepEqual(parts(422, body(late)), { kind: 'rejected', certain: true, all: true });
  // Before 2.3 the status was that of a failing server.
  const old = `{"code":"internal error","message":"unexpected error writing points to database: ${conflict}1"}`;
  assert.deepEqual(parts(500, old), { kind: 'rejected', certain: true, all: false });
  assert.equal(
    kind(500, '{"code":"internal error","message":"unexpected error writing points to database: timeout"}'),
    'unavailable',
  );
});

test('what InfluxDB 3 says of lines', () => {
  const line = {
    original_line: 'm v="x" 1',
    line_number: 2,
    error_message: "invalid column type for column 'v'",
  };
  const partial = (count: number): string =>
    JSON.stringify({ error: 'partial write of line protocol occurred', data: Array(count).fill(line) });
  assert.deepEqual(parts(400, partial(1)), { kind: 'rejected', certain: true, all: false });
  assert.deepEqual(parts(400, partial(10)), { kind: 'rejected', certain: true, all: true });
  const none = JSON.stringify({ error: 'parsing failed for write_lp endpoint', data: line });
  assert.deepEqual(parts(400, none), { kind: 'rejected', certain: true, all: false });
  // Cloud Serverless, Dedicated and Clustered.
  const words =
    'failed to parse line protocol: errors encountered on line(s):\nerror parsing line 2 (1-based): Invalid measurement was provided';
  assert.deepEqual(parts(400, JSON.stringify({ code: 'invalid', line: 2, message: words })), {
    kind: 'rejected',
    certain: true,
    all: false,
  });
});

test('what a line quotes is not taken for words about settings', () => {
  const quoted = `{"error":"unable to parse 'm s=\\"adding a new database would exceed, db name\\"': bad timestamp"}`;
  assert.equal(kind(400, quoted), 'rejected');
  assert.equal(
    kind(422, '{"error":"Adding a new database would exceed limit of 5 databases","data":null}'),
    'refused',
  );
  assert.equal(kind(400, '{"error":"db name did not start with a number or letter","data":null}'), 'refused');
  assert.equal(kind(400, 'Client sent an HTTP request to an HTTPS server.'), 'refused');
});
