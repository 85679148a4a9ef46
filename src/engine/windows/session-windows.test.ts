import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestRow } from '../testing.ts';
import { mostPieces } from './session-windows.ts';
import { type Closed, day, feed, minute, running, second, sessions } from './testing-sessions.ts';

/** In seconds. */
const at = (t: number, key = 0, arrival = t): TestRow => ({
  key,
  t: t * second,
  x: t,
  arrivalMs: arrival * second,
});

/** Start, end and count, in seconds. */
const shown = (given: readonly Closed[]): number[][] =>
  given.map(({ sinceMs, endMs, values }) => [sinceMs / second, endMs / second, values[0] as number]);

test('a session is from its first reading to its last and the gap', () => {
  const { windows, given } = running(sessions(10 * second), { latenessMs: [0] });
  feed(windows, [at(100), at(105), at(126)]);
  assert.deepEqual(shown(given), [[100, 115, 2]]);
  assert.equal(given[0]!.atMs, given[0]!.endMs);
  windows.closeAll(0);
  assert.deepEqual(shown(given).at(-1), [126, 136, 1]);
});

test('a reading on the end of a session joins it', () => {
  const { windows, given } = running(sessions(10 * second), { latenessMs: [0] });
  feed(windows, [at(30), at(40), at(51)]);
  assert.deepEqual(shown(given), [[30, 50, 2]]);
});

test('a session closes when the watermark reaches its end, not before', () => {
  const { windows, given } = running(sessions(10 * second));
  feed(windows, [at(0), at(14.999)]);
  assert.equal(given.length, 0);
  feed(windows, [at(15)]);
  assert.deepEqual(shown(given), [[0, 10, 1]]);
});

test('a reading between two sessions makes them one', () => {
  const { windows, given } = running(sessions(10 * second), { latenessMs: [30_000] });
  feed(windows, [at(40), at(60), at(50), at(45)]);
  windows.closeAll(0);
  assert.deepEqual(shown(given), [[40, 70, 4]]);
});

test('a reading is late when the session it would begin is over', () => {
  const { windows, given, late } = running(sessions(10 * second), { latenessMs: [30_000] });
  feed(windows, [at(41), at(1), at(1.001), at(0)]);
  windows.closeAll(0);
  assert.deepEqual(late, [1000, 0]);
  assert.deepEqual(shown(given), [
    [1.001, 11.001, 1],
    [41, 51, 1],
  ]);
});

test('a reading that begins an earlier session makes its idle key due earlier', () => {
  const options = { latenessMs: [80_000], idleAfterMs: 20 * second };
  const { windows, given } = running(sessions(30 * second), options);
  feed(windows, [at(200, 0, 200)]);
  // Idle, but its session ends at 230, and waits for the lateness until 310.
  windows.pass(220 * second);
  // This one ends at 155, is over at 235, and the key is idle at 241.
  feed(windows, [at(125, 0, 221)]);
  windows.pass(241 * second);
  assert.deepEqual(shown(given), [[125, 155, 1]]);
});

test('with max a session ends in time, and the next begins at the next reading', () => {
  const { windows, given } = running(sessions(10 * second, { maxMs: minute }), { latenessMs: [0] });
  feed(
    windows,
    Array.from({ length: 20 }, (_, i) => at(7 * i)),
  );
  windows.closeAll(0);
  assert.deepEqual(shown(given), [
    [0, 60, 9],
    [63, 123, 9],
    [126, 143, 2],
  ]);
});

test('a reading on the longest end begins the next session', () => {
  const { windows, given } = running(sessions(10 * second, { maxMs: 20 * second }), { latenessMs: [0] });
  feed(windows, [at(0), at(10), at(20), at(25)]);
  windows.closeAll(0);
  assert.deepEqual(shown(given), [
    [0, 20, 2],
    [20, 35, 2],
  ]);
});

test('what belongs to a session that was cut and has closed is late, however new', () => {
  const { windows, given, late } = running(sessions(10 * second, { maxMs: 20 * second }));
  feed(windows, [at(0), at(9), at(18), at(25), at(19)]);
  windows.closeAll(0);
  assert.deepEqual(late, [19_000]);
  assert.deepEqual(shown(given), [
    [0, 20, 3],
    [25, 35, 1],
  ]);
});

test('an idle key closes when arrival has passed end + lateness, whatever batch that is in', () => {
  const options = { idleAfterMs: 30 * second };
  const passed = running(sessions(minute), options);
  feed(passed.windows, [at(10)]);
  assert.ok(passed.windows.quietUntilMs() <= 75_000);
  passed.windows.pass(74_999);
  assert.equal(passed.given.length, 0);
  passed.windows.pass(80_000);
  assert.deepEqual(shown(passed.given), [[10, 70, 1]]);
  assert.equal(passed.given[0]!.arrivalMs, 75_000);
  const rowed = running(sessions(minute), options);
  feed(rowed.windows, [at(10), at(69, 0, 90)]);
  assert.deepEqual(rowed.given, passed.given);
});

