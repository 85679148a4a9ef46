import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '../../core/types.ts';
import { type AlertLevel, type AlertStates, createAlertStates } from './alert-state.ts';

const warning: AlertLevel = { severity: 'warning', forMs: 0, notify: ['floor'] };
const critical: AlertLevel = { severity: 'critical', forMs: 120_000, notify: ['ops'] };

function machine(
  levels: readonly AlertLevel[],
  firesByTime = false,
): { states: AlertStates; given: Alert[] } {
  const given: Alert[] = [];
  const states = createAlertStates({
    rule: 'bus-load',
    levels,
    tagsOf: (key) => ({ vehicle: `bus-${key}` }),
    give: (alert) => given.push(alert),
    firesByTime,
  });
  return { states, given };
}

/** A minute's window ending at `minute`, judged by each level. */
function judge(states: AlertStates, minute: number, when: number[], clear = when.map((x) => 1 - x)): void {
  states.judge(1, {
    when,
    clear,
    sinceMs: (minute - 1) * 60_000,
    atMs: minute * 60_000,
    arrivalMs: minute * 60_000,
    message: (level) => `level ${level} at ${minute}`,
    values: () => ({ share: minute }),
  });
}

const story = (given: readonly Alert[]): string[] =>
  given.map(({ atMs, severity, state }) => `${atMs / 60_000} ${severity} ${state}`);

test('fires once, clears once', () => {
  const { states, given } = machine([warning]);
  for (const [minute, holds] of [0, 1, 1, 1, 0, 0].entries()) judge(states, minute + 1, [holds]);
  assert.deepEqual(story(given), ['2 warning firing', '5 warning ok']);
  assert.equal(given[0]!.episode, given[1]!.episode);
  assert.notEqual(given[0]!.id, given[1]!.id);
  assert.equal(given[1]!.firedAtMs, 120_000);
});

test('`for` counts from the start of the first window that holds', () => {
  const { states, given } = machine([critical]);
  judge(states, 3, [1]);
  assert.equal(given.length, 0);
  judge(states, 4, [1]);
  assert.deepEqual(story(given), ['4 critical firing']);
});

test('one window that does not hold starts `for` anew', () => {
  const { states, given } = machine([critical]);
  for (const [minute, holds] of [1, 0, 1, 0, 1, 1].entries()) judge(states, minute + 1, [holds]);
  assert.deepEqual(story(given), ['6 critical firing']);
});

test('between `when` and `clear` it stays as it is', () => {
  const { states, given } = machine([warning]);
  judge(states, 1, [0], [0]);
  judge(states, 2, [1], [0]);
  judge(states, 3, [0], [0]);
  judge(states, 4, [0], [1]);
  assert.deepEqual(story(given), ['2 warning firing', '4 warning ok']);
});

test('a missing value neither fires nor clears', () => {
  const { states, given } = machine([warning]);
  const unknown = Number.NaN;
  judge(states, 1, [unknown], [unknown]);
  judge(states, 2, [1], [0]);
  judge(states, 3, [unknown], [unknown]);
  assert.deepEqual(story(given), ['2 warning firing']);
});

test('only the highest severity counts; a change of it is one alert', () => {
  const { states, given } = machine([critical, warning]);
  judge(states, 1, [1, 1]);
  judge(states, 2, [1, 1]);
  judge(states, 3, [0, 1]);
  judge(states, 4, [0, 0]);
  assert.deepEqual(story(given), [
    '1 warning firing',
    '2 critical firing',
    '3 warning firing',
    '4 warning ok',
  ]);
  assert.equal(new Set(given.map(({ episode }) => episode)).size, 1);
  assert.equal(new Set(given.map(({ id }) => id)).size, 4);
  // Whoever was told of the alert is told of its end.
  assert.deepEqual(given.at(-1)!.notify, ['floor', 'ops']);
});

test('ids follow from what happened alone', () => {
  const [a, b] = [machine([warning]), machine([warning])];
  for (const { states } of [a, b]) judge(states, 1, [1]);
  assert.deepEqual(a.given, b.given);
});

test('a pending alert of single readings fires by the passing of time', () => {
  const { states, given } = machine([{ ...critical, forMs: 30_000 }], true);
  states.judge(1, {
    when: [1],
    clear: [0],
    sinceMs: 60_000,
    atMs: 60_000,
    arrivalMs: 61_000,
    message: () => 'door open',
    values: () => ({}),
  });
  assert.equal(states.quietUntilMs(), 91_000);
  states.pass(90_999);
  assert.equal(given.length, 0);
  states.pass(91_000);
  assert.equal(given[0]!.atMs, 90_000);
  assert.equal(given[0]!.message, 'door open');
});

test('state survives a checkpoint and an edit of severities', () => {
  const before = machine([critical, warning]);
  judge(before.states, 1, [1, 1]);
  const after = machine([warning, { ...critical, forMs: 60_000 }, { ...warning, severity: 'info' }]);
  after.states.load(structuredClone(before.states.save()));
  judge(after.states, 2, [1, 1, 1]);
  assert.deepEqual(story(after.given), ['2 critical firing']);
  assert.equal(after.given[0]!.episode, before.given[0]!.episode);
});

test('an alert whose severity is edited while it fires goes on: the change is told at the next result', () => {
  const before = machine([warning]);
  judge(before.states, 1, [1]);
  const after = machine([critical]);
  after.states.load(structuredClone(before.states.save()));
  assert.equal(after.states.firing().next().value?.severity, 'warning');
  const again = machine([critical]);
  again.states.load(structuredClone(after.states.save()));
  judge(again.states, 2, [1]);
  judge(again.states, 3, [1]);
  judge(again.states, 4, [0]);
  assert.deepEqual(story(again.given), ['2 critical firing', '4 critical ok']);
  assert.deepEqual(new Set(again.given.map(({ episode }) => episode)), new Set([before.given[0]!.episode]));
  assert.deepEqual(again.given[1]!.notify, ['floor', 'ops']);
});

test('a severity that is taken out while it fires is told as what is left of it, or as ok', () => {
  for (const [holds, told] of [
    [1, '2 warning firing'],
    [0, '2 critical ok'],
  ] as const) {
    const before = machine([warning, { ...critical, forMs: 0 }]);
    judge(before.states, 1, [holds, 1]);
    const after = machine([{ ...warning, repeatMs: 30_000 }]);
    after.states.load(structuredClone(before.states.save()));
    after.states.pass(90_000);
    judge(after.states, 2, [holds]);
    assert.deepEqual(story(after.given), ['1.5 critical firing', told]);
    assert.equal(after.given[0]!.episode, before.given[0]!.episode);
  }
});

test('keys that are quietly ok take no room', () => {
  const { states } = machine([warning]);
  judge(states, 1, [1]);
  judge(states, 2, [0]);
  assert.deepEqual(states.save().keys, []);
});

test('episodes of one key that begin at the same time, or out of order, have ids of their own, over a restart too', () => {
  const { states, given } = machine([warning]);
  for (const minute of [1, 2, 2, 1]) {
    judge(states, minute, [1]);
    judge(states, minute, [0]);
  }
  const restored = machine([warning]);
  restored.states.load(structuredClone(states.save()));
  judge(restored.states, 3, [1]);
  judge(restored.states, 3, [0]);
  judge(restored.states, 2, [1]);
  const ids = [...given, ...restored.given].map(({ id }) => id);
  assert.equal(new Set(ids).size, 11);
});
