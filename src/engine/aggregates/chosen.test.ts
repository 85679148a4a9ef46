import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reading, resultOf } from './testing.ts';

const readings: Reading[] = [
  [1000, 'b', 5],
  [0, 'a', 5],
  [2000, 'c', 1],
  [3000, 'd', 1],
];

test('of equal extremes the earliest by event time, whatever came first', () => {
  assert.equal(resultOf('argmax', readings), 'a');
  assert.equal(resultOf('argmin', readings), 'c');
  assert.equal(resultOf('argmax', readings.toReversed()), 'a');
});

test('of one time the first to arrive', () => {
  assert.equal(
    resultOf('argmax', [
      [0, 1, 5],
      [0, 2, 5],
    ]),
    1,
  );
});

test('a reading that lacks x or y is skipped', () => {
  const partial: Reading[] = [
    [0, 1, 5],
    [1, null, 9],
    [2, 3, null],
  ];
  assert.equal(resultOf('argmax', partial), 1);
});

test('truth values, and infinite extremes', () => {
  assert.equal(
    resultOf('argmin', [
      [0, true, 0],
      [1, false, Number.NEGATIVE_INFINITY],
    ]),
    0,
  );
});
