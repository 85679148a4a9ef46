import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregates as registry } from '../aggregates/index.ts';
import { orNull, variants } from '../aggregates/testing.ts';
import { rowsOf, type TestRow } from '../testing.ts';
import { type CountWindowPlan, createCountWindows } from './count-windows.ts';
import { uncounted } from './testing-windows.ts';
import type { WindowResult, Windows } from './windows.ts';

type Values = readonly (number | string | null)[];
interface Given extends Omit<WindowResult, 'slot'> {
  readonly values: Values;
}

function counts(size: number, every = size, emitMs?: number): CountWindowPlan {
  return { kind: 'count', size, every, emitMs, keepMs: undefined, watermark: 'key' };
}

const numeric = variants.filter(
  ({ type, fn }) => type === 'number' || (fn === 'count' && type === undefined),
);
const places = Object.fromEntries(numeric.map(({ fn }, i) => [fn, i]));

/** Without slots. */
function makeAll() {
  return numeric.map(({ fn, parameters, type }) =>
    registry[fn]!({ fn, parameters, argumentType: type, resultType: 'number' }),
  );
}

function running(window: CountWindowPlan) {
  const given: Given[] = [];
  const aggregates = makeAll();
  const windows = createCountWindows({
    window,
    latenessMs: [0],
    idleDelayMs: 0,
    idleAfterMs: 60_000,
    aggregates,
    ...uncounted,
    give: ({ slot, ...result }) =>
      given.push({ ...result, values: aggregates.map((aggregate) => orNull(aggregate.result(slot))) }),
    late: () => assert.fail('no reading is late'),
  });
  return { windows, given };
}

/** Of every numeric aggregate the columns of its arguments: x, twice where it takes two. */
function feed(windows: Windows, readings: readonly TestRow[]): void {
  const { rows, keys } = rowsOf(readings);
  const [x] = rows.columns;
  windows.fold(
    rows,
    keys,
    numeric.map(({ fn }) => (fn === 'count' ? [] : [x!, x!])),
    0,
  );
}

const at = (t: number, x: number, key = 0, arrivalMs = t): TestRow => ({ key, t, x, arrivalMs });
const valueIn = ({ values }: Given, fn: string) => values[places[fn]!];

test('the first result when the window is full, then every so many readings', () => {
  const { windows, given } = running(counts(4, 2));
  feed(
    windows,
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map((x) => at(x * 1000, x)),
  );
  assert.deepEqual(
    given.map((result) => [valueIn(result, 'first'), valueIn(result, 'sum'), result.sinceMs, result.endMs]),
    [
      [1, 10, 1000, 4000],
      [3, 18, 4000, 6000],
      [5, 26, 6000, 8000],
    ],
  );
  assert.ok(given.every(({ endMs, atMs, stage }) => atMs === endMs && stage === 'final'));
});

test('each key counts for itself, in order of arrival', () => {
  const { windows, given } = running(counts(2));
  feed(windows, [at(5000, 1), at(9000, 2, 1), at(1000, 3), at(8000, 4, 1), at(9000, 5)]);
  assert.deepEqual(
    given.map((result) => [result.key, valueIn(result, 'sum'), result.sinceMs, result.endMs]),
    [
      [0, 4, 1000, 5000],
      [1, 6, 8000, 9000],
    ],
  );
});

test('two results of a key never have one time, in the microseconds of points', () => {
  const { windows, given } = running(counts(1));
  const now = 1_767_592_800_000;
  const times = [now, now, now, now + 0.001, now - 5000, now + 0.004, now + 0.0041, now + 1];
  feed(
    windows,
    times.map((t, i) => at(t, i)),
  );
  const microseconds = given.map(({ endMs }) => Math.round((endMs - now) * 1000));
  assert.deepEqual(microseconds, [0, 1, 2, 3, 4, 5, 6, 1000]);
});

test('that many results of one time still differ', () => {
  const { windows, given } = running(counts(1));
  feed(
    windows,
    Array.from({ length: 10_000 }, () => at(1_767_592_800_000, 0)),
  );
  assert.equal(new Set(given.map(({ endMs }) => Math.round(endMs * 1000))).size, 10_000);
});

test('a window that is not full has no result: not after a pause, nor at the end', () => {
  const { windows, given } = running(counts(3));
  feed(windows, [at(0, 1), at(1, 1)]);
  windows.pass(1e12);
  windows.closeAll(1e12);
  assert.deepEqual(given, []);
  assert.equal(windows.quietUntilMs(), Number.POSITIVE_INFINITY);
  feed(windows, [at(2, 1)]);
  assert.equal(given.length, 1);
});

