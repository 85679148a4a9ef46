/**
 * Functions with memory over readings: rules are made together with what they mean, reading by reading; the meaning
 * shares no code with the compiler and the engine but the detector itself.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Batch } from '../../core/frame.ts';
import { spanOf } from '../../core/frame.ts';
import type { FieldValue, Frame, Point, ValueType } from '../../core/types.ts';
import type { Plan } from '../../rules/plan.ts';
import { compileText, deviceOf } from '../../rules/testing.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint.ts';
import { createState, type EngineState, finish, load, save, step } from '../engine.ts';
import { detectors } from './detectors.ts';

const probe = deviceOf(`
device: probe
topic: probe/{site}/{unit}
codec: json
time: { path: at, format: unix_s }
fields: { n: {}, x: {}, y: {}, d: { type: boolean }, s: { type: string } }
duplicates: keep
`);

type Value = FieldValue | null;

interface Reading {
  readonly site: string;
  readonly unit: string;
  readonly atS: number;
  readonly x: number | null;
  readonly y: number | null;
  readonly d: boolean | null;
  readonly s: string | null;
}

/** What is known while one reading is judged. Equal texts are one computation. */
interface Moment {
  readonly reading: Reading;
  readonly values: Map<string, Value>;
  readonly lets: ReadonlyMap<string, Meant>;
  /** By key and call. */
  readonly learnt: Map<string, unknown>;
}

interface Meant<T extends Value = Value> {
  readonly text: string;
  readonly type: ValueType;
  readonly of: (moment: Moment) => T | null;
}

function once<T extends Value>(text: string, type: ValueType, of: (moment: Moment) => T | null): Meant<T> {
  return {
    text,
    type,
    of(moment) {
      if (!moment.values.has(text)) moment.values.set(text, of(moment));
      return moment.values.get(text) as T | null;
    },
  };
}

function stateOf<S>(moment: Moment, call: string, make: () => S): S {
  const place = `${moment.reading.site}|${call}`;
  if (!moment.learnt.has(place)) moment.learnt.set(place, make());
  return moment.learnt.get(place) as S;
}

function lag<T extends Value>(x: Meant<T>, n: number): Meant<T> {
  const text = n === 1 ? `lag(${x.text})` : `lag(${x.text}, ${n})`;
  return once(text, x.type, (moment) => {
    const earlier = stateOf<(T | null)[]>(moment, text, () => []);
    const now = x.of(moment);
    const then = earlier.at(-n) ?? null;
    earlier.push(now);
    return then;
  });
}

function ewma(x: Meant<number>, seconds: number): Meant<number> {
  const text = `ewma(${x.text}, ${seconds}s)`;
  return once(text, 'number', (moment) => {
    const detector = stateOf(moment, text, () => {
      const made = detectors.ewma!([seconds * 1000]);
      made.grow(1);
      return made;
    });
    const now = x.of(moment);
    if (now === null) return null;
    const timeMs = moment.reading.atS * 1000;
    const said = detector.judge(0, timeMs, now);
    detector.learn(0, timeMs, now);
    return said;
  });
}

type Meanings = { number: Meant<number>; boolean: Meant<boolean>; string: Meant<string> };

function both<A extends Value, R extends Value>(
  a: Meant<A>,
  b: Meant<A>,
  sign: string,
  type: ValueType,
  f: (a: A, b: A) => R,
): Meant<R> {
  return once(`(${a.text} ${sign} ${b.text})`, type, (moment) => {
    const [left, right] = [a.of(moment), b.of(moment)];
    return left === null || right === null ? null : f(left, right);
  });
}

function chosen<T extends Value>(test: Meant<boolean>, yes: Meant<T>, no: Meant<T>): Meant<T> {
  // Functions see each reading, whichever branch is taken.
  return once(`(${test.text} ? ${yes.text} : ${no.text})`, yes.type, (moment) => {
    const [holds, a, b] = [test.of(moment), yes.of(moment), no.of(moment)];
    return holds === null ? null : holds ? a : b;
  });
}

function field<T extends Value>(name: 'x' | 'y' | 'd' | 's', type: ValueType): Meant<T> {
  return { text: name, type, of: ({ reading }) => reading[name] as T | null };
}

