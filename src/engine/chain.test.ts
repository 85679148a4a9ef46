/** Rules that read rules, through compiler and engine. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Batch, spanOf } from '../core/frame.ts';
import type { Frame, Point } from '../core/types.ts';
import type { Plan } from '../rules/plan.ts';
import { compileText, deviceOf } from '../rules/testing.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import {
  createState,
  type EngineState,
  finish,
  load,
  quietUntilMs,
  replan,
  save,
  statusOf,
  step,
} from './engine.ts';

const startMs = Date.UTC(2026, 0, 5, 6);

const store = (name: string, more = ''): string => `device: ${name}
topic: ${name}/{site}/{room}
codec: json
time: { path: at, format: unix_ms }
fields: { t: {}, s: { type: string } }
lateness: 5s
idle_after: 20s
max_ahead: 1h
${more}`;

function planOf(rules: string, devices: readonly string[] = [store('store')]): Plan {
  const { plan, problems } = compileText(rules, devices.map(deviceOf));
  assert.deepEqual(
    problems.filter(({ severity }) => severity === 'error').map(({ message }) => message),
    [],
  );
  return plan!;
}

interface Reading {
  readonly device?: string;
  readonly site?: string;
  readonly room: string;
  /** Event time and arrival, in seconds after the start. */
  readonly at: number;
  readonly arrives?: number;
  readonly t?: number | null;
  readonly s?: string;
}

function frameOf({ device = 'store', site = 'a', room, at, arrives = at, ...fields }: Reading): Frame {
  return {
    source: 'mqtt',
    topic: `${device}/${site}/${room}`,
    payload: Buffer.from(JSON.stringify({ at: startMs + at * 1000, ...fields })),
    arrivalMs: startMs + arrives * 1000,
  };
}

interface Told {
  readonly points: readonly Point[];
  readonly alerts: readonly unknown[];
  readonly late: Readonly<Record<string, number>>;
}

interface Playing {
  /** Seconds at which batches end, besides that of the last reading. */
  readonly cuts?: readonly number[];
  /** Indices of batches before which the engine is stopped and started. */
  readonly restarts?: readonly number[];
  /** Let so many seconds pass after the last reading. */
  readonly wait?: number;
  readonly close?: boolean;
}

function play(plan: Plan, readings: readonly Reading[], playing: Playing = {}): Told {
  const { cuts = [], restarts = [], wait = 0, close = true } = playing;
  const frames = readings.map(frameOf).toSorted((a, b) => a.arrivalMs - b.arrivalMs);
  const lastS = Math.max(0, ...readings.map(({ at, arrives = at }) => arrives)) + 1 + wait;
  const ends = [...new Set([...cuts, lastS])].filter((end) => end <= lastS).toSorted((a, b) => a - b);
  let state = createState(plan);
  const points: Point[] = [];
  const alerts: unknown[] = [];
  let from = Number.NEGATIVE_INFINITY;
  for (const [i, end] of ends.entries()) {
    if (restarts.includes(i)) state = restarted(state);
    const endMs = startMs + end * 1000;
    const own = frames.filter(({ arrivalMs }) => arrivalMs >= from && arrivalMs < endMs);
    const result = step(state, { startMs: from, endMs, spans: own.length > 0 ? [spanOf(own)] : [] });
    state = result.state;
    points.push(...result.points);
    alerts.push(...result.alerts);
    from = endMs;
  }
  const counts = statusOf(state).rules;
  if (close) points.push(...finish(state).points);
  const late = Object.fromEntries(counts.map((rule) => [rule.name, rule.late]));
  return { points, alerts, late };
}

function restarted(state: EngineState): EngineState {
  const position = { sequence: 0, frame: 0 };
  const bytes = encodeCheckpoint({ batchEndMs: state.nowMs, position, handshakes: [], state: save(state) });
  return load(createState(state.plan), decodeCheckpoint(bytes)!.state).state;
}

/** `seconds site/room {fields}`. */
function shown(points: readonly Point[], rule: string): string[] {
  return points
    .filter(({ measurement }) => measurement === rule)
    .map(({ timeMs, tags: { gateway: _, ...tags }, fields }) => {
      const key = Object.values(tags).join('/');
      return `${(timeMs - startMs) / 1000} ${key} ${JSON.stringify(fields)}`;
    });
}