test('time in which the gateway did not listen is not idle time', () => {
  const { windows, given } = running(sessions(10 * second), { idleAfterMs: minute });
  feed(windows, [at(50)]);
  windows.listenSince(395_000);
  windows.pass(454_999);
  assert.equal(given.length, 0);
  windows.pass(455_000);
  assert.equal(given.length, 1);
});

test('early results: at multiples of emit, before the row that comes then, of keys with news', () => {
  const { windows, given } = running(sessions(30 * second, { emitMs: 10 * second }));
  feed(windows, [at(1, 0), at(2, 1), at(9, 1), at(10, 0)]);
  const early = given.map(({ key, stage, arrivalMs, atMs, sinceMs, values }) => [
    ...[key, stage, arrivalMs, sinceMs, atMs, values[0]],
  ]);
  assert.deepEqual(early, [
    [0, 'early', 10_000, 1000, 1000, 1],
    [1, 'early', 10_000, 2000, 9000, 2],
  ]);
  assert.ok(given.every(({ endMs }) => Number.isNaN(endMs)));
  assert.equal(windows.quietUntilMs(), 20_000);
  windows.pass(20_000);
  windows.pass(30_000);
  assert.deepEqual(
    given.slice(2).map(({ key, values }) => [key, values[0]]),
    [[0, 2]],
  );
});

test('one watermark for all: the slowest device holds it, and ends close in their order', () => {
  const plan = sessions(10 * second, { watermark: 'global' });
  const { windows, given, late } = running(plan, { latenessMs: [0, 20_000] });
  feed(windows, [at(5, 2), at(3, 1), at(100, 0)]);
  assert.equal(windows.watermarkMs(0), Number.NEGATIVE_INFINITY);
  feed(windows, [at(34, 3)], 1);
  assert.deepEqual(
    given.map(({ key, endMs }) => [key, endMs]),
    [[1, 13_000]],
  );
  feed(windows, [at(60, 3)], 1);
  assert.deepEqual(
    given.map(({ key, endMs }) => [key, endMs]),
    [
      [1, 13_000],
      [2, 15_000],
    ],
  );
  assert.equal(windows.watermarkMs(2), 40_000);
  feed(windows, [at(30, 4)]);
  assert.deepEqual(late, [30_000]);
  windows.closeAll(0);
  const ends = given.map(({ endMs }) => endMs);
  assert.deepEqual(ends, [13_000, 15_000, 44_000, 70_000, 110_000]);
});

test("the cases of Spark's append mode", () => {
  const { windows, given, late } = running(sessions(10 * second, { watermark: 'global' }), {
    latenessMs: [30_000],
  });
  const words = ['hello', 'world', 'spark', 'streaming', 'structured', 'apache'];
  const say = (text: string, t: number): void =>
    feed(
      windows,
      text.split(' ').map((word) => at(t, words.indexOf(word), 100)),
    );
  say('hello world spark streaming', 40);
  say('world hello structured streaming', 41);
  say('spark streaming', 25);
  say('spark streaming', 0);
  assert.deepEqual(late, [0, 0]);
  say('spark streaming', 30);
  say('hello apache spark', 60);
  assert.deepEqual(given, []);
  say('structured streaming', 90);
  assert.deepEqual(
    given.map(({ key, sinceMs, endMs, values }) => [words[key], sinceMs / 1000, endMs / 1000, values[0]]),
    [
      ['spark', 25, 50, 3],
      ['hello', 40, 51, 2],
      ['world', 40, 51, 2],
      ['streaming', 25, 51, 4],
      ['structured', 41, 51, 1],
    ],
  );
});

test('a key has a bounded number of open sessions; beyond it the earliest closes', () => {
  const { windows, given } = running(sessions(second), { latenessMs: [day * 1000] });
  const many = Array.from({ length: mostPieces + 3 }, (_, i) => at(3 * i));
  feed(windows, many);
  assert.equal(windows.openPanes(), mostPieces);
  assert.deepEqual(shown(given), [
    [0, 1, 1],
    [3, 4, 1],
    [6, 7, 1],
  ]);
});

test('what a long session with max is held in does not grow with its readings', () => {
  const { windows } = running(sessions(minute, { maxMs: minute }), { latenessMs: [2000] });
  for (let i = 0; i < 5000; i++) feed(windows, [at(i / 100)]);
  assert.ok(windows.openPanes() <= 210, `${windows.openPanes()} pieces`);
});

test('the open sessions of a key can be looked at', () => {
  const { windows } = running(sessions(10 * second), { latenessMs: [60_000] });
  feed(windows, [at(40), at(60), at(45)]);
  const seen: number[][] = [];
  windows.visitOpen(0, ({ startMs, endMs }) => seen.push([startMs, endMs]));
  assert.deepEqual(seen, [
    [40_000, 55_000],
    [60_000, 70_000],
  ]);
  windows.visitOpen(7, () => assert.fail('of a key that is not there'));
});
