import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregates as registry } from './aggregates/index.ts';
import { createSessionWindows, mostPieces, type SessionWindowPlan } from './session-windows.ts';
import { rowsOf, type TestRow } from './testing.ts';
import type { WindowResult, Windows } from './windows.ts';

const second = 1000;
const minute = 60 * second;
const day = 1440 * minute;

type Values = readonly (number | string | null)[];
interface Closed extends Omit<WindowResult, 'slot'> {
  readonly values: Values;
}

const functions = ['count', 'sum', 'min', 'max', 'first', 'last', 'delta'];

function sessions(gapMs: number, more: Partial<SessionWindowPlan> = {}): SessionWindowPlan {
  const timing = { emitMs: undefined, keepMs: undefined, watermark: 'key' as const };
  return { kind: 'session', gapMs, maxMs: undefined, ...timing, ...more };
}

interface Options {
  readonly latenessMs?: readonly number[];
  readonly idleAfterMs?: number;
}

function running(window: SessionWindowPlan, { latenessMs = [5000], idleAfterMs = day }: Options = {}) {
  const given: Closed[] = [];
  const late: number[] = [];
  const made = functions.map((fn) =>
    registry[fn]!({
      fn,
      parameters: [],
      argumentType: fn === 'count' ? undefined : 'number',
      resultType: 'number',
    }),
  );
  const windows = createSessionWindows({
    window,
    latenessMs,
    idleDelayMs: Math.max(...latenessMs),
    idleAfterMs,
    aggregates: made,
    give: ({ slot, ...result }) => given.push({ ...result, values: made.map((a) => a.result(slot)) }),
    late: (rows, i) => late.push(rows.eventMs[i]!),
  });
  return { windows, given, late };
}

function feed(windows: Windows, readings: readonly TestRow[], input = 0): void {
  const { rows, keys } = rowsOf(readings);
  const columns = functions.map(() => rows.columns);
  windows.fold(rows, keys, columns, input);
}

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

/** Every session of one key, straight from its definition: its readings in order, from one to the next. */
function sessionsOf(
  readings: readonly TestRow[],
  { gapMs, maxMs = Number.POSITIVE_INFINITY }: SessionWindowPlan,
) {
  const found: { startMs: number; endMs: number; wasCut: boolean; inside: TestRow[] }[] = [];
  for (const reading of readings.toSorted((a, b) => a.t - b.t)) {
    const open = found.at(-1);
    const cutMs = (open?.startMs ?? 0) + maxMs;
    if (open === undefined || reading.t > open.inside.at(-1)!.t + gapMs || reading.t >= cutMs) {
      found.push({
        startMs: reading.t,
        endMs: Math.min(reading.t + gapMs, reading.t + maxMs),
        wasCut: false,
        inside: [reading],
      });
    } else {
      open.inside.push(reading);
      open.endMs = Math.min(reading.t + gapMs, cutMs);
      open.wasCut = cutMs < reading.t + gapMs;
    }
  }
  return found;
}

function valuesOf(inside: readonly TestRow[]): Values {
  const xs = inside.map(({ x }) => x);
  let grown = 0;
  for (let i = 1; i < xs.length; i++) grown += xs[i]! < xs[i - 1]! ? xs[i]! : xs[i]! - xs[i - 1]!;
  const sum = xs.reduce((a, b) => a + b, 0);
  const growth = xs.length < 2 ? Number.NaN : grown;
  return [xs.length, sum, Math.min(...xs), Math.max(...xs), xs[0]!, xs.at(-1)!, growth];
}

interface Told {
  readonly key: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly values: Values;
}

