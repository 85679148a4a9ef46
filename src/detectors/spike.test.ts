import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spike } from './spike.ts';
import { answers, createNoise, hourMs, minuteMs, type Reading, series, times } from './testing.ts';

function spikesIn(readings: readonly Reading[]): number[] {
  return answers(spike(), readings).flatMap((answer, i) => (answer === 1 ? [i] : []));
}

test('single values that stand out of noise are spikes', () => {
  const noise = createNoise();
  const values = times(2000, (i) => noise() + (i > 100 && i % 97 === 0 ? 15 : 0));
  const expected = times(2000, (i) => i).filter((i) => i > 100 && i % 97 === 0);
  const found = spikesIn(series(values));
  assert.deepEqual(
    found.filter((i) => expected.includes(i)),
    expected,
  );
  assert.ok(found.length <= expected.length + 2, `${found.length} found`);
});

test('of a new level only the first value is one', () => {
  const noise = createNoise();
  assert.deepEqual(spikesIn(series(times(300, (i) => noise() + (i >= 200 ? 30 : 0)))), [200]);
});

test('ramps, waves and coarse steps have none', () => {
  assert.deepEqual(spikesIn(series(times(500, (i) => 3 * i))), []);
  assert.deepEqual(spikesIn(series(times(3000, (i) => 20 * Math.sin(i / 200)))), []);
  assert.deepEqual(spikesIn(series(times(500, (i) => Math.floor(((i * 7919) % 13) / 10)))), []);
});

test('of values that never changed every change is one', () => {
  const values = times(60, (i) => (i === 30 || i === 45 ? 21 : 20));
  assert.deepEqual(spikesIn(series(values)), [30, 45]);
});

test('false while it knows too little', () => {
  assert.deepEqual(spikesIn(series([1, 1, 1, 1, 1, 500, 1, 1, 1, 1])), []);
  assert.deepEqual(spikesIn(series([...times(13, () => 1), 500])), [13]);
});

test('what comes after a long gap is not compared with what was before', () => {
  const before = series(times(100, (i) => i % 2));
  const after = series([40, 41, 40, 41, 90, 40], minuteMs, 30 * hourMs);
  assert.deepEqual(spikesIn([...before, ...after]), [104]);
});

test('late values are not learnt', () => {
  const detector = spike();
  answers(detector, series(times(60, (i) => i % 3)));
  const before = detector.save(1);
  detector.learn(0, minuteMs, 40);
  assert.deepEqual(detector.save(1), before);
});
