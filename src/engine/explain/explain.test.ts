import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanOf } from '../../core/frame.ts';
import type { Frame } from '../../core/types.ts';
import type { Plan } from '../../rules/plan.ts';
import { compileText } from '../../rules/testing.ts';
import { createState, type EngineState, load, replan, save, step } from '../engine.ts';
import { at, minutes, planOf, reading, room } from '../rule-testing.ts';
import { explainRule, ruleOf } from './explain.ts';

const start = at('2026-01-05T06:00:00Z');

function fed(plan: Plan, frames: readonly Frame[], untilMs: number): EngineState {
  return step(createState(plan), { startMs: 0, endMs: untilMs, spans: [spanOf(frames)] }).state;
}

const every10s = (values: readonly number[], name = 'a'): Frame[] =>
  values.map((t, i) => reading(start + i * 10_000, t, name));

const explainFirst = (state: EngineState, nowMs: number, keys: readonly number[] = [0]) =>
  explainRule(state, ruleOf(state, 'r')!, keys, nowMs);

const warm = `    where: t > -50
    window: { tumbling: 1m }
    compute: { warmest: max(t), n: count() }
    alert:
      - { when: warmest > 5 && n > 3, clear: warmest < 3, repeat: 1h }
`;

test('an open window: what is computed so far, and when it closes', () => {
  const state = fed(planOf(warm), every10s([1, 2, 3]), start + 30_000);
  const { key } = explainFirst(state, start + 30_000);
  assert.deepEqual(key!.windows, [
    {
      startMs: start,
      endMs: start + minutes(1),
      values: { warmest: 3, n: 3 },
      closesWithMs: start + 90_000,
      closesAtMs: start + 90_000,
    },
  ]);
  assert.equal(key!.watermarkMs, start + 20_000 - 30_000);
  assert.deepEqual(key!.lastReading!.values, { t: 3 });
  assert.deepEqual(key!.alerts[0]!.when.parts, []);
});

test('a condition in its parts, pending, then firing', () => {
  const pending = fed(
    planOf(warm),
    every10s([6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7].slice(0, 10)),
    start + 100_000,
  );
  const [alert] = explainFirst(pending, start + 100_000).key!.alerts;
  assert.equal(alert!.state, 'firing');
  assert.deepEqual(alert!.when, {
    text: 'warmest > 5 && n > 3',
    holds: true,
    parts: [
      { text: 'warmest 6 > 5', values: { warmest: 6 }, holds: true },
      { text: 'n 6 > 3', values: { n: 6 }, holds: true },
    ],
  });
  assert.deepEqual(alert!.clear!.parts[0], { text: 'warmest 6 < 3', values: { warmest: 6 }, holds: false });
  assert.equal(alert!.nextReminderMs, start + 90_000 + minutes(60));

  const longer = planOf(warm.replace('repeat', 'for: 2m, repeat'));
  const [waiting] = explainFirst(fed(longer, every10s(Array(10).fill(6)), start + 100_000), start + 100_000)
    .key!.alerts;
  assert.equal(waiting!.state, 'pending');
  assert.deepEqual(
    [waiting!.sinceMs, waiting!.firesWithMs, waiting!.firesAtMs],
    [start, start + minutes(2), undefined],
  );
});

test('each severity has fired since its own time; changes that are long ago do not count as flapping', () => {
  const plan = planOf(`    alert:
      - { when: t > 5, flapping: { changes: 4, within: 40s } }
      - { severity: critical, when: t > 8, for: 20s }
`);
  const alertsAfter = (values: readonly number[], passedMs = 0) => {
    const endMs = start + (values.length - 1) * 10_000 + passedMs;
    return explainFirst(fed(plan, every10s(values), endMs), endMs).key!.alerts;
  };
  const [warning, critical] = alertsAfter([1, 6, 9, 9, 9]);
  assert.deepEqual([warning!.sinceMs, warning!.isOutdone], [start + 10_000, true]);
  assert.deepEqual([critical!.sinceMs, critical!.firedAtMs], [start + 40_000, start + 10_000]);
  assert.equal(alertsAfter([1, 6, 1])[0]!.flapping!.seen, 2);
  assert.equal(alertsAfter([1, 6, 1], 35_000)[0]!.flapping!.seen, 1);
  const [held] = alertsAfter([6, 1, 6, 1]);
  assert.deepEqual(held!.flapping, {
    ...{ changes: 4, withinMs: 40_000, seen: 4, isFlapping: true, untilMs: start + 40_000 },
  });
});

