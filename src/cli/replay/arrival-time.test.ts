import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseArrival } from './arrival-time.ts';

test('every form that mosquitto_sub writes', () => {
  const times: [string, number][] = [
    ['1470818943.786368637', 1_470_818_943_786.368],
    ['1470818943', 1_470_818_943_000],
    ['2016-08-10T09:47:38+0100', Date.UTC(2016, 7, 10, 8, 47, 38)],
    ['2024-02-13T16:33:00.005271Z', Date.UTC(2024, 1, 13, 16, 33, 0, 5) + 0.271],
    ['2024-02-29t23:59:59,5-02:30', Date.UTC(2024, 2, 1, 2, 29, 59, 500)],
  ];
  for (const [text, ms] of times) assert.equal(parseArrival(text), ms, text);
});

test('what is no time', () => {
  const texts = [
    '',
    'now',
    '12',
    '2023-02-29T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:00:00',
  ];
  for (const text of [...texts, '2024-01-01', '1e9', '-1470818943'])
    assert.equal(parseArrival(text), Number.NaN, text);
});

test('property: a moment is read as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1e12, max: 4e12 }), (ms) => {
      assert.equal(parseArrival(new Date(ms).toISOString()), ms);
      assert.equal(parseArrival((ms / 1000).toFixed(3)), ms);
    }),
  );
});
