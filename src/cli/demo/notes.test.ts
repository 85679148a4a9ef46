import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notesLogger } from './notes.ts';

test('warnings and errors become notes, a few, each once; alerts and chatter do not', () => {
  const notes = ['no serial line'];
  const logger = notesLogger(notes);
  logger.info({}, 'listening');
  logger.warn({ alert: 'id' }, 'Bus 07005: 72 aboard');
  logger.warn({ error: new Error('ECONNREFUSED') }, 'InfluxDB is down');
  logger.warn({ error: new Error('ECONNREFUSED') }, 'InfluxDB is down');
  assert.deepEqual(notes, ['no serial line', 'InfluxDB is down: ECONNREFUSED']);
  for (const message of ['a', 'b', 'c']) logger.error({}, message);
  assert.deepEqual(notes, ['no serial line', 'a', 'b', 'c']);
});

test('a target that is down is named with its reason until it is back', () => {
  const notes = ['no serial line'];
  const logger = notesLogger(notes);
  const target = 'http://127.0.0.1:8086 headgate';
  logger.warn({ target, why: 'connect ECONNREFUSED' }, 'not delivered: kept and tried again');
  assert.deepEqual(notes, [
    'no serial line',
    'http://127.0.0.1:8086 headgate: not delivered: kept and tried again: connect ECONNREFUSED',
  ]);
  logger.info({ target: 'ops' }, 'delivery goes on');
  assert.equal(notes.length, 2);
  logger.info({ target, downMs: 5000 }, 'delivery goes on');
  assert.deepEqual(notes, ['no serial line']);
  logger.info({ target }, 'delivery goes on');
  logger.warn({ target, why: 'HTTP 500' }, 'not delivered: kept and tried again');
  assert.equal(notes.length, 2);
});
