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
