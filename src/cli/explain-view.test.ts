import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExplainedRule } from '../core/explained.ts';
import { ruleLine } from '../core/testing.ts';
import { explainLines } from './explain-view.ts';

const nowMs = Date.UTC(2026, 0, 5, 6, 4, 18);
const ago = (s: number): number => nowMs - s * 1000;

const counts = ruleLine('bus-load', {
  ...{ readings: 240, filtered: 3, late: 2, keys: 1, openWindows: 1, windowsClosed: 9, points: 9, fired: 1 },
});

const explained: ExplainedRule = {
  ...{ rule: 'bus-load', nowMs, by: ['vehicle'], latenessMs: 30_000, keyLimit: 10_000, counts },
  inputs: [
    {
      ...{ name: 'bus-counter', source: 'mqtt', readings: 240, setAside: 5, lastArrivalMs: ago(7) },
      ...{ reasons: { 'no time': 1, malformed: 4 }, duplicates: 1 },
    },
  ],
  where: 'load >= 0',
  window: { kind: 'time', lengthMs: 60_000, everyMs: 60_000 },
  key: {
    key: { vehicle: '01211' },
    lastReading: {
      ...{ input: 'bus-counter', tags: { vehicle: '01211' }, arrivalMs: ago(7), eventMs: ago(9) },
      values: { load: -1, capacity: 78 },
      where: {
        text: 'load >= 0',
        holds: false,
        parts: [{ text: 'load -1 >= 0', values: { load: -1 }, holds: false }],
      },
    },
    watermarkMs: ago(39),
    windows: [
      {
        ...{
          startMs: ago(18),
          endMs: ago(18) + 60_000,
          values: { share: 1.0312345678, full: true, at: null },
        },
        ...{ closesWithMs: ago(18) + 90_000, closesAtMs: ago(18) + 130_000 },
      },
    ],
    moreWindows: 0,
    alerts: [
      {
        ...{
          severity: 'critical',
          state: 'firing',
          isOutdone: false,
          forMs: 120_000,
          firedAtMs: ago(78),
          sinceMs: ago(78),
        },
        ...{ message: 'Bus 01211 is full\u001b[31m', nextReminderMs: nowMs + 3_000_000 },
        when: {
          text: 'share >= 1.0',
          holds: true,
          parts: [{ text: 'share 1.03 >= 1.0', values: { share: 1.03 }, holds: true }],
        },
        clear: {
          text: 'share < 0.9',
          holds: false,
          parts: [{ text: 'share 1.03 < 0.9', values: { share: 1.03 }, holds: false }],
        },
      },
    ],
  },
};

const text = `bus-load  vehicle=01211
from bus-counter, where load >= 0, windows of 1 min, by vehicle
now 2026-01-05T06:04:18Z; times of day are UTC

Last reading
  arrived at 06:04:11, 7.0 s ago, with the time 06:04:09
  load -1, capacity 78
  filtered by \`where\`: load -1 >= 0: false
  watermark 06:03:39 (lateness 30 s)

Open windows
  06:04:00 – 06:05:00
    share 1.03123, full true, at –
    closes with a reading of 06:05:30 or later, or at 06:06:10 if nothing more comes

Alerts
  critical  firing since 06:03:00
    Bus 01211 is full·[31m
    next reminder at 06:54:18
    when share 1.03 >= 1.0: true
    clears with share 1.03 < 0.9: false

Notes
  device bus-counter: 5 set aside (malformed 4, no time 1)
  device bus-counter: dropped as copies, with the tags and time of a reading before: 1
  3 of 240 readings were filtered by \`where\`, of all keys
  came late, when their windows had closed, of all keys: 2`;

test('a key as people read it; nothing from the network steers the terminal', () => {
  assert.equal(explainLines(explained, { colours: false, width: 80 }).join('\n'), text);
});

test('lists of values keep to the width', () => {
  const values = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`value_${i}`, i]));
  const key = { ...explained.key!, windows: [{ ...explained.key!.windows[0]!, values }] };
  const lines = explainLines({ ...explained, key }, { colours: false, width: 80 });
  assert.ok(lines.some((line) => line.includes('value_29 29')));
  for (const line of lines.filter((one) => one.includes('value_'))) assert.ok(line.length <= 80, line);
});

test('a rule that nothing came of says why', () => {
  const { key: _, ...rest } = explained;
  const notes = (more: Partial<ExplainedRule>): string[] =>
    explainLines({ ...rest, ...more }, { colours: false, width: 80 });
  const silent = notes({
    inputs: [
      { name: 'bus-counter', source: 'plant', readings: 0, setAside: 0, sourceDown: 'down, ECONNREFUSED' },
    ],
    counts: { ...counts, readings: 0, filtered: 0, late: 0, keys: 0 },
  });
  assert.deepEqual(silent.slice(-4), [
    'Notes',
    '  source plant of device bus-counter is not up: down, ECONNREFUSED',
    '  device bus-counter has sent nothing since the start: see `headgate devices`',
    '  no key yet: a key is known from its first reading on',
  ]);
  const filtered = notes({ inputs: [], counts: { ...counts, filtered: 240, late: 0 } });
  assert.equal(filtered.at(-1), '  all 240 readings were filtered by `where`: load >= 0');
});
