/** Functions with memory over results of windows: `prev`, `lag` and detectors, for final, early and revised results. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Batch, spanOf } from '../../core/frame.ts';
import type { Alert, FieldValue, Frame, Point } from '../../core/types.ts';
import type { Plan } from '../../rules/plan.ts';
import { compileText, deviceOf } from '../../rules/testing.ts';
import { createState, type EngineState, finish, load, save, step } from '../engine.ts';
import { detectors } from './detectors.ts';

const pump = deviceOf(`
device: pump
topic: pump/{site}
codec: json
time: { path: at, format: unix_s }
fields: { x: {}, s: { type: string } }
lateness: 5s
idle_after: 10m
duplicates: keep
`);

function planFrom(rules: string): Plan {
  const { plan, problems } = compileText(rules, [pump]);
  assert.deepEqual(
    problems.map(({ message }) => message),
    [],
    rules,
  );
  return plan!;
}

interface Reading {
  readonly site: string;
  readonly atS: number;
  readonly x: number | null;
  readonly s?: string | null;
}

const startMs = 1_700_000_000_000 - (1_700_000_000_000 % 60_000);

function framesOf(all: readonly Reading[]): Frame[] {
  let arrivalMs = startMs;
  return all.map(({ site, atS, ...values }) => {
    arrivalMs = Math.max(arrivalMs, startMs + atS * 1000);
    const payload = Buffer.from(JSON.stringify({ at: startMs / 1000 + atS, ...values }));
    return { source: 'mqtt', topic: `pump/${site}`, payload, arrivalMs };
  });
}

function batchOf(frames: readonly Frame[], endMs: number): Batch {
  return { startMs: 0, endMs, spans: frames.length === 0 ? [] : [spanOf(frames)] };
}

interface Told {
  readonly points: Point[];
  readonly alerts: Alert[];
}

/** Cut into batches there; after each a new engine takes up what was saved. */
function run(rules: string, frames: readonly Frame[], cuts: readonly number[] = []): Told {
  let state: EngineState = createState(planFrom(rules));
  const told: Told = { points: [], alerts: [] };
  const ends = [...new Set(cuts), frames.length].filter((c) => c <= frames.length).sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    const result = step(
      state,
      batchOf(frames.slice(from, end), frames[end]?.arrivalMs ?? frames.at(-1)!.arrivalMs + 1),
    );
    told.points.push(...result.points);
    told.alerts.push(...result.alerts);
    state = load(createState(planFrom(rules)), structuredClone(save(result.state))).state;
    from = end;
  }
  const { points, alerts } = finish(state);
  return { points: [...told.points, ...points], alerts: [...told.alerts, ...alerts] };
}

function fieldsOf({ points }: Told): unknown[] {
  return points.map(({ fields }) => fields);
}

function everyMinute(values: readonly (number | null)[]): Frame[] {
  return framesOf(values.map((x, i) => ({ site: 'a', atS: 60 * i, x })));
}

test('prev is the result of the window before: of a name above, below, or the very one', () => {
  const rules = `rules:
  - name: r
    from: pump
    window: { tumbling: 1m }
    compute:
      total: sum(x)
      growth: total - prev.total
      run: "has(prev.run) ? prev.run + 1 : 1"
      before: prev.later
      later: total * 10
      two_ago: lag(total, 2)
      grown: growth > 0 && lag(growth > 0)
      state: "has(prev.state) && total < 3 ? prev.state : \\"at \\" + string(total)"
`;
  assert.deepEqual(fieldsOf(run(rules, everyMinute([1, 3, 2, 5, 9]))), [
    { total: 1, run: 1, later: 10, state: 'at 1' },
    { total: 3, growth: 2, run: 2, before: 10, later: 30, state: 'at 3' },
    { total: 2, growth: -1, run: 3, before: 30, later: 20, two_ago: 1, grown: false, state: 'at 3' },
    { total: 5, growth: 3, run: 4, before: 20, later: 50, two_ago: 3, grown: false, state: 'at 5' },
    { total: 9, growth: 4, run: 5, before: 50, later: 90, two_ago: 2, grown: true, state: 'at 9' },
  ]);
});

test('names may hang on what others were, in a circle', () => {
  const rules = `rules:
  - name: fibonacci
    from: pump
    window: { tumbling: 1m }
    compute: { a: "has(prev.b) ? prev.b : 0", b: "has(prev.a) ? prev.a + prev.b : 1", n: count() }
`;
  const all = fieldsOf(run(rules, everyMinute([0, 0, 0, 0, 0, 0, 0]))) as { a: number }[];
  assert.deepEqual(
    all.map(({ a }) => a),
    [0, 1, 1, 2, 3, 5, 8],
  );
});

