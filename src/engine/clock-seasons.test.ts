/** Whole rules across the nights in which clocks change, and devices whose own clocks are wrong. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '../core/types.ts';
import { compileText, deviceOf } from '../rules/testing.ts';
import { at, minutes, type Running, running } from './rule-testing.ts';

const hour = 3_600_000;

const meter = deviceOf(`device: meter
topic: meter/{name}
codec: json
time: { path: at, format: unix_ms }
fields: { t: { path: t } }
lateness: 0s
idle_after: 1m
`);

function site(rules: string): Running {
  const compiled = compileText(`rules:\n${rules}`, [meter]);
  assert.deepEqual(compiled.problems, []);
  return running(compiled.plan!);
}

function reading(name: string, ms: number, t: number, arrivalMs = ms): Frame {
  return {
    source: 'mqtt',
    topic: `meter/${name}`,
    payload: Buffer.from(JSON.stringify({ at: ms, t })),
    arrivalMs,
  };
}

const shifts = `  - name: shift
    from: meter
    by: [name]
    window: { calendar: "0 6,14,22 * * *", zone: Europe/Helsinki }
    compute: { n: count() }
  - name: day
    from: meter
    by: [name]
    window: { calendar: "0 0 * * *", zone: Europe/Helsinki }
    compute: { n: count() }
  - name: hot
    from: meter
    by: [name]
    active: { cron: "* 22-23,0-5 * * *", zone: Europe/Helsinki }
    alert:
      - { when: t > 0, severity: warning, message: hot, notify: [log] }
`;

/** A reading each minute, from noon of the day before to noon of the day after. */
function nights(from: string, to: string): Running {
  const one = site(shifts);
  for (let ms = at(from); ms <= at(to); ms += minutes(1)) one.feed([reading('a', ms, 1)]);
  return one;
}

const rows = ({ told }: Running, name: string): string[] =>
  told.points
    .filter(({ measurement }) => measurement === name)
    .map(({ timeMs, fields }) => `${new Date(timeMs).toISOString().slice(5, 16)} ${fields.n}`);

test('clocks go forward: each shift and each day is one window, of 23 hours where it is', () => {
  // 2026-03-29 03:00 +02 becomes 04:00 +03.
  const one = nights('2026-03-28T10:00:00Z', '2026-03-30T10:00:00Z');
  assert.deepEqual(rows(one, 'shift'), [
    '03-28T12:00 120',
    '03-28T20:00 480',
    '03-29T03:00 420',
    '03-29T11:00 480',
    '03-29T19:00 480',
    '03-30T03:00 480',
  ]);
  assert.deepEqual(rows(one, 'day'), ['03-28T22:00 720', '03-29T21:00 1380']);
  const { told } = one;
  assert.deepEqual(
    told.alerts.map(({ state, atMs }) => `${state} ${new Date(atMs).toISOString().slice(5, 16)}`),
    ['firing 03-28T20:00'],
    'once, in the first active minute',
  );
});

test('clocks go back: each shift and each day is one window, of 25 hours where it is', () => {
  // 2026-10-25 04:00 +03 becomes 03:00 +02.
  const one = nights('2026-10-24T09:00:00Z', '2026-10-26T10:00:00Z');
  assert.deepEqual(rows(one, 'shift'), [
    '10-24T11:00 120',
    '10-24T19:00 480',
    '10-25T04:00 540',
    '10-25T12:00 480',
    '10-25T20:00 480',
    '10-26T04:00 480',
  ]);
  assert.deepEqual(rows(one, 'day'), ['10-24T21:00 720', '10-25T22:00 1500']);
});

const perMinute = `  - name: r
    from: meter
    by: [name]
    window: { tumbling: 1m }
    compute: { n: count() }
`;

/** Two devices, each second; one of them has a clock of its own mind. Gives the points of the other. */
function beside(wrongTime: (s: number, arrivalMs: number) => number | undefined) {
  const one = site(perMinute);
  const startMs = at('2026-03-02T10:00:00Z');
  for (let s = 0; s < 300; s++) {
    const arrivalMs = startMs + s * 1000;
    const wrongMs = wrongTime(s, arrivalMs);
    if (wrongMs !== undefined) one.feed([reading('wrong', wrongMs, s, arrivalMs)]);
    one.feed([reading('right', arrivalMs, s)], arrivalMs + 1);
  }
  const of = (name: string): string[] =>
    one.told.points
      .filter(({ tags }) => tags.name === name)
      .map(({ timeMs, fields }) => `${new Date(timeMs).toISOString().slice(5, 16)} ${fields.n}`);
  const [device] = one.state().devices;
  const [rule] = one.state().rules;
  return { right: of('right'), wrong: of('wrong'), device: device!.decoder.status(), rule: rule!.status() };
}

test('a device with a wrong clock is counted, and nobody else notices', () => {
  const alone = beside(() => undefined).right;
  assert.equal(alone.length, 4);

  const ahead = beside((_, ms) => ms + hour);
  assert.equal(ahead.device.setAside, 300);
  assert.deepEqual(ahead.device.reasons, { 'ahead of time': 300 });

  const stuck = beside(() => at('2026-03-01T00:00:00Z'));
  assert.equal(stuck.device.duplicates, 299, 'the same time, again and again');

  const behind = beside((s) => at('2019-03-01T00:00:00Z') + s * 1000);
  assert.equal(behind.device.setAside, 0);
  assert.equal(behind.wrong.length, 4, 'years behind, and on time by its own clock');

  const never = beside((s) => 1000 * s);
  assert.deepEqual(never.device.reasons, { 'clock not set': 300 });

  for (const { right } of [ahead, stuck, behind, never]) assert.deepEqual(right, alone);
});

test('a clock that was right and goes back an hour makes its own readings late, until it is right again', () => {
  const back = beside((s, ms) => (s >= 100 && s < 200 ? ms - hour : ms));
  assert.equal(back.rule.late, 100);
  assert.deepEqual(
    back.wrong,
    ['03-02T10:01 60', '03-02T10:02 40', '03-02T10:04 40', '03-02T10:05 60'].slice(0, back.wrong.length),
  );
  assert.deepEqual(back.right, beside(() => undefined).right);
});

test('one message ahead costs itself', () => {
  const once = beside((s, ms) => (s === 90 ? ms + 365 * 24 * hour : ms));
  assert.deepEqual(once.device.reasons, { 'ahead of time': 1 });
  assert.equal(once.rule.late, 0);
  assert.deepEqual(once.wrong, ['03-02T10:01 60', '03-02T10:02 59', '03-02T10:03 60', '03-02T10:04 60']);
});
