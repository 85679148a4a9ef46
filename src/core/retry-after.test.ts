import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAfterMs } from './retry-after.ts';

const nowMs = Date.UTC(2026, 5, 1);
const date = (ms: number): string => new Date(ms).toUTCString();

test('seconds, or a date from the server’s own', () => {
  assert.equal(retryAfterMs('7', null, nowMs), 7000);
  assert.equal(retryAfterMs(date(nowMs + 30_000), null, nowMs), 30_000);
  for (const offMs of [-30 * 86_400_000, -3_600_000, 3_600_000, 30 * 86_400_000]) {
    assert.equal(retryAfterMs(date(nowMs + 30_000), date(nowMs), nowMs + offMs), 30_000, `${offMs}`);
  }
});

test('bounded, and nothing when it says nothing', () => {
  assert.equal(retryAfterMs('999999999', null, nowMs), 3_600_000);
  assert.equal(retryAfterMs(date(nowMs - 1000), date(nowMs), nowMs), 0);
  for (const text of [null, undefined, '', ' ', 'soon'])
    assert.equal(retryAfterMs(text, null, nowMs), undefined, `${text}`);
});