test('a window without a reading is none: prev is of the last one that had a result', () => {
  const rules = `rules: [{ name: r, from: pump, window: { tumbling: 1m }, compute: { m: max(x), p: prev.m, n: count() } }]`;
  const frames = framesOf([
    { site: 'a', atS: 0, x: 1 },
    { site: 'a', atS: 600, x: null },
    { site: 'a', atS: 660, x: 2 },
  ]);
  // A window with readings whose maximum is null is one.
  assert.deepEqual(fieldsOf(run(rules, frames)), [
    { m: 1, n: 1 },
    { p: 1, n: 1 },
    { m: 2, n: 1 },
  ]);
});

test('conditions and messages compare with the window before', () => {
  const rules = `rules:
  - name: r
    from: pump
    window: { tumbling: 1m }
    compute: { load: max(x) }
    alert:
      - { severity: critical, when: load > 2 * prev.load, clear: load < prev.load, message: "{prev.load} to {load}, {lag(load, 2)} before" }
      - { severity: info, when: load > prev.load }
`;
  const { alerts } = run(rules, everyMinute([1, 3, 4, 3]));
  assert.deepEqual(
    alerts.map(({ severity, state, message }) => [severity, state, message]),
    [
      ['critical', 'firing', '1 to 3, – before'],
      ['critical', 'ok', '4 to 3, 3 before'],
    ],
  );
  const named = run(
    rules.replace('critical, when: load > 2', 'critical, when: load > 200'),
    everyMinute([1, 3]),
  );
  assert.equal(named.alerts[0]!.message, 'r: load > prev.load (load 3, prev.load 1; site a)');
});

const early = `rules:
  - name: r
    from: pump
    window: { tumbling: 1m, emit: 20s }
    compute: { total: sum(x), p: prev.total, run: "has(prev.run) ? prev.run + 1 : 1", e: "ewma(total, 10m)" }
`;

test('early results are compared with what is final, and not remembered', () => {
  const frames = framesOf([5, 15, 25, 45, 61, 81, 135].map((atS) => ({ site: 'a', atS, x: atS })));
  const { points } = run(early, frames);
  const at = (second: number): Record<string, unknown>[] =>
    points
      .filter(({ timeMs }) => timeMs === startMs + second * 1000)
      .map(({ fields: { e, ...rest } }) => rest);
  assert.deepEqual(at(60)[0], { total: 20, run: 1 });
  assert.deepEqual(at(60).at(-1), { total: 90, run: 1 });
  assert.ok(at(60).every(({ run: runs, p }) => runs === 1 && p === undefined));
  // The window before was still open for late readings.
  assert.deepEqual(at(120)[0], { total: 61, run: 1 });
  assert.deepEqual(at(120).at(-1), { total: 142, p: 90, run: 2 });
  const plain = run(early.replace(', emit: 20s', ''), frames);
  const last = new Map(points.map((point) => [point.timeMs, point.fields]));
  assert.deepEqual(
    [...last.values()],
    plain.points.map(({ fields }) => fields),
  );
});

test('a revised result says nothing of what is computed with memory, and is not remembered', () => {
  const rules = `rules:
  - name: r
    from: pump
    window: { tumbling: 1m, late: revise, keep: 10m }
    compute: { total: sum(x), p: prev.total, run: "has(prev.run) ? prev.run + 1 : 1", from_run: run * 2, e: "ewma(total, 10m)", s: "lag(last(s))", n: count() }
`;
  const frames = framesOf([
    { site: 'a', atS: 0, x: 1, s: 'one' },
    { site: 'a', atS: 70, x: 2, s: 'two' },
    { site: 'a', atS: 130, x: 3, s: 'three' },
    { site: 'a', atS: 71, x: 100, s: 'late' },
    { site: 'a', atS: 190, x: 4, s: 'four' },
  ]);
  const told = run(rules, frames);
  const second = told.points.filter(({ timeMs }) => timeMs === startMs + 120_000).map(({ fields }) => fields);
  assert.deepEqual(second.at(-1), { total: 102, n: 2 });
  assert.equal(second.length, 2);
  const third = told.points.findLast(({ timeMs }) => timeMs === startMs + 180_000)!;
  assert.equal(third.fields.p, 2);
  assert.equal(third.fields.run, 3);
  assert.equal(third.fields.s, 'two');
});

