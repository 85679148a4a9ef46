import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesText, countText, durationText, timeText } from './units-text.ts';

test('counts have their thousands apart', () => {
  assert.equal(countText(0), '0');
  assert.equal(countText(1_234_567.4), '1,234,567');
});

test('bytes have three digits', () => {
  const texts: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '0.977 KB'],
    [1024, '1 KB'],
    [123_456, '121 KB'],
    [64 * 1024 * 1024, '64 MB'],
    [1023 * 1024, '0.999 MB'],
    [5e15, '4550 TB'],
  ];
  for (const [bytes, text] of texts) assert.equal(bytesText(bytes), text);
});

test('durations have their two largest units', () => {
  const texts: [number, string][] = [
    [-5, '0 ms'],
    [0.4, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [9949, '9.9 s'],
    [9950, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min'],
    [125_000, '2 min 5 s'],
    [3_600_000, '1 h'],
    [5_400_000, '1 h 30 min'],
    [90_000_000, '1 d 1 h'],
  ];
  for (const [ms, text] of texts) assert.equal(durationText(ms), text);
});

test('times are in UTC, also those no calendar knows', () => {
  assert.equal(timeText(Date.UTC(2026, 0, 5, 6, 4)), '2026-01-05T06:04:00Z');
  assert.equal(timeText(Date.UTC(2026, 0, 5, 6, 4, 0, 7)), '2026-01-05T06:04:00.007Z');
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 9e15]) assert.equal(timeText(ms), '–');
});