test('a reading that `where` refuses is shown with the reason', () => {
  const state = fed(planOf(warm), [...every10s([1]), reading(start + 10_000, -60)], start + 20_000);
  const { key, counts } = explainFirst(state, start + 20_000);
  assert.deepEqual(key!.lastReading!.where, {
    text: 't > -50',
    holds: false,
    parts: [{ text: 't -60 > -50', values: { t: -60 }, holds: false }],
  });
  assert.equal(counts.filtered, 1);
});

test('functions with memory have the values they were judged by', () => {
  const plan = planOf(`    let: { before: lag(t) }
    alert: [{ when: "t - before > 2 && lag(t, 2) > 0" }]
`);
  const { key } = explainFirst(fed(plan, every10s([1, 2, 5]), start + 30_000), start + 30_000);
  assert.deepEqual(key!.lastReading!.values, { t: 5, before: 2 });
  assert.deepEqual(
    key!.alerts[0]!.when.parts.map(({ text, holds }) => `${text}: ${holds}`),
    ['t 5 - before 2 > 2: true', 'lag(t, 2) 1 > 0: true'],
  );
});

test('windows by count and session in their own terms', () => {
  const counted = planOf(`    window: { count: 5, every: 2 }
    compute: { mean: avg(t) }
`);
  const readingsOf = (n: number) => {
    const [open] = explainFirst(fed(counted, every10s(Array(n).fill(1)), start + minutes(5)), start).key!
      .windows;
    return [open!.readings, open!.missing];
  };
  assert.deepEqual(
    [readingsOf(3), readingsOf(5), readingsOf(6)],
    [
      [3, 2],
      [3, 2],
      [4, 1],
    ],
  );

  const session = planOf(`    window: { session: 1m }
    compute: { mean: avg(t) }
`);
  const [open] = explainFirst(fed(session, every10s([1, 2]), start + 20_000), start).key!.windows;
  assert.deepEqual(
    [open!.startMs, open!.endMs, open!.closesWithMs],
    [start, start + 70_000, start + 100_000],
  );
});