const remembering = `rules:
  - name: plain
    from: pump
    window: WINDOW
    compute: { mean: avg(x), n: count(), s: last(s) }
  - name: r
    from: pump
    window: WINDOW
    compute:
      mean: avg(x)
      n: count()
      growth: mean - prev.mean
      three: "lag(mean * 2, 3)"
      s: last(s)
      was: "lag(s, 2)"
      most: "has(prev.most) ? greatest(prev.most, n) : n"
      smooth: "ewma(mean, 5m)"
      smoother: "ewma(ewma(avg(x), 5m), 5m)"
      old: "lag(smooth)"
    alert: [{ when: n > prev.n, clear: n < prev.n, message: "{prev.n} {lag(n, 2)} {n}" }]
`;

type Fields = Record<string, FieldValue>;

/** What the second rule adds to the results of the first, one result after the other. */
function meantOf(results: readonly Fields[], timesMs: readonly number[]): Fields[] {
  const [smooth, inner, outer] = [0, 0, 0].map(() => detectors.ewma!([300_000]));
  for (const detector of [smooth, inner, outer]) detector!.grow(1);
  const take = (detector: typeof smooth, i: number, x: number | undefined): number | undefined => {
    if (x === undefined) return undefined;
    const said = detector!.judge(0, timesMs[i]!, x);
    detector!.learn(0, timesMs[i]!, x);
    return said;
  };
  let most: number | undefined;
  const smoothed: (number | undefined)[] = [];
  return results.map((fields, i) => {
    const at = (back: number, name: string): FieldValue | undefined => results[i - back]?.[name];
    const [mean, before, third] = [0, 1, 3].map((back) => at(back, 'mean') as number | undefined);
    const n = fields.n as number;
    most = most === undefined ? n : Math.max(most, n);
    smoothed.push(take(smooth, i, mean));
    const all = {
      ...fields,
      growth: mean === undefined || before === undefined ? undefined : mean - before,
      three: third === undefined ? undefined : third * 2,
      was: at(2, 's'),
      most,
      smooth: smoothed.at(-1),
      smoother: take(outer, i, take(inner, i, mean)),
      old: smoothed.at(-2),
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Fields;
  });
}

test('property: results with memory follow from those before, wherever batches are cut and restored', () => {
  const readings = fc.array(
    fc.record({
      site: fc.constantFrom('a', 'b'),
      atS: fc.nat({ max: 900 }),
      x: fc.option(fc.constantFrom(0, 1, 2.5, -7, 40)),
      s: fc.option(fc.constantFrom('open', 'shut')),
    }),
    { minLength: 1, maxLength: 40 },
  );
  const windows = fc.constantFrom(
    '{ tumbling: 1m }',
    '{ sliding: 3m, every: 1m }',
    '{ tumbling: 2m, offset: 30s }',
  );
  fc.assert(
    fc.property(readings, windows, fc.array(fc.nat({ max: 40 }), { maxLength: 4 }), (all, window, cuts) => {
      const frames = framesOf(all.toSorted((a, b) => a.atS - b.atS));
      const rules = remembering.replaceAll('WINDOW', window);
      const told = run(rules, frames, cuts);
      for (const site of ['a', 'b']) {
        const of = (rule: string): Point[] =>
          told.points.filter(({ measurement, tags }) => measurement === rule && tags.site === site);
        const plain = of('plain');
        assert.deepEqual(
          of('r').map(({ fields }) => fields),
          meantOf(
            plain.map(({ fields }) => fields),
            plain.map(({ timeMs }) => timeMs),
          ),
        );
      }
      const whole = run(rules, frames);
      const sorted = (alerts: readonly Alert[]): string[] =>
        alerts.map(({ id, message }) => `${id} ${message}`).sort();
      assert.deepEqual(sorted(told.alerts), sorted(whole.alerts));
    }),
    { seed: 3, numRuns: 150 },
  );
});

test('an edit of an alert that remembers keeps windows, alerts and what the others remember', () => {
  const rules = (when: string, message: string): string => `rules:
  - name: r
    from: pump
    window: { tumbling: 1m }
    compute: { load: max(x), run: "has(prev.run) ? prev.run + 1 : 1" }
    alert: [{ when: "${when}", clear: load < 0, message: "${message}" }]
`;
  const frames = everyMinute([1, 3, 4, 5, 6]);
  const { state, alerts } = step(
    createState(planFrom(rules('load > 2 * prev.load', '{load}'))),
    batchOf(frames.slice(0, 4), startMs + 200_000),
  );
  assert.deepEqual(alerts.length, 1);
  const edited = planFrom(rules('load > 5 * prev.load', '{lag(load, 2)}'));
  const { state: next, reset } = load(createState(edited), structuredClone(save(state)));
  assert.deepEqual(reset, []);
  const after = step(next, batchOf(frames.slice(4), startMs + 310_000));
  assert.deepEqual(
    after.points.map(({ fields }) => fields),
    [{ load: 4, run: 3 }],
  );
  assert.deepEqual(after.alerts, []);
});