/** Watermark and idleness followed reading by reading, everything that is open looked at anew each time. */
function bruteForce(
  readings: readonly TestRow[],
  plan: SessionWindowPlan,
  latenessMs: number,
  idleAfterMs: number,
) {
  const isGlobal = plan.watermark === 'global';
  const told: Told[] = [];
  let late = 0;
  let latest = Number.NEGATIVE_INFINITY;
  const keys = new Map<number, { open: TestRow[]; mark: number; cutMs: number; lastArrival: number }>();
  const stateOf = (key: number) => {
    const fresh = {
      open: [],
      mark: Number.NEGATIVE_INFINITY,
      cutMs: Number.NEGATIVE_INFINITY,
      lastArrival: Number.POSITIVE_INFINITY,
    };
    if (!keys.has(key)) keys.set(key, fresh);
    return keys.get(key)!;
  };
  const close = (key: number, untilMs: number): void => {
    const state = stateOf(key);
    for (const { startMs, endMs, wasCut, inside } of sessionsOf(state.open, plan)) {
      if (endMs > untilMs) return;
      told.push({ key, startMs, endMs, values: valuesOf(inside) });
      state.open = state.open.filter((reading) => !inside.includes(reading));
      state.mark = Math.max(state.mark, endMs);
      if (wasCut) state.cutMs = endMs;
    }
  };
  for (const reading of readings) {
    const { key, t, arrivalMs } = reading;
    const state = stateOf(key);
    if (arrivalMs - state.lastArrival >= idleAfterMs) close(key, arrivalMs - latenessMs);
    state.lastArrival = arrivalMs;
    const mark = Math.max(state.mark, isGlobal ? latest : Number.NEGATIVE_INFINITY);
    if (t + plan.gapMs <= mark || t < state.cutMs) late += 1;
    else state.open.push(reading);
    latest = Math.max(latest, t - latenessMs);
    if (!isGlobal) state.mark = Math.max(state.mark, t - latenessMs);
    for (const other of isGlobal ? keys.keys() : [key]) close(other, isGlobal ? latest : state.mark);
  }
  for (const key of keys.keys()) close(key, Number.MAX_VALUE);
  return { told, late };
}

const plans = fc.record({
  gapMs: fc.constantFrom(2000, 10_000, 30_000),
  more: fc.constantFrom<Partial<SessionWindowPlan>>(
    {},
    { maxMs: 30_000 },
    { maxMs: 45_000 },
    { maxMs: 200_000 },
  ),
  watermark: fc.constantFrom('key' as const, 'global' as const),
  // Also longer than a session may be.
  latenessMs: fc.constantFrom(5000, 80_000),
});
type Shape = typeof plans extends fc.Arbitrary<infer T> ? T : never;
const planOf = ({ gapMs, more, watermark }: Shape) => sessions(gapMs, { ...more, watermark });

function readingsWith(delay: fc.Arbitrary<number>): fc.Arbitrary<TestRow[]> {
  const step = fc.record({
    key: fc.nat(2),
    // Whole numbers: their sums are exact in any order.
    x: fc.integer({ min: 0, max: 100 }),
    delay,
    // Multiples of what gaps are multiples of, so that sessions touch often.
    pause: fc.oneof({ weight: 6, arbitrary: fc.nat(8).map((n) => n * 1000) }, fc.nat(60_000)),
  });
  return fc.array(step, { maxLength: 60 }).map((steps) => {
    let arrivalMs = 1_700_000_000_000;
    return steps.map(({ key, x, delay: late, pause }): TestRow => {
      arrivalMs += pause;
      return { key, x, t: arrivalMs - late, arrivalMs };
    });
  });
}

const anyDelay = fc.oneof(
  { weight: 4, arbitrary: fc.nat(5).map((n) => n * 1000) },
  fc.nat(20_000),
  fc.nat(200_000),
);

const order = (a: Told, b: Told): number => a.key - b.key || a.startMs - b.startMs || a.endMs - b.endMs;

function toldOf(given: readonly Closed[]): Told[] {
  return given
    .filter(({ stage }) => stage === 'final')
    .map(({ key, sinceMs, endMs, values }) => ({ key, startMs: sinceMs, endMs, values }));
}