const minutes = `rules:
  - name: minute
    from: store
    window: { tumbling: 10s }
    compute: { n: count(), top: max(t) }
  - name: hour
    from: rule:minute
    window: { tumbling: 30s }
    compute: { results: count(), readings: sum(n), top: max(top) }
`;

const each = (room: string, from: number, to: number, t = 1): Reading[] =>
  Array.from({ length: to - from }, (_, i) => ({ room, at: from + i, t }));

test('a window over windows has those that end in it', () => {
  const { points, late } = play(planOf(minutes), each('1', 0, 66), { close: false });
  assert.deepEqual(shown(points, 'hour'), [
    '30 a/1 {"results":3,"readings":30,"top":1}',
    '60 a/1 {"results":3,"readings":30,"top":1}',
  ]);
  assert.deepEqual(late, { minute: 0, hour: 0 });
});

test('it closes with the last result that belongs to it', () => {
  const plan = planOf(minutes);
  assert.deepEqual(shown(play(plan, each('1', 0, 35), { close: false }).points, 'hour'), []);
  assert.equal(shown(play(plan, each('1', 0, 36), { close: false }).points, 'hour').length, 1);
});

test('at the end of a recording what is read closes first', () => {
  const { points } = play(planOf(minutes), each('1', 0, 8));
  assert.deepEqual(shown(points, 'hour'), ['30 a/1 {"results":1,"readings":8,"top":1}']);
});

test('the order of rules in the files makes no difference', () => {
  const [head, minute, hour] = minutes.split(/^(?= {2}- )/m);
  const turned = `${head}${hour}${minute}`;
  const readings = each('1', 0, 100);
  assert.deepEqual(play(planOf(turned), readings), play(planOf(minutes), readings));
});

const fleet = `rules:
  - name: minute
    from: store
    window: { tumbling: 10s }
    compute: { top: max(t) }
    forward: false
  - name: site
    from: rule:minute
    by: [site]
    where: top > 10
    window: { tumbling: 10s }
    compute: { rooms: count(), top: max(top) }
`;

test('a coarser key waits for the slowest of the keys it is made of, and no longer', () => {
  const plan = planOf(fleet);
  const fast = each('1', 0, 40, 20);
  // Of room 2 nothing comes after its first reading: it is idle 20 s later, and its window had to end 5 s ago.
  const slow = [{ room: '2', at: 3, t: 30 }];
  const until = (end: number): string[] =>
    shown(play(plan, [...fast.filter(({ at }) => at < end), ...slow], { close: false }).points, 'site');
  assert.deepEqual(until(22), []);
  assert.deepEqual(until(24), ['10 a {"rooms":2,"top":30}']);
  assert.deepEqual(until(26), ['10 a {"rooms":2,"top":30}', '20 a {"rooms":1,"top":20}']);
});

test('windows close also where `where` lets no result through', () => {
  const cold = each('1', 10, 40, 5);
  const { points } = play(planOf(fleet), [...each('1', 0, 10, 20), ...cold], { close: false });
  assert.deepEqual(shown(points, 'site'), ['10 a {"rooms":1,"top":20}']);
});

test('a rule without a window passes results on as they come', () => {
  const plan = planOf(`rules:
  - name: minute
    from: store
    window: { tumbling: 10s }
    compute: { top: max(t), state: last(s) }
    forward: false
  - name: hot
    from: rule:minute
    where: top > 10
    let: { over: top - 10 }
    alert: [{ when: over > 5, message: "{site}/{room} {state}: {over}" }]
  - name: count
    from: rule:hot
    by: []
    window: { tumbling: 20s }
    compute: { n: count(), over: sum(over) }
`);
  const readings = [...each('1', 0, 10, 12), ...each('1', 10, 20, 18), ...each('1', 20, 40, 1)];
  const { points, alerts } = play(
    plan,
    readings.map((one) => ({ ...one, s: 'open' })),
    { close: false },
  );
  assert.deepEqual(shown(points, 'hot'), [
    '10 a/1 {"top":12,"state":"open","over":2}',
    '20 a/1 {"top":18,"state":"open","over":8}',
  ]);
  assert.deepEqual(
    alerts.map((alert) => (alert as { message: string }).message),
    ['a/1 open: 8'],
  );
  assert.deepEqual(shown(points, 'count'), ['20  {"n":2,"over":10}']);
});