test('early results: what the next window has so far, when there is news', () => {
  const { windows, given } = running(counts(4, 2, 10_000));
  feed(windows, [at(1000, 1), at(2000, 2), at(3000, 3), at(4000, 4), at(5000, 5)]);
  windows.pass(10_000);
  windows.pass(20_000);
  feed(windows, [at(21_000, 6), at(30_000, 7)]);
  assert.deepEqual(
    given.map((result) => [
      result.stage,
      valueIn(result, 'sum'),
      result.arrivalMs,
      result.sinceMs,
      result.atMs,
    ]),
    [
      ['final', 10, 4000, 1000, 4000],
      ['early', 12, 10_000, 4000, 5000],
      ['final', 18, 21_000, 4000, 21_000],
    ],
  );
  assert.ok(Number.isNaN(given[1]!.endMs));
});

test('what a key has open can be looked at', () => {
  const { windows } = running(counts(4, 2));
  windows.visitOpen(0, () => assert.fail('nothing is open'));
  feed(windows, [at(1000, 1), at(2000, 2)]);
  const seen: number[][] = [];
  windows.visitOpen(0, ({ startMs, endMs }) => seen.push([startMs, endMs]));
  assert.deepEqual(seen, [[1000, Number.NaN]]);
  assert.equal(windows.lastArrivalMs(0), 2000);
});

/** Results of one key straight from the definition, the aggregates over the window's readings in one slot. */
function bruteForce(readings: readonly TestRow[], { size, every }: CountWindowPlan): Values[] {
  const results: Values[] = [];
  for (let end = size; end <= readings.length; end += every) {
    const inside = readings.slice(end - size, end);
    const { rows } = rowsOf(inside);
    const slots = new Int32Array(inside.length).fill(1);
    const aggregates = makeAll();
    for (const [a, aggregate] of aggregates.entries()) {
      aggregate.grow(2);
      aggregate.reset(1);
      const columns = numeric[a]!.fn === 'count' ? [] : [rows.columns[0]!, rows.columns[0]!];
      aggregate.fold(slots, 0, inside.length, rows, columns);
    }
    results.push(aggregates.map((aggregate) => orNull(aggregate.result(1))));
  }
  return results;
}

function assertClose(actual: readonly Values[], expected: readonly Values[]): void {
  assert.equal(actual.length, expected.length);
  for (const [i, values] of expected.entries()) {
    for (const [a, value] of values.entries()) {
      const got = actual[i]![a]!;
      const { fn } = numeric[a]!;
      if (typeof value !== 'number' || typeof got !== 'number') assert.equal(got, value, fn);
      else
        assert.ok(Math.abs(got - value) <= 1e-9 * Math.max(1, Math.abs(value)), `${fn}: ${got} for ${value}`);
    }
  }
}

const readings = fc
  .array(
    fc.record({ key: fc.nat(1), x: fc.integer({ min: -50, max: 50 }), late: fc.nat(5), pause: fc.nat(3) }),
    { maxLength: 80 },
  )
  .map((steps) => {
    let arrivalMs = 1_700_000_000_000;
    return steps.map(({ key, x, late, pause }): TestRow => {
      arrivalMs += pause * 1000;
      return { key, x, t: arrivalMs - late * 1000, arrivalMs };
    });
  });

const plans = fc
  .tuple(fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 }))
  .map(([a, b]) => counts(Math.max(a, b), Math.min(a, b), 4000));

test('any readings, cut into any batches, saved and taken up anywhere: the windows of the definition', () => {
  fc.assert(
    fc.property(readings, plans, fc.array(fc.nat(79)), fc.boolean(), (rows, plan, cuts, restore) => {
      let { windows, given } = running(plan);
      const all: Given[] = [];
      const edges = [...new Set([0, ...cuts.filter((cut) => cut < rows.length), rows.length])];
      edges.sort((a, b) => a - b);
      for (let e = 0; e + 1 < edges.length; e++) {
        const chunk = rows.slice(edges[e], edges[e + 1]);
        feed(windows, chunk);
        windows.pass(chunk.at(-1)!.arrivalMs);
        if (!restore) continue;
        const saved = structuredClone(windows.save());
        all.push(...given);
        ({ windows, given } = running(plan));
        windows.load(saved);
      }
      all.push(...given);
      const whole = running(plan);
      feed(whole.windows, rows);
      for (const key of [0, 1]) {
        const ofKey = (results: readonly Given[]) => results.filter((result) => result.key === key);
        whole.windows.pass(rows.at(-1)?.arrivalMs ?? 0);
        // Not only nearly: the same bits.
        assert.deepEqual(ofKey(all), ofKey(whole.given));
        const finals = ofKey(all).filter(({ stage }) => stage === 'final');
        const expected = bruteForce(
          rows.filter((row) => row.key === key),
          plan,
        );
        assertClose(
          finals.map(({ values }) => values),
          expected,
        );
        const times = finals.map(({ endMs }) => endMs);
        assert.deepEqual(
          times,
          [...new Set(times)].sort((a, b) => a - b),
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('slots of past readings are used again', () => {
  const { windows } = running(counts(100, 1));
  for (let i = 0; i < 2000; i++) feed(windows, [at(i, i)]);
  assert.ok(windows.openPanes() <= 101, `${windows.openPanes()} panes`);
});
