import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRate } from './rate.ts';

test('what came over the last minute, by the second', () => {
  const rate = createRate();
  assert.equal(rate.perSecond(0), 0);
  for (let ms = 0; ms < 300_000; ms += 100) rate.count(ms);
  assert.ok(Math.abs(rate.perSecond(300_000) - 10) < 0.1);
  assert.ok(Math.abs(rate.perSecond(330_000) - 5) < 0.1);
  assert.equal(rate.perSecond(420_000), 0);
});

test('shortly after the start the minute is as long as it was', () => {
  const rate = createRate();
  for (let ms = 1000; ms < 6000; ms += 500) rate.count(ms);
  assert.equal(rate.perSecond(6000), 2);
});