test('a rule may read a device and a rule over the same device', () => {
  const plan = planOf(`rules:
  - name: minute
    from: store
    window: { tumbling: 10s }
    compute: { t: avg(t) }
    forward: false
  - name: both
    from: [store, rule:minute]
    window: { tumbling: 10s }
    compute: { n: count(), t: sum(t) }
`);
  // All readings in one chunk: those of the device must not run ahead of the results.
  const { points, late } = play(plan, each('1', 0, 100, 2), { close: false });
  assert.equal(late.both, 0);
  assert.deepEqual(
    shown(points, 'both'),
    Array.from({ length: 9 }, (_, i) => `${(i + 1) * 10} a/1 {"n":11,"t":22}`),
  );
});

test('results of two rules over one device come together', () => {
  const plan = planOf(`rules:
  - { name: high, from: store, window: { tumbling: 10s }, compute: { x: max(t) }, forward: false }
  - { name: low, from: store, window: { tumbling: 10s }, compute: { x: min(t) }, forward: false }
  - name: span
    from: [rule:high, rule:low]
    window: { tumbling: 10s }
    compute: { n: count(), range: max(x) - min(x), last: last(x) }
`);
  const readings = Array.from({ length: 60 }, (_, at) => ({ room: '1', at, t: at }));
  const { points, late } = play(plan, readings, { close: false });
  assert.equal(late.span, 0);
  assert.deepEqual(
    shown(points, 'span'),
    Array.from({ length: 5 }, (_, i) => `${(i + 1) * 10} a/1 {"n":2,"range":9,"last":${i * 10}}`),
  );
});

test('what is read keeps its limit of keys, what reads it its own', () => {
  const plan = planOf(fleet);
  const readings = Array.from({ length: 1100 }, (_, i) => ({ room: `${i}`, at: 1, t: 20 }));
  const { points } = play(plan, readings);
  assert.deepEqual(shown(points, 'site'), ['10 a {"rooms":1000,"top":20}']);
});

/** Plays some readings, goes over to another plan, and plays the rest. */
function playEdited(before: Plan, readings: readonly Reading[], after: Plan, rest: readonly Reading[]) {
  const first = step(createState(before), batchOf(readings));
  const { state, reset } = replan(first.state, after);
  const second = step(state, batchOf(rest));
  return { reset, points: [...first.points, ...second.points, ...finish(second.state).points] };
}

function batchOf(readings: readonly Reading[]): Batch {
  const frames = readings.map(frameOf);
  return { startMs: 0, endMs: frames.at(-1)!.arrivalMs + 1, spans: [spanOf(frames)] };
}

test('an edit of a rule resets it, and those that read it go on', () => {
  const edited = minutes.replace('tumbling: 10s', 'tumbling: 5s');
  const told = playEdited(planOf(minutes), each('1', 0, 18), planOf(edited), each('1', 20, 40));
  assert.deepEqual(told.reset, ['minute']);
  // One result of 10 s; the open window is lost; two of 5 s.
  assert.equal(shown(told.points, 'hour')[0], '30 a/1 {"results":3,"readings":20,"top":1}');
});

test('an edit of its key resets those that read it too', () => {
  const edited = minutes.replace('window: { tumbling: 10s }', 'by: [site]\n    window: { tumbling: 10s }');
  const told = playEdited(planOf(minutes), each('1', 0, 18), planOf(edited), each('1', 20, 40));
  assert.deepEqual(told.reset, ['minute', 'hour']);
});

test('until it is no longer quiet, empty batches change nothing; then something happens', () => {
  const plan = planOf(fleet);
  let { state } = step(createState(plan), batchOf([...each('1', 0, 3, 20), { room: '2', at: 3, t: 30 }]));
  const given: string[] = [];
  for (let i = 0; i < 5 && given.length === 0; i++) {
    const quietMs = quietUntilMs(state);
    assert.ok(quietMs > state.nowMs && quietMs < Number.POSITIVE_INFINITY, `${quietMs}`);
    const before = step(state, { startMs: state.nowMs, endMs: quietMs - 1, spans: [] });
    assert.deepEqual(before.points, []);
    const then = step(before.state, { startMs: quietMs - 1, endMs: quietMs, spans: [] });
    state = then.state;
    given.push(...shown(then.points, 'site'));
  }
  assert.deepEqual(given, ['10 a {"rooms":2,"top":30}']);
});

