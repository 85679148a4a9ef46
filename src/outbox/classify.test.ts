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

test('413 asks for smaller requests', () => {
  assert.equal(kind(413, '{"error":"Request Entity Too Large"}'), 'too-large');
});
