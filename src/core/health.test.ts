import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHealth, duration } from './health.ts';
import { silentLogger } from './log.ts';

test('says since when and why it is down, and when it is tried again', () => {
  let now = 0;
  const lines: string[] = [];
  const logger = {
    ...silentLogger,
    warn: (_details: object, message: string) => lines.push(message),
    info: (_details: object, message: string) => lines.push(message),
  };
  const health = createHealth('there', () => now, logger);
  assert.equal(health.detail(), 'nothing sent yet');
  health.good();
  assert.deepEqual([health.state, health.detail()], ['connected', 'connected']);
  health.bad('down', 'ECONNREFUSED', 500);
  now = 240_000;
  health.bad('down', 'ECONNREFUSED', 12_000);
  assert.equal(health.detail(), 'down for 4 min: ECONNREFUSED, next try in 12 s');
  health.bad('refused', '401', 30_000, 'check the password');
  assert.equal(health.detail(), 'refused for 4 min: 401 (check the password), next try in 30 s');
  health.good();
  assert.deepEqual(lines, [
    'not delivered: kept and tried again',
    'not delivered: kept and tried again',
    'delivery goes on',
  ]);
});

test('what somebody else has told is for who debugs only, from its beginning to its end', () => {
  const lines: string[] = [];
  const logger = {
    ...silentLogger,
    warn: (_details: object, message: string) => lines.push(message),
    info: (_details: object, message: string) => lines.push(message),
  };
  let isTold = true;
  const health = createHealth(
    'there',
    () => 0,
    logger,
    () => isTold,
  );
  health.bad('down', 'ECONNREFUSED', 500);
  isTold = false;
  health.good();
  assert.deepEqual(lines, []);
  health.bad('down', 'ECONNREFUSED', 500);
  isTold = true;
  health.bad('refused', '401', 500);
  health.good();
  assert.deepEqual(lines, [
    'not delivered: kept and tried again',
    'not delivered: kept and tried again',
    'delivery goes on',
  ]);
});

test('durations are rounded to one unit', () => {
  assert.deepEqual([0, 59_600, 119_400, 120_000, 7_200_000, 172_800_000].map(duration), [
    '0 s',
    '60 s',
    '119 s',
    '2 min',
    '2 h',
    '2 d',
  ]);
});