/** Feeds readings in batches cut before the places of `cuts`, the state saved and taken up between them. */
function runCut(
  readings: readonly TestRow[],
  plan: SessionWindowPlan,
  options: Options,
  cuts: readonly number[],
  restore: boolean,
) {
  let { windows, given, late } = running(plan, options);
  const all: Closed[] = [];
  const allLate: number[] = [];
  const edges = [...new Set([0, ...cuts.filter((cut) => cut < readings.length), readings.length])];
  edges.sort((a, b) => a - b);
  for (let e = 0; e + 1 < edges.length; e++) {
    const chunk = readings.slice(edges[e], edges[e + 1]);
    feed(windows, chunk);
    windows.pass(chunk.at(-1)!.arrivalMs);
    if (!restore) continue;
    const saved = structuredClone(windows.save());
    all.push(...given);
    allLate.push(...late);
    ({ windows, given, late } = running(plan, options));
    windows.load(saved);
  }
  windows.closeAll(0);
  return { given: [...all, ...given], late: [...allLate, ...late] };
}

test('any readings, cut into any batches: the sessions of the definition', () => {
  const cuts = fc.array(fc.nat(59));
  fc.assert(
    fc.property(readingsWith(anyDelay), plans, cuts, fc.boolean(), (readings, shape, places, restore) => {
      const plan = planOf(shape);
      const idleAfterMs = 40_000;
      const { latenessMs } = shape;
      const { given, late } = runCut(
        readings,
        plan,
        { latenessMs: [latenessMs], idleAfterMs },
        places,
        restore,
      );
      const expected = bruteForce(readings, plan, latenessMs, idleAfterMs);
      assert.deepEqual(toldOf(given).sort(order), expected.told.sort(order));
      assert.equal(late.length, expected.late);
    }),
    { numRuns: 5000 },
  );
});

test('readings that are less late than the lateness may come in any order', () => {
  const delay = fc.oneof(fc.nat(4), fc.nat(79)).map((n) => n * 1000);
  fc.assert(
    fc.property(readingsWith(delay), plans, (drawn, shape) => {
      const { latenessMs } = shape;
      const readings = drawn.map((r) => ({ ...r, t: r.arrivalMs - ((r.arrivalMs - r.t) % latenessMs) }));
      const plan = planOf(shape);
      const options = { latenessMs: [latenessMs] };
      const inOrder = readings.toSorted((a, b) => a.t - b.t);
      const shuffled = runCut(readings, plan, options, [], false);
      const sorted = runCut(inOrder, plan, options, [], false);
      assert.deepEqual(shuffled.late, []);
      // Of one time the first to arrive is first: these two may differ.
      const told = ({ given }: { given: readonly Closed[] }) =>
        toldOf(given)
          .sort(order)
          .map(({ values, ...rest }) => ({ ...rest, values: values.slice(0, 4) }));
      assert.deepEqual(told(shuffled), told(sorted));
      const definition = [0, 1, 2].flatMap((key) =>
        sessionsOf(
          readings.filter((r) => r.key === key),
          plan,
        ),
      );
      assert.equal(toldOf(sorted.given).length, definition.length);
    }),
    { numRuns: 5000 },
  );
});

test('early results do not depend on where batches are cut, and restoring changes none', () => {
  const cuts = fc.array(fc.nat(59));
  fc.assert(
    fc.property(readingsWith(anyDelay), plans, cuts, fc.boolean(), (readings, shape, places, restore) => {
      const plan = { ...planOf(shape), emitMs: 7000 };
      const options = { latenessMs: [shape.latenessMs], idleAfterMs: 20_000 };
      const byKey = ({ given }: { given: readonly Closed[] }) =>
        [0, 1, 2].map((key) => given.filter((result) => result.key === key));
      const whole = runCut(readings, plan, options, [], false);
      assert.deepEqual(byKey(runCut(readings, plan, options, places, restore)), byKey(whole));
    }),
    { numRuns: 5000 },
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