function constant(value: number): Meant<number> {
  return { text: String(value), type: 'number', of: () => value };
}

/** A let above, if there is one of the type; else a field. */
function above<T extends Value>(
  lets: readonly Meant[],
  type: ValueType,
  other: Meant<T>,
): fc.Arbitrary<Meant<T>> {
  const names = lets.flatMap((one, i): Meant<T>[] =>
    one.type === type
      ? [{ text: `l${i}`, type, of: (moment) => moment.lets.get(`l${i}`)!.of(moment) as T }]
      : [],
  );
  return fc.constantFrom(other, ...names);
}

function meaningsAbove(lets: readonly Meant[]): { [K in keyof Meanings]: fc.Arbitrary<Meanings[K]> } {
  const size = { maxDepth: 3, depthIdentifier: fc.createDepthIdentifier(), withCrossShrink: true };
  const n = fc.constantFrom(1, 1, 2, 5);
  return fc.letrec<Meanings>((tie) => ({
    number: fc.oneof(
      size,
      fc.constantFrom<Meant<number>>(field('x', 'number'), field('y', 'number'), constant(5)),
      above(lets, 'number', field<number>('x', 'number')),
      fc.tuple(tie('number'), n).map(([x, back]) => lag(x, back)),
      fc.tuple(tie('number'), fc.constantFrom(10, 60)).map(([x, seconds]) => ewma(x, seconds)),
      fc.tuple(tie('number'), tie('number')).map(([a, b]) => both(a, b, '-', 'number', (p, q) => p - q)),
      fc.tuple(tie('boolean'), tie('number'), tie('number')).map(([test, a, b]) => chosen(test, a, b)),
    ),
    boolean: fc.oneof(
      size,
      fc.constant<Meant<boolean>>(field('d', 'boolean')),
      above(lets, 'boolean', field<boolean>('d', 'boolean')),
      fc.tuple(tie('boolean'), n).map(([x, back]) => lag(x, back)),
      fc.tuple(tie('number'), tie('number')).map(([a, b]) => both(a, b, '>', 'boolean', (p, q) => p > q)),
      fc.oneof(tie('number'), tie('string')).map((x) => {
        const test = x as Meant;
        return once(`has(${test.text})`, 'boolean', (moment) => test.of(moment) !== null);
      }),
    ),
    string: fc.oneof(
      size,
      fc.constant<Meant<string>>(field('s', 'string')),
      above(lets, 'string', field<string>('s', 'string')),
      fc.tuple(tie('string'), n).map(([x, back]) => lag(x, back)),
      fc.tuple(tie('string'), tie('string')).map(([a, b]) => both(a, b, '+', 'string', (p, q) => p + q)),
    ),
  }));
}

function anyMeaning(lets: readonly Meant[]): fc.Arbitrary<Meant> {
  const { number, boolean, string } = meaningsAbove(lets);
  return fc.oneof(number, boolean, string) as fc.Arbitrary<Meant>;
}

interface MeantRule {
  readonly lets: readonly Meant[];
  readonly where: Meant<boolean> | undefined;
}

const meantRule: fc.Arbitrary<MeantRule> = anyMeaning([]).chain((first) =>
  anyMeaning([first]).chain((second) =>
    anyMeaning([first, second]).chain((third) => {
      const lets = [first, second, third];
      return fc.record({
        lets: fc.constant(lets),
        where: fc.option(meaningsAbove(lets).boolean, { nil: undefined }),
      });
    }),
  ),
);

const readings: fc.Arbitrary<Reading[]> = fc.array(
  fc.record({
    site: fc.constantFrom('a', 'b'),
    unit: fc.constantFrom('1', '2'),
    // Out of order and at one time as well.
    atS: fc.nat({ max: 300 }),
    x: fc.option(fc.constantFrom(0, 1, 2.5, -7, 40)),
    y: fc.option(fc.constantFrom(0, 1, 3, 100)),
    d: fc.option(fc.boolean()),
    s: fc.option(fc.constantFrom('open', 'shut')),
  }),
  { minLength: 1, maxLength: 40 },
);