/** Readings never later than the lateness of 5 s, some ahead of their arrival, of two sites with rooms that come and go. */
const readingsInTime = fc
  .array(
    fc.record({
      afterS: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 40 })),
      lateS: fc.integer({ min: -20, max: 5 }),
      site: fc.constantFrom('a', 'b'),
      room: fc.constantFrom('1', '2', '3'),
      device: fc.constantFrom('store', 'shop'),
      t: fc.option(fc.integer({ min: -3, max: 9 }), { nil: null }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((all) => {
    let now = 10;
    let latest = 0;
    return all.map(({ afterS, lateS, ...rest }): Reading => {
      now += afterS;
      const at = Math.max(now - lateS, latest - 5);
      latest = Math.max(latest, at);
      return { ...rest, at, arrives: now };
    });
  });

const upstreams = [
  'window: { tumbling: 10s }',
  'window: { tumbling: 10s, emit: 3s, late: revise }',
  'window: { sliding: 20s, every: 5s }',
  'window: { session: 7s }',
  'window: { session: 7s, max: 30s }',
  'window: { tumbling: 10s, watermark: global }',
];
const downstreams = [
  { from: '[rule:up]', by: '[site]' },
  { from: '[rule:up]', by: '[]' },
  { from: '[rule:up]', by: '[site, room]' },
  { from: '[rule:up, rule:other]', by: '[site]' },
  { from: '[rule:passed]', by: '[site]' },
  { from: '[rule:up, rule:passed]', by: '[]' },
];

interface Chain {
  readonly up: string;
  readonly from: string;
  readonly by: string;
  readonly lengthS: number;
  readonly everyS: number;
}

const chains: fc.Arbitrary<Chain> = fc
  .record({
    up: fc.constantFrom(...upstreams),
    down: fc.constantFrom(...downstreams),
    everyS: fc.constantFrom(5, 10, 30),
    overlap: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ up, down, everyS, overlap }) => ({ up, ...down, everyS, lengthS: everyS * overlap }));

const bothDevices = [store('store'), store('shop')];

function chainPlan({ up, from, by, lengthS, everyS }: Chain): Plan {
  return planOf(
    `rules:
  - { name: up, from: [store, shop], by: [site, room], ${up}, compute: { n: count(), t: sum(t) } }
  - { name: other, from: shop, by: [room, site], window: { tumbling: 15s }, compute: { n: count(), t: max(t) } }
  - { name: passed, from: rule:up, let: { twice: t * 2 }, alert: [{ when: twice > 4, for: 12s }] }
  - name: down
    from: ${from}
    by: ${by}
    window: { sliding: ${lengthS}s, every: ${everyS}s }
    compute: { results: count(), n: sum(n), t: max(t), last: last(n) }
  - { name: end, from: rule:down, by: [], window: { tumbling: 60s }, compute: { k: count(), n: sum(n), last: last(t) } }
`,
    bothDevices,
  );
}

/** What windows make of points, whenever they came. */
function expected(points: readonly Point[], { from, by, lengthS, everyS }: Chain): string[] {
  const names = [...from.matchAll(/rule:(\w+)/g)].map(([, name]) => name);
  // Of early results and the final one the last.
  const last = new Map(
    points.map((point) => [JSON.stringify([point.measurement, point.tags, point.timeMs]), point]),
  );
  const own = [...last.values()].filter(({ measurement }) => names.includes(measurement));
  const windows = new Map<string, { n: number; results: number; t: number }>();
  for (const { timeMs, tags, fields } of own) {
    const key = by === '[]' ? '' : by === '[site]' ? tags.site! : `${tags.site}/${tags.room}`;
    const first = Math.ceil((timeMs - startMs) / 1000 / everyS) * everyS;
    for (let end = first; end < first + lengthS; end += everyS) {
      if (end - lengthS >= (timeMs - startMs) / 1000) continue;
      const window = windows.get(`${end} ${key}`) ?? { n: 0, results: 0, t: Number.NEGATIVE_INFINITY };
      windows.set(`${end} ${key}`, {
        results: window.results + 1,
        n: window.n + (fields.n as number),
        t: Math.max(window.t, (fields.t as number | undefined) ?? Number.NEGATIVE_INFINITY),
      });
    }
  }
  return [...windows]
    .map(([id, { results, n, t }]) => `${id} ${results} ${n} ${Number.isFinite(t) ? t : '-'}`)
    .toSorted();
}

