import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aggregates as registry } from '../aggregates/index.ts';
import type { TestRow } from '../testing.ts';
import { feed, type Given, minute, running, windowOf } from './testing-windows.ts';
import { mostPanes } from './time-windows.ts';

const tumbling = windowOf(minute);
const at = (t: number, x = 1, key = 0, arrivalMs = t): TestRow => ({ key, t, x, arrivalMs });

test('a window is half-open: a reading on its end belongs to the next', () => {
  const run = running(tumbling, { latenessMs: [0] });
  feed(run, [at(0), at(59_999), at(60_000)]);
  assert.deepEqual(
    run.given.map(({ endMs, results }) => [endMs, results[0]]),
    [[60_000, 2]],
  );
});

test('a window closes when the watermark reaches its end, not before', () => {
  const run = running(tumbling);
  feed(run, [at(10_000), at(64_999)]);
  assert.equal(run.given.length, 0);
  feed(run, [at(65_000)]);
  assert.deepEqual(
    run.given.map(({ endMs }) => endMs),
    [60_000],
  );
});

test('a reading behind the watermark counts while its window is open, and is late after', () => {
  const run = running(tumbling);
  feed(run, [at(0), at(50_000), at(1000), at(70_000), at(2000)]);
  assert.equal(run.given[0]!.results[0], 3);
  assert.deepEqual(run.late, [2000]);
});

test('a key has its own watermark', () => {
  const run = running(tumbling, { latenessMs: [0] });
  feed(run, [at(0, 1, 0), at(600_000, 1, 1), at(30_000, 1, 0)]);
  assert.deepEqual(run.late, []);
  assert.deepEqual(run.given, []);
});

test('an idle key closes when arrival has passed end + lateness, and not again', () => {
  const run = running(tumbling);
  feed(run, [at(50_000, 3)]);
  run.windows.pass(109_999);
  assert.equal(run.given.length, 0);
  run.windows.pass(110_000);
  assert.equal(run.given.length, 1);
  feed(run, [at(55_000, 9, 0, 111_000)]);
  run.windows.closeAll(111_000);
  assert.equal(run.given.length, 1);
  assert.deepEqual(run.late, [55_000]);
});

test('time in which the gateway did not listen is not idle time', () => {
  const run = running(tumbling);
  feed(run, [at(50_000)]);
  run.windows.listenSince(395_000);
  run.windows.pass(400_000);
  assert.equal(run.given.length, 0);
  run.windows.pass(455_000);
  assert.equal(run.given.length, 1);
});

test('windows start at the offset', () => {
  const run = running(windowOf(minute, minute, { offsetMs: 15_000 }), { latenessMs: [0] });
  feed(run, [at(14_999), at(15_000), at(75_000)]);
  assert.deepEqual(
    run.given.map(({ endMs }) => endMs),
    [15_000, 75_000],
  );
});

test('times before 1970 have windows too', () => {
  const run = running(tumbling, { latenessMs: [0] });
  feed(run, [at(-1), at(0)]);
  assert.deepEqual(
    run.given.map(({ endMs }) => endMs),
    [0],
  );
});

test('panes of closed windows are reused', () => {
  const run = running(windowOf(minute, 10_000));
  for (let t = 0; t < 100 * minute; t += 1000) feed(run, [at(t)]);
  assert.ok(run.windows.openPanes() <= 8, `${run.windows.openPanes()} panes are open`);
});

const shown = ({ stage, endMs, sinceMs, atMs, arrivalMs, results }: Given): unknown[] => [
  ...[stage, endMs, sinceMs, atMs, arrivalMs],
  results[0],
];

test('early results: at multiples of `emit` of arrival time, of keys with news, for windows that are open', () => {
  const run = running(windowOf(minute, minute, { emitMs: 10_000 }));
  feed(run, [at(1000, 1, 0, 2000), at(2000, 1, 0, 9999), at(3000, 1, 1, 9999)]);
  assert.equal(run.windows.quietUntilMs(), 10_000);
  run.windows.pass(9999);
  assert.deepEqual(run.given, []);
  // Before a row that arrives then.
  feed(run, [at(8000, 1, 0, 10_000)]);
  assert.deepEqual(run.given.map(shown), [
    ['early', 60_000, 0, 2000, 10_000, 2],
    ['early', 60_000, 0, 3000, 10_000, 1],
  ]);
  run.given.length = 0;
  // When time passes, if only late; keys without news have none.
  run.windows.pass(45_000);
  assert.deepEqual(run.given.map(shown), [['early', 60_000, 0, 8000, 20_000, 3]]);
  run.given.length = 0;
  run.windows.pass(59_000);
  assert.deepEqual(run.given, []);
});

test('of the open windows of a key the one to close first is judged early', () => {
  const run = running(windowOf(minute, 30_000, { emitMs: 10_000 }), { latenessMs: [40_000] });
  feed(run, [at(50_000, 1, 0, 95_000), at(95_000)]);
  run.windows.pass(100_000);
  assert.deepEqual(run.given.map(shown), [
    ['early', 60_000, 30_000, 60_000, 100_000, 1],
    ['early', 90_000, 60_000, Number.NaN, 100_000, 1],
    ['early', 120_000, 90_000, Number.NaN, 100_000, 1],
    ['early', 150_000, 120_000, Number.NaN, 100_000, 1],
  ]);
});

