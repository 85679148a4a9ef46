import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reading, resultOf, values } from './testing.ts';
import { heldReadings } from './trace.ts';

test('each value holds until the next reading, and the last one not at all', () => {
  const readings: Reading[] = [
    [0, 10],
    [9000, 100],
    [10_000, 0],
  ];
  assert.equal(resultOf('twa', readings), (10 * 9 + 100) / 10);
  assert.equal(resultOf('twa', readings.toReversed()), 19);
});

test('a reading without a value lets the one before it hold on', () => {
  assert.equal(resultOf('twa', values(4, null, 1, 0)), (4 + 4 + 1) / 3);
  assert.equal(resultOf('time_in', values(true, null, false, true, true)), 3);
});

test('readings of one time: the last to arrive holds', () => {
  const tied: Reading[] = [
    [0, 1],
    [1000, 50],
    [1000, 3],
    [3000, 9],
  ];
  assert.equal(resultOf('twa', tied), (1 + 3 * 2) / 3);
  assert.equal(resultOf('twa', tied.slice(1, 3)), 3);
});

test('time_in counts seconds, fractions too', () => {
  assert.equal(
    resultOf('time_in', [
      [1_700_000_000_250, true],
      [1_700_000_000_500, false],
      [1_700_000_002_000, true],
    ]),
    0.25,
  );
  assert.equal(resultOf('time_in', values(false, false)), 0);
});

test('an infinite value that held for no time takes nothing away', () => {
  const infinite: Reading[] = [
    [0, 2],
    [1000, Number.POSITIVE_INFINITY],
    [1000, 4],
    [2000, 0],
  ];
  assert.equal(resultOf('twa', infinite), 3);
});

test('it stays exact beyond the readings that are held', () => {
  const many = Array.from({ length: 3 * heldReadings + 1 }, (_, i): Reading => [i * 250, i % 4 === 0]);
  assert.equal(resultOf('time_in', many), (3 * heldReadings) / 16);
});
