/** Every reading has one fate, whatever the rules, and wherever batches are cut, the gateway is restarted or edited. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accountsOf, totalOf } from '../core/fates.ts';
import { spanOf } from '../core/frame.ts';
import { forwardLine, quietJournal } from '../core/testing.ts';
import type { Frame } from '../core/types.ts';
import type { Plan } from '../rules/plan.ts';
import { compileText, deviceOf } from '../rules/testing.ts';
import {
  createState,
  type EngineState,
  finish,
  load,
  replan,
  save,
  statusOf,
  step,
  stepInTurns,
} from './engine.ts';

const room = deviceOf(`device: room
topic: room/{room}
codec: json
each: r[*]
time: { path: at, format: unix_ms }
fields: { t: { path: t, range: [-50, 150], outside: drop } }
lateness: 10s
idle_after: 40s
`);
/** Timed by its arrival: nothing is late, and nothing a duplicate. */
const hall = deviceOf(`device: hall
topic: hall/{room}
codec: json
fields: { t: { path: t } }
lateness: 0s
idle_after: 40s
`);

const windows = [
  '{ tumbling: 1m }',
  '{ tumbling: 1m, offset: 7s }',
  '{ sliding: 1m, every: 10s }',
  '{ sliding: 100s, every: 7s }',
  '{ sliding: 2m, every: 5s }',
  '{ calendar: "*/3 * * * *", zone: UTC }',
  '{ session: 8s }',
  '{ session: 8s, max: 30s }',
  '{ session: 8s, max: 9s }',
  '{ count: 5 }',
  '{ count: 6, every: 4 }',
];
const timings = ['', ', emit: 20s', ', late: revise, keep: 2m', ', late: revise, keep: 20s'];

/** One rule of every kind that goes together, over one or both devices. */
const rules = fc.record({
  window: fc.constantFrom(undefined, ...windows),
  timing: fc.constantFrom(...timings),
  from: fc.constantFrom('room', '[room, hall]'),
  where: fc.constantFrom(undefined, 't < 80', 't < 80 && lag(t) > 10'),
  by: fc.constantFrom('[]', '[room]'),
  computesCount: fc.boolean(),
  forward: fc.constantFrom(undefined, 'false', '{ on_change: 5 }'),
});
type Written = typeof rules extends fc.Arbitrary<infer R> ? R : never;

function yamlOf(name: string, rule: Written): string {
  const { window, timing, from, where, by, computesCount, forward } = rule;
  const isTimed = window !== undefined && !/session|count/.test(window);
  const shape = window?.replace(' }', `${isTimed || !timing.includes('revise') ? timing : ''} }`);
  const computes = computesCount ? '{ n: count(), most: max(t) }' : '{ most: max(t) }';
  return [
    `  - name: ${name}`,
    `    from: ${from}`,
    ...(where === undefined ? [] : [`    where: ${where}`]),
    `    by: ${by}`,
    ...(shape === undefined ? [] : [`    window: ${shape}`, `    compute: ${computes}`]),
    ...(forward === undefined || (forward !== 'false' && shape !== undefined)
      ? []
      : [`    forward: ${forward}`]),
    `    alert: [{ when: ${shape === undefined ? 't' : 'most'} > 60, message: hot }]`,
  ].join('\n');
}

/** `limit`: of each rule's keys. A third rule reads the first one where that has results. */
function planOf(written: readonly Written[], limit: number): Plan {
  const own = written.map((rule, i) => yamlOf(`r${i}`, rule));
  const reader = '  - { name: reader, from: rule:r0, window: { tumbling: 2m }, compute: { n: max(most) } }';
  const isRead = written[0]!.window !== undefined && written[0]!.by === '[]';
  const text = `rules:\n${[...own, ...(isRead ? [reader] : [])].join('\n')}\n`;
  const { plan, problems } = compileText(text, [room, hall]);
  assert.deepEqual(
    problems.map(({ message }) => `${message}\n${text}`),
    [],
  );
  return { ...plan!, rules: plan!.rules.map((rule) => ({ ...rule, seriesLimit: limit })) };
}