function given(points: readonly Point[]): string[] {
  return points
    .filter(({ measurement }) => measurement === 'down')
    .map(({ timeMs, tags: { gateway: _, ...tags }, fields }) => {
      const id = `${(timeMs - startMs) / 1000} ${Object.values(tags).join('/')}`;
      return `${id} ${fields.results} ${fields.n} ${fields.t ?? '-'}`;
    })
    .toSorted();
}

test('no result is late when no reading was, and windows have every result that ends in them', () => {
  fc.assert(
    fc.property(chains, readingsInTime, (chain, readings) => {
      const { points, late } = play(chainPlan(chain), readings, { wait: 300 });
      assert.deepEqual(late, { up: 0, other: 0, passed: 0, down: 0, end: 0 });
      assert.deepEqual(given(points), expected(points, chain));
    }),
    { numRuns: 150 },
  );
});

/** Windows of every kind, over and under others. */
const windows = [
  ...upstreams,
  'window: { count: 3, every: 2 }',
  'window: { calendar: "*/1 * * * *" }',
  'window: { sliding: 30s, every: 10s, emit: 7s }',
];

type Mixture = Readonly<Record<'first' | 'second' | 'third' | 'from' | 'by' | 'more', string>>;

const mixtures: fc.Arbitrary<Mixture> = fc.record({
  first: fc.constantFrom(...windows),
  second: fc.constantFrom(...windows.filter((window) => !window.includes('global'))),
  third: fc.constantFrom(...windows.filter((window) => !window.includes('global'))),
  from: fc.constantFrom('rule:b', '[rule:b, rule:a]', '[shop, rule:b]', '[rule:b, rule:p]', 'rule:p'),
  by: fc.constantFrom('[]', '[site]', '[room]'),
  more: fc.constantFrom('', 'forward: { on_change: 2 }', 'where: n > 1'),
});

function mixedPlan(mixture: Mixture): Plan {
  const { first, second, third, from, by, more } = mixture;
  return planOf(
    `rules:
  - { name: a, from: [store, shop], ${first}, compute: { n: count(), t: sum(t) } }
  - name: p
    from: rule:a
    let: { before: lag(n) }
    alert: [{ when: n > 3, for: 5s }]
    ${more}
  - name: b
    from: rule:a
    by: [site]
    ${second}
    compute: { n: sum(n), t: max(t), rooms: distinct(room) }
    alert: [{ when: n > 4, for: 15s }]
  - name: c
    from: ${from}
    by: ${from.includes('rule:b') && by === '[room]' ? '[site]' : by}
    ${third}
    compute: { k: count(), t: last(t), odd: prev.k }
`,
    bothDevices,
  );
}

/** Rules that nobody reads may give out what is idle in another order. */
function sorted(all: readonly unknown[]): string[] {
  return all.map((one) => JSON.stringify(one)).toSorted();
}

const cutting = fc.record({
  cuts: fc.array(fc.double({ min: 0, max: 400, noNaN: true }), { maxLength: 40 }),
  restarts: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 5 }),
  close: fc.boolean(),
});

function assertSame(plan: Plan, readings: readonly Reading[], playing: Playing): void {
  const once = play(plan, readings, { wait: 100, close: playing.close ?? true });
  const often = play(plan, readings, { wait: 100, ...playing });
  assert.deepEqual(sorted(often.points), sorted(once.points));
  assert.deepEqual(sorted(often.alerts), sorted(once.alerts));
}

test('neither where batches are cut nor restarts change what comes of it', () => {
  fc.assert(
    fc.property(chains, readingsInTime, cutting, (chain, readings, playing) =>
      assertSame(chainPlan(chain), readings, playing),
    ),
    { numRuns: 150 },
  );
});

test('nor do they with windows of every kind, one over the other', () => {
  fc.assert(
    fc.property(mixtures, readingsInTime, cutting, (mixture, readings, playing) =>
      assertSame(mixedPlan(mixture), readings, playing),
    ),
    { numRuns: 150 },
  );
});

test('nothing is late of what comes in time, whatever the windows', () => {
  fc.assert(
    fc.property(mixtures, readingsInTime, (mixture, readings) => {
      const { late } = play(mixedPlan(mixture), readings, { wait: 300 });
      assert.deepEqual(late, { a: 0, p: 0, b: 0, c: 0 });
    }),
    { numRuns: 150 },
  );
});