/** Each reading that passes, with the values of its lets: what is null is left out. */
function expectedOf({ lets, where }: MeantRule, all: readonly Reading[]): Record<string, FieldValue>[] {
  const learnt = new Map<string, unknown>();
  const named = new Map(lets.map((one, i) => [`l${i}`, one]));
  return all.flatMap((reading, n) => {
    const moment: Moment = { reading, values: new Map(), lets: named, learnt };
    if (where && where.of(moment) !== true) return [];
    const entries = lets.map((one, i) => [`l${i}`, one.of(moment)] as const);
    const present = entries.filter(([, value]) => value !== null) as [string, FieldValue][];
    return [{ n, ...Object.fromEntries(present) }];
  });
}

const startMs = 1_700_000_000_000;

function framesOf(all: readonly Reading[]): Frame[] {
  return all.map(({ site, unit, atS, ...values }, n) => ({
    source: 'mqtt',
    topic: `probe/${site}/${unit}`,
    payload: Buffer.from(JSON.stringify({ at: startMs / 1000 + atS, n, ...values })),
    arrivalMs: startMs + 400_000 + n,
  }));
}

function batchOf(frames: readonly Frame[]): Batch {
  const endMs = (frames.at(-1)?.arrivalMs ?? startMs) + 1;
  return { startMs: 0, endMs, spans: frames.length === 0 ? [] : [spanOf(frames)] };
}

function reopened(state: EngineState, plan: Plan): EngineState {
  const checkpoint = {
    batchEndMs: 0,
    position: { sequence: 0, frame: 0 },
    handshakes: [],
    state: save(state),
  };
  return load(createState(plan), decodeCheckpoint(encodeCheckpoint(checkpoint))!.state).state;
}

/** Points of the frames cut into batches there; after each the state is saved and taken up by a new engine. */
function pointsOf(makePlan: () => Plan, frames: readonly Frame[], cuts: readonly number[]): Point[] {
  let state = createState(makePlan());
  const points: Point[] = [];
  let from = 0;
  for (const cut of [...new Set(cuts), frames.length]
    .filter((c) => c <= frames.length)
    .sort((a, b) => a - b)) {
    const result = step(state, batchOf(frames.slice(from, cut)));
    points.push(...result.points);
    state = cut < frames.length ? reopened(result.state, makePlan()) : result.state;
    from = cut;
  }
  return [...points, ...finish(state).points];
}

function planFrom(rules: string): Plan {
  const { plan, problems } = compileText(rules, [probe]);
  assert.deepEqual(
    problems.map(({ message }) => message),
    [],
    rules,
  );
  return plan!;
}

function ruleOf({ lets, where }: MeantRule): string {
  const lines = lets.map((one, i) => `      l${i}: ${JSON.stringify(one.text)}\n`).join('');
  const condition = where ? `    where: ${JSON.stringify(where.text)}\n` : '';
  return `rules:\n  - name: r\n    from: probe\n    by: [site]\n    let:\n${lines}${condition}`;
}

test('property: columns with memory hold what each reading alone would be told, wherever batches are cut and restored', () => {
  fc.assert(
    fc.property(meantRule, readings, fc.array(fc.nat({ max: 40 }), { maxLength: 4 }), (rule, all, cuts) => {
      fc.pre([...rule.lets, ...(rule.where ? [rule.where] : [])].every(({ text }) => text.length < 2000));
      const text = ruleOf(rule);
      const points = pointsOf(() => planFrom(text), framesOf(all), cuts);
      const lets = points.map(({ fields: { x, y, d, s, ...rest } }) => rest);
      assert.deepEqual(lets.map(plusZero), expectedOf(rule, all).map(plusZero), text);
    }),
    { seed: 7, numRuns: 400 },
  );
});

/** -0 and 0 are one number to whoever writes rules. */
function plusZero(values: Record<string, FieldValue>): Record<string, FieldValue> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value === 0 ? 0 : value]));
}

function reading(x: number | null, site = 'a', unit = '1'): Reading {
  return { site, unit, atS: 0, x, y: null, d: null, s: null };
}

function letsOf(rules: string, all: readonly Reading[]): unknown[] {
  return pointsOf(() => planFrom(rules), framesOf(all), []).map(({ fields: { n, x, ...rest } }) => rest);
}