test('a late reading within `keep` changes the results of its closed windows, once a batch', () => {
  const run = running(windowOf(minute, 30_000, { keepMs: 60_000 }), { latenessMs: [0] });
  feed(run, [at(10_000), at(100_000)]);
  assert.deepEqual(
    run.given.splice(0).map(({ endMs }) => endMs),
    [30_000, 60_000],
  );
  // 45 s belongs to [0, 60) and [30, 90), which had no readings; 100 s is the watermark.
  feed(run, [at(45_000, 1, 0, 101_000), at(46_000, 1, 0, 101_000)]);
  assert.deepEqual(run.given, []);
  run.windows.pass(102_000);
  assert.deepEqual(run.given.splice(0).map(shown), [
    ['revised', 60_000, 30_000, Number.NaN, 102_000, 3],
    ['revised', 90_000, 60_000, Number.NaN, 102_000, 2],
  ]);
  run.windows.pass(103_000);
  assert.deepEqual(run.given, []);
  // 60 s + `keep` is behind the watermark of 125 s: of 35 s only [30, 90) is kept; of 20 s nothing.
  feed(run, [at(125_000), at(35_000, 1, 0, 126_000), at(20_000, 1, 0, 126_000)]);
  run.given.length = 0;
  run.windows.pass(127_000);
  assert.deepEqual(run.given.map(shown), [['revised', 90_000, 60_000, Number.NaN, 127_000, 3]]);
  assert.deepEqual(run.late, [20_000]);
});

test('a window beyond `keep` does not get what comes for those it shares panes with', () => {
  const run = running(windowOf(minute, 5000, { keepMs: minute }));
  // After 990 s the watermark is 985 s: [865, 925), which 924 s has changed, is final now.
  feed(run, [at(980_000), at(924_000, 1, 0, 980_000), at(990_000), at(923_000, 1, 0, 990_000)]);
  run.windows.pass(991_000);
  const countOf = (end: number): unknown[] =>
    run.given.filter(({ endMs }) => endMs === end).map(({ results }) => results[0]);
  assert.deepEqual([countOf(925_000), countOf(930_000)], [[1], [2]]);
});

test('a key that was idle revises too, and what was changed outlives a checkpoint', () => {
  const plan = windowOf(minute, minute, { keepMs: 60_000 });
  const run = running(plan);
  feed(run, [at(10_000)]);
  run.windows.pass(200_000);
  feed(run, [at(20_000, 1, 0, 200_000)]);
  const restored = running(plan);
  restored.windows.load(structuredClone(run.windows.save()));
  for (const { windows, given } of [run, restored]) {
    windows.pass(201_000);
    assert.deepEqual(given.map(shown).at(-1), ['revised', 60_000, 0, Number.NaN, 201_000, 2]);
  }
});

test('one watermark for all waits for every input, and goes by each one’s lateness', () => {
  const plan = windowOf(minute, minute, { watermark: 'global' });
  const run = running(plan, { latenessMs: [0, 30_000], idleAfterMs: 1e9 });
  feed(run, [at(0, 1, 1), at(0, 1, 0), at(600_000, 1, 0)], 0);
  assert.equal(run.windows.watermarkMs(0), Number.NEGATIVE_INFINITY);
  feed(run, [at(89_999, 1, 2)], 1);
  assert.deepEqual(run.given, []);
  feed(run, [at(90_000, 1, 2)], 1);
  assert.deepEqual(
    run.given.map(({ key, endMs }) => [key, endMs]),
    [
      [0, 60_000],
      [1, 60_000],
    ],
  );
  // Late for a key that never had a reading.
  feed(run, [at(59_999, 1, 3), at(60_000, 1, 3)], 1);
  assert.deepEqual(run.late, [59_999]);
});

test('an input that stands still does not let panes grow without end', () => {
  const plan = windowOf(10, 10, { watermark: 'global' });
  const run = running(plan, { latenessMs: [0, 0], idleAfterMs: 1e9, functions: ['count'] });
  feed(
    run,
    Array.from({ length: 2 * mostPanes }, (_, i) => at(i * 10)),
  );
  assert.ok(run.windows.openPanes() <= mostPanes + 1);
  assert.equal(run.given.length + run.windows.openPanes(), 2 * mostPanes);
});

test('what is kept for sliding windows goes with the panes it was made of', () => {
  const run = running(windowOf(minute, 5000), { latenessMs: [0], functions: ['sum'] });
  // Partial results up to 80 s; then the key is idle, and its panes go.
  feed(
    run,
    [60_000, 65_000, 70_000, 75_000, 80_000, 89_000].map((t) => at(t, 1000)),
  );
  run.windows.pass(400_000);
  // Another key takes their place.
  for (let t = 180_000; t < 240_000; t += 5000) feed(run, [at(t, 1, 1, 400_000)]);
  run.given.length = 0;
  feed(
    run,
    [190_000, 195_000, 200_000, 210_000].map((t) => at(t, 1, 0, 400_001)),
  );
  assert.deepEqual(
    run.given.map(({ endMs, results }) => [endMs, ...results]),
    [
      [195_000, 1],
      [200_000, 2],
      [205_000, 3],
      [210_000, 3],
    ],
  );
});

test('slots are used again', () => {
  let slots = 0;
  const count = registry.count!({
    fn: 'count',
    parameters: [],
    argumentType: undefined,
    resultType: 'number',
  });
  const run = running(windowOf(minute, 1000, { keepMs: 10_000 }), {
    aggregates: [
      {
        ...count,
        grow(capacity) {
          slots = capacity;
          count.grow(capacity);
        },
      },
    ],
  });
  for (let t = 0; t < 20 * minute; t += 400) feed(run, [at(t), at(t - 30_000), at(t - 64_000)]);
  // Panes of a window, the lateness and `keep`, a partial result each, and room to double.
  assert.ok(slots <= 512, `${slots} slots`);
});
