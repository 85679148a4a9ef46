import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FiringAlert } from '../core/status.ts';
import { nowMs, silenceOf } from '../settings/testing.ts';
import { alertsLines, silencesLines } from './alerts-view.ts';

const alert: FiringAlert = {
  ...{ rule: 'bus-load', key: { vehicle: '01211' }, severity: 'critical', firedAtMs: nowMs - 60_000 },
  ...{ message: 'Bus 01211: 81 aboard\x07', episode: '3f9c1a2b3c4d5e6f', flapping: false },
};

test('what fires, with who has seen it; what is pending; silences', () => {
  const firing: FiringAlert[] = [
    { ...alert, acknowledged: { atMs: nowMs, by: 'aino', note: 'belt ordered' }, flapping: true },
    {
      ...alert,
      key: {},
      severity: 'info',
      silencedUntilMs: nowMs + 7_200_300,
      acknowledged: { atMs: nowMs },
    },
    alert,
  ];
  const pending = [{ rule: 'press', key: { m: '1' }, severity: 'warning', sinceMs: nowMs - 90_000 }] as const;
  const silences = [
    silenceOf({ id: '9c41d07e', untilMs: nowMs + 7_200_300, by: 'aino', reason: 'washing' }),
    silenceOf({ id: '01234567', rule: '*', key: { vehicle: '1' } }),
  ];
  assert.deepEqual(alertsLines({ nowMs, firing, pending, silences }, false), [
    'Firing',
    '  id        severity  rule      key            since                 state                                              message',
    '  3f9c1a2b  critical  bus-load  vehicle=01211  2026-01-05T05:59:00Z  flapping, acknowledged by aino: belt ordered       Bus 01211: 81 aboard·',
    '  3f9c1a2b  info      bus-load  –              2026-01-05T05:59:00Z  acknowledged, silenced until 2026-01-05T08:00:00Z  Bus 01211: 81 aboard·',
    '  3f9c1a2b  critical  bus-load  vehicle=01211  2026-01-05T05:59:00Z  –                                                  Bus 01211: 81 aboard·',
    '',
    'Pending',
    '  severity  rule   key  for',
    '  warning   press  m=1  1 min 30 s',
    '',
    'Silences',
    '  id        rule      key        until                 left   by    reason',
    '  9c41d07e  bus-load  –          2026-01-05T08:00:00Z  2 h    aino  washing',
    '  01234567  *         vehicle=1  2026-01-05T06:00:01Z  1.0 s  –',
  ]);
});

test('nothing at all is said so', () => {
  const nothing = { nowMs, firing: [], pending: [], silences: [] };
  assert.deepEqual(alertsLines(nothing, false), ['Firing: none']);
  assert.deepEqual(silencesLines(nothing, false), ['Silences: none']);
});
