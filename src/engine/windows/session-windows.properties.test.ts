import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aggregates as registry } from '../aggregates/index.ts';
import { orNull, variants } from '../aggregates/testing.ts';
import { rowsOf, type TestRow } from '../testing.ts';
import { createSessionWindows, type SessionWindowPlan } from './session-windows.ts';
import {
  bruteForce,
  type Closed,
  day,
  feed,
  type Options,
  running,
  sessions,
  sessionsOf,
  type Told,
  type Values,
} from './testing-sessions.ts';
import { uncounted } from './testing-windows.ts';

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

test('every aggregate is of the readings of its session, however they came together', () => {
  const numeric = variants.filter(({ type }) => type === 'number');
  const made = () =>
    numeric.map(({ fn, parameters, type }) =>
      registry[fn]!({ fn, parameters, argumentType: type, resultType: 'number' }),
    );
  const delay = fc.nat(79).map((n) => n * 1000);
  fc.assert(
    fc.property(readingsWith(delay), plans, (readings, shape) => {
      const plan = planOf(shape);
      const running = made();
      const results: { key: number; endMs: number; values: Values }[] = [];
      const windows = createSessionWindows({
        ...{ window: plan, latenessMs: [80_000], idleDelayMs: 80_000, idleAfterMs: day, aggregates: running },
        ...uncounted,
        give: ({ key, endMs, slot }) =>
          results.push({ key, endMs, values: running.map((aggregate) => orNull(aggregate.result(slot))) }),
        late: () => assert.fail('none is late'),
      });
      const fed = rowsOf(readings);
      const columns = numeric.map(() => [fed.rows.columns[0]!, fed.rows.columns[0]!]);
      windows.fold(fed.rows, fed.keys, columns, 0);
      windows.closeAll(0);
      for (const { key, endMs, values } of results) {
        const found = sessionsOf(
          readings.filter((reading) => reading.key === key),
          plan,
        );
        const inside = found.find((session) => session.endMs === endMs)!.inside;
        const whole = made();
        // As they arrived, into one slot.
        const { rows } = rowsOf(readings.filter((reading) => inside.includes(reading)));
        for (const [a, aggregate] of whole.entries()) {
          aggregate.grow(2);
          aggregate.reset(1);
          aggregate.fold(new Int32Array(rows.n).fill(1), 0, rows.n, rows, [
            rows.columns[0]!,
            rows.columns[0]!,
          ]);
          const [got, expected] = [values[a]!, orNull(aggregate.result(1))];
          const { fn } = numeric[a]!;
          if (typeof expected !== 'number' || typeof got !== 'number') assert.equal(got, expected, fn);
          else assert.ok(Math.abs(got - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), fn);
        }
      }
    }),
    { numRuns: 300 },
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