test('functions see the readings that pass, and all of them where `where` needs it', () => {
  const xs = [1, 1, 2, 2, 2, 3].map((x) => reading(x));
  assert.deepEqual(
    letsOf("rules: [{ name: r, from: probe, where: x != 2, let: { before: 'lag(x)' } }]", xs),
    [{}, { before: 1 }, { before: 1 }],
  );
  // Only changes: `where` compares with every reading, `older` is of the changes.
  const changes = `rules:
  - name: r
    from: probe
    let: { before: lag(x), older: lag(x + 0) }
    where: "!has(before) || x != before"
`;
  assert.deepEqual(letsOf(changes, xs), [{}, { before: 1, older: 1 }, { before: 2, older: 2 }]);
});

test('a key has one state, whichever device a reading is of', () => {
  const all = [reading(1, 'a', '1'), reading(2, 'a', '2'), reading(3, 'b', '1'), reading(4, 'a', '1')];
  assert.deepEqual(letsOf('rules: [{ name: r, from: probe, by: [site], let: { before: lag(x) } }]', all), [
    {},
    { before: 1 },
    {},
    { before: 2 },
  ]);
});

test('nulls are values to lag, and nothing to the other functions', () => {
  const all = [reading(4), reading(null), reading(8)];
  assert.deepEqual(
    letsOf("rules: [{ name: r, from: probe, let: { l: lag(x), e: 'ewma(x, 1m)', k: 'lag(x, 2)' } }]", all),
    [{ e: 4 }, { l: 4 }, { e: 6, k: 4 }],
  );
});

test('aggregates, alerts and messages take calls as well', () => {
  const rules = `rules:
  - name: w
    from: probe
    window: { tumbling: 10m }
    compute: { up: count(x > lag(x)), smooth: "max(ewma(x, 1m))", gap: max(x - lag(x)) }
  - name: r
    from: probe
    alert: [{ when: x > 2 * lag(x), message: "from {lag(x)} to {x}, {lag(x, 2):.1f} before", notify: log }]
`;
  const frames = framesOf([1, 2, 3, 7, 6].map((x) => reading(x)));
  const { state, alerts, points } = step(createState(planFrom(rules)), batchOf(frames));
  assert.deepEqual(
    alerts.map(({ message, state: is }) => [is, message]),
    [
      ['firing', 'from 3 to 7, 2.0 before'],
      ['ok', 'from 7 to 6, 3.0 before'],
    ],
  );
  assert.equal(points.length, 5);
  assert.deepEqual(
    finish(state).points.map(({ fields }) => fields),
    [{ up: 3, smooth: 3.8, gap: 4 }],
  );
});

test('what an edit does not touch goes on remembering', () => {
  const before = `rules: [{ name: r, from: probe, let: { twice: x * 2, l: lag(twice), m: "lag(x, 2)", e: "ewma(x, 60s)" } }]`;
  const edits: Readonly<Record<string, object>> = {
    [before]: { l: 4, m: 1, e: 2 },
    // The spelling of a call does not matter, nor who uses it.
    'rules: [{ name: r, from: probe, let: { e: "ewma( x,1m )", l: lag(x * 2), m: "lag(x,2)" }, where: x > 0 }]':
      { m: 1, e: 2 },
    'rules: [{ name: r, from: probe, let: { twice: "x*2", l: "lag(twice)", m: "lag(x, 3)" } }]': { l: 4 },
    'rules: [{ name: r, from: probe, let: { twice: x * 3, l: lag(twice), m: "lag(x, 2)" } }]': { m: 1 },
    'rules: [{ name: r, from: probe, let: { e: "ewma(x, 61s)" } }]': { e: 3 },
  };
  const frames = framesOf([1, 2, 3].map((x) => reading(x)));
  for (const [after, expected] of Object.entries(edits)) {
    const { state } = step(createState(planFrom(before)), batchOf(frames.slice(0, 2)));
    const { state: next, reset } = load(createState(planFrom(after)), structuredClone(save(state)));
    assert.deepEqual(reset, []);
    const [point] = step(next, batchOf(frames.slice(2))).points;
    const { n, x, twice, ...rest } = point!.fields;
    assert.deepEqual(rest, expected, after);
  }
});