test('a rule that reads a rule: what it waits for, and whose readings they are', () => {
  const texts = `rules:
  - { name: up, from: room, window: { tumbling: 1m }, compute: { m: max(t) } }
  - { name: r, from: "rule:up", by: [], window: { tumbling: 2m }, compute: { most: max(m) } }
`;
  const { plan, problems } = compileText(texts, [room]);
  assert.deepEqual(problems, []);
  const frames = [...every10s([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), reading(start + minutes(1), 1, 'b')];
  const said = explainFirst(fed(plan!, frames, start + 100_000), start + 100_000);
  assert.deepEqual(
    said.inputs.map(({ name, reads }) => [name, reads!.map((one) => one.name)]),
    [['rule:up', ['room']]],
  );
  const [open] = said.key!.windows;
  assert.deepEqual(open!.values, { most: 6 });
  assert.deepEqual(open!.waitsFor, { rule: 'up', untilMs: start + minutes(2) });
});

test('a table of the keys heard last', () => {
  const frames = Array.from({ length: 25 }, (_, i) => reading(start + i * 1000, i, `room-${i}`));
  const state = fed(planOf('    alert: [{ when: t > 23 }]\n'), frames, start + 30_000);
  const all = Array.from({ length: 25 }, (_, key) => key);
  const { keys, key } = explainFirst(state, start + 30_000, all);
  assert.equal(key, undefined);
  assert.equal(keys!.shown.length, 20);
  assert.equal(keys!.more, 5);
  assert.deepEqual(keys!.shown[0], {
    key: { room: 'room-24' },
    state: 'firing',
    severity: 'warning',
    lastArrivalMs: start + 24_000,
  });
});

test('silence: last heard, and when it is silent', () => {
  const plan = planOf('    silent: true\n');
  const state = fed(plan, every10s([1]), start + minutes(1));
  assert.deepEqual(explainFirst(state, start).key!.silence, {
    afterMs: minutes(5),
    severity: 'warning',
    isSilent: false,
    heardMs: start,
    silentAtMs: start + minutes(5),
  });
  const later = step(state, { startMs: 0, endMs: start + minutes(6), spans: [] }).state;
  const { isSilent, message, firedAtMs } = explainFirst(later, start + minutes(6)).key!.silence!;
  assert.deepEqual([isSilent, typeof message, firedAtMs], [true, 'string', start + minutes(5)]);
});

test('to look changes nothing, whatever the window', () => {
  const windows = [
    '{ tumbling: 1m }',
    '{ sliding: 1m, every: 10s }',
    '{ session: 15s, max: 1m }',
    '{ count: 4, every: 2 }',
    '{ tumbling: 1m, late: revise, emit: 20s }',
    '{ tumbling: 30s, watermark: global }',
  ];
  const times = [0, 1, 2, 5, 4, 3, 7, 9, 8, 12, 20, 19, 30];
  for (const window of windows) {
    const plan = () =>
      planOf(`    window: ${window}
    compute: { m: median(t), n: count(), up: "n > lag(n)", k: distinct(t) }
    alert: [{ when: up && prev.n > 0 || m > 5, clear: n < 2, for: 3m }]
`);
    const told = (looks: boolean) => {
      let state = createState(plan());
      const results: unknown[] = [];
      for (const [i, time] of times.entries()) {
        const arrivalMs = start + i * 10_000;
        const frames = [
          reading(
            start + time * 10_000,
            time,
            i % 3 === 0 ? 'b' : 'a',
            Math.max(arrivalMs, start + time * 10_000),
          ),
        ];
        const {
          points,
          alerts,
          state: next,
        } = step(state, { startMs: 0, endMs: start + 400_000 * (i + 1), spans: [spanOf(frames)] });
        results.push(points, alerts);
        state = next;
        if (looks)
          for (let key = 0; key < ruleOf(state, 'r')!.table.size; key++)
            explainFirst(state, arrivalMs, [key]);
      }
      return [results, save(state).rules];
    };
    assert.deepEqual(told(true), told(false), window);
  }
});

test('after a reload the last readings and results are still known; after a restart what the state holds', () => {
  const frames = every10s([6, 6, 6, 6, 6, 6, 6, 6, 6, 6]);
  const state = fed(planOf(warm), frames, start + 100_000);
  const before = explainFirst(state, start + 100_000).key!;
  const reloaded = replan(state, planOf(warm.replace('warmest > 5', 'warmest > 4'))).state;
  const after = explainFirst(reloaded, start + 100_000).key!;
  assert.deepEqual([after.lastReading, after.lastResult], [before.lastReading, before.lastResult]);
  assert.equal(after.alerts[0]!.when.parts[0]!.text, 'warmest 6 > 4');

  const restarted = load(createState(planOf(warm)), structuredClone(save(reloaded))).state;
  const { lastReading, lastArrivalMs, lastResult, alerts, windows } = explainFirst(restarted, start).key!;
  assert.deepEqual([lastReading, lastResult, alerts[0]!.state], [undefined, undefined, 'firing']);
  assert.deepEqual([lastArrivalMs, windows], [before.lastArrivalMs, before.windows]);
});

test('after a reload the readings that a rule without a window judged are still known', () => {
  const plain = '    let: { k: t + 1 }\n    alert: [{ when: k > 5 }]\n';
  const now = start + 60_000;
  const state = fed(planOf(plain), every10s([1, 6]), now);
  const partOf = (text: string) => {
    const { key } = explainFirst(replan(state, planOf(text)).state, now);
    return key!.alerts[0]!.when.parts[0]?.text;
  };
  assert.equal(partOf(plain.replace('> 5', '> 4')), 'k 7 > 4');
  assert.equal(partOf(plain.replaceAll('k', 'kk')), undefined);
});

test('all that is said survives JSON', () => {
  const state = fed(planOf(warm), every10s([1, 2, 3]), start + 30_000);
  const said = explainFirst(state, start + 30_000);
  assert.deepEqual(JSON.parse(JSON.stringify(said)), said);
});
