import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregates as registry } from './aggregates/index.ts';
import { rowsOf, type TestRow } from './testing.ts';
import { createTimeWindows, type TimeWindowPlan } from './time-windows.ts';
import type { Windows } from './windows.ts';

interface Closed {
  readonly key: number;
  readonly endMs: number;
  readonly results: readonly (number | string | null)[];
}

const minute = 60_000;
const functions = ['count', 'sum', 'min', 'max', 'first', 'last', 'delta'];

function windowOf(lengthMs: number, everyMs = lengthMs, offsetMs = 0): TimeWindowPlan {
  return {
    kind: 'time',
    lengthMs,
    everyMs,
    offsetMs,
    emitMs: undefined,
    keepMs: undefined,
    watermark: 'key',
  };
}

function running(window: TimeWindowPlan, latenessMs = 5000, idleAfterMs = minute) {
  const closed: Closed[] = [];
  const late: number[] = [];
  const made = functions.map((fn) =>
    registry[fn]!({
      fn,
      parameters: [],
      argumentType: fn === 'count' ? undefined : 'number',
      resultType: 'number',
    }),
  );
  const windows = createTimeWindows({
    window,
    latenessMs: [latenessMs],
    idleDelayMs: latenessMs,
    idleAfterMs,
    aggregates: made,
    give: ({ key, endMs, slot }) => closed.push({ key, endMs, results: made.map((a) => a.result(slot)) }),
    late: (rows, i) => late.push(rows.eventMs[i]!),
  });
  return { windows, closed, late };
}

function feed(windows: Windows, readings: readonly TestRow[]): void {
  const { rows, keys } = rowsOf(readings);
  windows.fold(
    rows,
    keys,
    functions.map(() => rows.columns),
    0,
  );
}

const tumbling = windowOf(minute);
const at = (t: number, x = 1, key = 0, arrivalMs = t): TestRow => ({ key, t, x, arrivalMs });

test('a window is half-open: a reading on its end belongs to the next', () => {
  const { windows, closed } = running(tumbling, 0);
  feed(windows, [at(0), at(59_999), at(60_000)]);
  assert.deepEqual(
    closed.map(({ endMs, results }) => [endMs, results[0]]),
    [[60_000, 2]],
  );
});

test('a window closes when the watermark reaches its end, not before', () => {
  const { windows, closed } = running(tumbling, 5000);
  feed(windows, [at(10_000), at(64_999)]);
  assert.equal(closed.length, 0);
  feed(windows, [at(65_000)]);
  assert.deepEqual(
    closed.map(({ endMs }) => endMs),
    [60_000],
  );
});

test('a reading behind the watermark counts while its window is open, and is late after', () => {
  const { windows, closed, late } = running(tumbling, 5000);
  feed(windows, [at(0), at(50_000), at(1000), at(70_000), at(2000)]);
  assert.equal(closed[0]!.results[0], 3);
  assert.deepEqual(late, [2000]);
});

test('a key has its own watermark', () => {
  const { windows, closed, late } = running(tumbling, 0);
  feed(windows, [at(0, 1, 0), at(600_000, 1, 1), at(30_000, 1, 0)]);
  assert.deepEqual(late, []);
  assert.deepEqual(closed, []);
});

test('an idle key closes when arrival has passed end + lateness, and not again', () => {
  const { windows, closed, late } = running(tumbling, 5000, minute);
  feed(windows, [at(50_000, 3)]);
  windows.pass(109_999);
  assert.equal(closed.length, 0);
  windows.pass(110_000);
  assert.equal(closed.length, 1);
  feed(windows, [at(55_000, 9, 0, 111_000)]);
  windows.closeAll(111_000);
  assert.equal(closed.length, 1);
  assert.deepEqual(late, [55_000]);
});

test('time in which the gateway did not listen is not idle time', () => {
  const { windows, closed } = running(tumbling, 5000, minute);
  feed(windows, [at(50_000)]);
  windows.listenSince(395_000);
  windows.pass(400_000);
  assert.equal(closed.length, 0);
  windows.pass(455_000);
  assert.equal(closed.length, 1);
});

test('windows start at the offset', () => {
  const { windows, closed } = running(windowOf(minute, minute, 15_000), 0);
  feed(windows, [at(14_999), at(15_000), at(75_000)]);
  assert.deepEqual(
    closed.map(({ endMs }) => endMs),
    [15_000, 75_000],
  );
});

test('times before 1970 have windows too', () => {
  const { windows, closed } = running(tumbling, 0);
  feed(windows, [at(-1), at(0)]);
  assert.deepEqual(
    closed.map(({ endMs }) => endMs),
    [0],
  );
});