const readings = fc.record({
  name: fc.nat(3),
  lateMs: fc.oneof({ weight: 4, arbitrary: fc.nat(9000) }, fc.nat(300_000), fc.constant(-60_000)),
  t: fc.oneof({ weight: 6, arbitrary: fc.nat(100) }, fc.constantFrom<unknown>(200, 'warm', null)),
  hasTime: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
});
type Reading = typeof readings extends fc.Arbitrary<infer R> ? R : never;

const arrivals = fc.array(
  fc.record({
    pauseMs: fc.oneof({ weight: 5, arbitrary: fc.nat(8000) }, fc.nat(200_000)),
    kind: fc.constantFrom('room', 'room', 'room', 'hall', 'again', 'unknown', 'garbage', 'none'),
    inside: fc.array(readings, { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 50 },
);

const startMs = Date.UTC(2026, 0, 5);

interface Sent {
  readonly frames: Frame[];
  /** Readings in them, by device; what cannot be read counts as one. */
  readonly room: number;
  readonly hall: number;
  readonly unrouted: number;
}

function framesOf(all: readonly (typeof arrivals extends fc.Arbitrary<(infer A)[]> ? A : never)[]): Sent {
  let arrivalMs = startMs;
  let before: Buffer = Buffer.from('{"r":[]}');
  const sent = { frames: [] as Frame[], room: 0, hall: 0, unrouted: 0 };
  let readingsBefore = 0;
  for (const { pauseMs, kind, inside } of all) {
    arrivalMs += pauseMs;
    const { name } = inside[0]!;
    const give = (topic: string, payload: Buffer): void => {
      sent.frames.push({ source: 'mqtt', topic, payload, arrivalMs });
    };
    if (kind === 'room') {
      before = payloadOf(inside, arrivalMs);
      readingsBefore = inside.length;
    }
    switch (kind) {
      case 'room':
      case 'again':
        give(`room/${name}`, before);
        sent.room += readingsBefore;
        break;
      case 'hall':
        give(`hall/${name}`, Buffer.from(JSON.stringify({ t: inside[0]!.t })));
        sent.hall += 1;
        break;
      case 'unknown':
        give(`attic/${name}`, before);
        sent.unrouted += 1;
        break;
      case 'garbage':
        give(`room/${name}`, Buffer.from('{'));
        sent.room += 1;
        break;
      case 'none':
        give(`room/${name}`, Buffer.from('{"r":[]}'));
    }
  }
  return sent;
}

function payloadOf(inside: readonly Reading[], arrivalMs: number): Buffer {
  const rows = inside.map(({ lateMs, t, hasTime }) => ({ ...(hasTime && { at: arrivalMs - lateMs }), t }));
  return Buffer.from(JSON.stringify({ r: rows }));
}

/** After these frames a batch ends, and then this happens. */
const cuts = fc.array(
  fc.record({
    after: fc.nat(49),
    event: fc.constantFrom('nothing', 'restart', 'crash', 'edit', 'same plan'),
  }),
  { maxLength: 8 },
);
type Cuts = typeof cuts extends fc.Arbitrary<infer C> ? C : never;

/** Nothing is missing anywhere; gives what the accounts of a place come to. */
function balance(state: EngineState, sent: readonly Frame[]) {
  const status = { ...statusOf(state), journal: quietJournal, forward: forwardLine() };
  const accounts = accountsOf(status);
  for (const account of accounts) assert.equal(account.missing, 0, JSON.stringify(account));
  const frames = totalOf(accounts, 'frames');
  assert.equal(frames.taken, sent.length);
  return { status, frames };
}

/** Plays frames in batches; `edited` takes over at each edit, and the first plan again at the next one. */
function play(plan: Plan, edited: Plan, { frames }: Sent, at: Cuts): EngineState {
  let state = createState(plan);
  let running = plan;
  let saved = structuredClone(save(state));
  let savedAfter = 0;
  const edges = [...at, { after: frames.length, event: 'nothing' as const }]
    .filter(({ after }) => after <= frames.length)
    .sort((a, b) => a.after - b.after);
  let from = 0;
  const run = (start: number, end: number): void => {
    const batch = frames.slice(start, end);
    if (batch.length === 0) return;
    state = step(state, { startMs: 0, endMs: batch.at(-1)!.arrivalMs, spans: [spanOf(batch)] }).state;
  };
  for (const { after, event } of edges) {
    run(from, after);
    from = after;
    balance(state, frames.slice(0, after));
    if (event === 'crash') {
      state = load(createState(running), structuredClone(saved)).state;
      run(savedAfter, after);
    } else if (event === 'edit' || event === 'same plan') {
      if (event === 'edit') running = running === plan ? edited : plan;
      state = replan(state, running).state;
    } else if (event === 'restart') {
      state = load(createState(running), structuredClone(save(state))).state;
    }
    if (event !== 'nothing') {
      saved = structuredClone(save(state));
      savedAfter = after;
    }
    balance(state, frames.slice(0, after));
  }
  return state;
}

const pairs = fc.tuple(rules, rules);

test('every frame, every reading of a device and every reading of a rule has one fate at every cut', () => {
  fc.assert(
    fc.property(
      pairs,
      pairs,
      fc.constantFrom(1, 2, 1000),
      arrivals,
      cuts,
      (first, second, limit, all, at) => {
        const sent = framesOf(all);
        const state = play(planOf(first, limit), planOf(second, limit), sent, at);
        const { status, frames } = balance(state, sent.frames);
        assert.equal(frames.fates.unrouted, sent.unrouted);
        assert.deepEqual(
          status.devices.map(({ received }) => received),
          [sent.room, sent.hall],
        );
        finish(state);
        const after = balance(state, sent.frames).status;
        for (const [i, { window }] of [...state.plan.rules].entries()) {
          if (window?.kind !== 'count') assert.equal(after.rules[i]!.inWindows, 0);
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('the counts are the same however batches are cut and however often it is restarted', () => {
  const noEdits = cuts.map((all) =>
    all.map((cut) => (cut.event === 'edit' ? { ...cut, event: 'crash' as const } : cut)),
  );
  fc.assert(
    fc.property(pairs, arrivals, noEdits, (written, all, at) => {
      const plan = planOf(written, 2);
      const sent = framesOf(all);
      const { devices, rules: lines, fates } = statusOf(play(plan, plan, sent, at));
      const wholly = statusOf(play(plan, plan, sent, []));
      const counted = (line: object) => ({
        ...line,
        lastArrivalMs: 0,
        openWindows: 0,
        revised: 0,
        points: 0,
      });
      assert.deepEqual(lines.map(counted), wholly.rules.map(counted));
      assert.deepEqual(devices.map(counted), wholly.devices.map(counted));
      assert.deepEqual({ ...fates, points: 0 }, { ...wholly.fates, points: 0 });
    }),
    { numRuns: 200 },
  );
});

test('a batch taken in turns gives the same results, and everything adds up at each rest', async () => {
  await fc.assert(
    fc.asyncProperty(pairs, arrivals, async (written, all) => {
      const plan = planOf(written, 2);
      const { frames } = framesOf(all);
      const batch = { startMs: 0, endMs: frames.at(-1)!.arrivalMs + 1 };
      const wholly = step(createState(plan), { ...batch, spans: [spanOf(frames)] });
      const state = createState(plan);
      let taken = 0;
      const rest = async (): Promise<void> => {
        taken += 1;
        await undefined;
        balance(state, frames.slice(0, taken));
      };
      const spans = frames.map((frame) => spanOf([frame]));
      const inTurns = await stepInTurns(state, { ...batch, spans }, rest);
      // Two devices' results of one batch may come in another order.
      for (const kind of ['points', 'alerts', 'setAside'] as const)
        assert.deepEqual(inTurns[kind].map(textOf).toSorted(), wholly[kind].map(textOf).toSorted());
    }),
    { numRuns: 200 },
  );
});

const textOf = (one: object): string => JSON.stringify(one);