/** Every window of every key, straight from its definition; watermark and idleness followed reading by reading. */
function bruteForce(
  readings: readonly TestRow[],
  plan: TimeWindowPlan,
  latenessMs: number,
  idleAfterMs: number,
) {
  const results: Closed[] = [];
  let late = 0;
  for (const key of new Set(readings.map((reading) => reading.key))) {
    let watermark = Number.NEGATIVE_INFINITY;
    let lastArrival = Number.POSITIVE_INFINITY;
    const kept: (TestRow & { readonly ends: readonly number[] })[] = [];
    const done = new Set<number>();
    const endsOf = (t: number): number[] => {
      const ends: number[] = [];
      const first = Math.floor((t - plan.offsetMs) / plan.everyMs) * plan.everyMs + plan.offsetMs;
      for (let start = first; start > t - plan.lengthMs; start -= plan.everyMs)
        ends.unshift(start + plan.lengthMs);
      return ends;
    };
    const close = (until: number): void => {
      const open = new Set(kept.flatMap(({ ends }) => ends));
      const ends = [...open].filter((end) => end <= until && !done.has(end));
      for (const endMs of ends.sort((a, b) => a - b)) {
        done.add(endMs);
        watermark = Math.max(watermark, endMs);
        const inside = kept
          .filter((reading) => reading.ends.includes(endMs))
          .map((reading, i) => ({ ...reading, i }))
          .sort((a, b) => a.t - b.t || a.i - b.i);
        const xs = inside.map(({ x }) => x);
        let grown = 0;
        for (let i = 1; i < xs.length; i++) grown += xs[i]! < xs[i - 1]! ? xs[i]! : xs[i]! - xs[i - 1]!;
        results.push({
          key,
          endMs,
          results: [
            xs.length,
            xs.reduce((a, b) => a + b, 0),
            Math.min(...xs),
            Math.max(...xs),
            xs[0]!,
            xs.at(-1)!,
            xs.length < 2 ? Number.NaN : grown,
          ],
        });
      }
    };
    for (const reading of readings.filter((candidate) => candidate.key === key)) {
      if (reading.arrivalMs - lastArrival >= idleAfterMs) close(reading.arrivalMs - latenessMs);
      lastArrival = reading.arrivalMs;
      const ends = endsOf(reading.t).filter((end) => end > watermark);
      if (ends.length === 0) {
        late += 1;
        continue;
      }
      kept.push({ ...reading, ends });
      watermark = Math.max(watermark, reading.t - latenessMs);
      close(watermark);
    }
    close(Number.MAX_VALUE);
  }
  return { results, late };
}

const readingsArbitrary = fc
  .array(
    fc.record({
      key: fc.nat(2),
      // Whole numbers: their sums are exact in any order.
      x: fc.integer({ min: 0, max: 100 }),
      late: fc.oneof({ weight: 4, arbitrary: fc.nat(3000) }, fc.nat(200_000)),
      pause: fc.oneof({ weight: 6, arbitrary: fc.nat(15_000) }, fc.nat(300_000)),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    let arrivalMs = 1_700_000_000_000;
    return steps.map(({ key, x, late, pause }): TestRow => {
      arrivalMs += pause;
      return { key, x, t: arrivalMs - late, arrivalMs };
    });
  });

const plans = fc.constantFrom(
  tumbling,
  windowOf(minute, minute, 7000),
  windowOf(minute, 10_000, 0),
  windowOf(50_000, 20_000, 3000),
);

function sorted(closed: readonly Closed[]): Closed[] {
  return [...closed].sort((a, b) => a.key - b.key || a.endMs - b.endMs);
}

test('any readings, cut into any batches: the windows of the definition', () => {
  fc.assert(
    fc.property(
      readingsArbitrary,
      plans,
      fc.array(fc.nat(59)),
      fc.boolean(),
      (readings, plan, cuts, restore) => {
        const latenessMs = 5000;
        const idleAfterMs = 40_000;
        let { windows, closed, late } = running(plan, latenessMs, idleAfterMs);
        const all: Closed[] = [];
        const allLate: number[] = [];
        const edges = [...new Set([0, ...cuts.filter((cut) => cut < readings.length), readings.length])];
        edges.sort((a, b) => a - b);
        for (let e = 0; e + 1 < edges.length; e++) {
          const chunk = readings.slice(edges[e], edges[e + 1]);
          feed(windows, chunk);
          windows.pass(chunk.at(-1)!.arrivalMs);
          if (restore) {
            const saved = structuredClone(windows.save());
            all.push(...closed);
            allLate.push(...late);
            ({ windows, closed, late } = running(plan, latenessMs, idleAfterMs));
            windows.load(saved);
          }
        }
        windows.closeAll(0);
        all.push(...closed);
        allLate.push(...late);
        const expected = bruteForce(readings, plan, latenessMs, idleAfterMs);
        assert.deepEqual(sorted(all), sorted(expected.results));
        assert.equal(allLate.length, expected.late);
      },
    ),
    { numRuns: 300 },
  );
});

test('panes of closed windows are reused', () => {
  const { windows } = running(windowOf(minute, 10_000, 0));
  for (let t = 0; t < 100 * minute; t += 1000) feed(windows, [at(t)]);
  assert.ok(windows.openPanes() <= 8, `${windows.openPanes()} panes are open`);
});
