import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import type { LogLevel } from './log-levels.ts';
import { createLogger, logForm, shapes } from './logger.ts';

function logged(level: LogLevel, debug = false): { log: ReturnType<typeof createLogger>; lines: string[] } {
  const lines: string[] = [];
  return { log: createLogger({ level, debug }, { write: (line) => lines.push(line) }), lines };
}

test('the form follows the reader', () => {
  assert.equal(logForm({ JOURNAL_STREAM: '8:123' }, true), 'people');
  assert.equal(logForm({ JOURNAL_STREAM: '8:123' }, false), 'journald');
  assert.equal(logForm({}, false), 'json');
});

test('one JSON object a line, from the level on', () => {
  const { log, lines } = logged('warn');
  log.info({}, 'not this');
  log.warn({ source: 'mqtt', tries: 3 }, 'line\nbreak');
  assert.equal(lines.length, 1);
  assert.ok(lines[0]!.endsWith('}\n') && !lines[0]!.slice(0, -1).includes('\n'));
  const { time, ...rest } = JSON.parse(lines[0]!);
  assert.deepEqual(rest, { level: 'warn', source: 'mqtt', tries: 3, msg: 'line\nbreak' });
  assert.equal(new Date(time).toISOString(), time);
});

test('errors are their message, code, cause and remedy; the stack only on demand', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const error = new GatewayError('no answer', { remedy: 'start it', cause });
  const quiet = logged('error');
  quiet.log.error({ error, err: cause }, 'x');
  const line = JSON.parse(quiet.lines[0]!);
  assert.deepEqual(line.error, { message: 'no answer', cause: 'refused', remedy: 'start it' });
  assert.deepEqual(line.err, { message: 'refused', code: 'ECONNREFUSED' });
  const loud = logged('error', true);
  loud.log.error({ error }, 'x');
  assert.match(JSON.parse(loud.lines[0]!).error.stack, /GatewayError: no answer\n {4}at /);
});

test('journald gets the priority of each line', () => {
  const { log, lines } = logged('debug');
  log.debug({}, 'd');
  log.info({}, 'i');
  log.warn({ level: 'error' }, 'w');
  log.error({}, 'e');
  const priorities = lines.map((line) => shapes.journald(line, false).slice(0, 3));
  assert.deepEqual(priorities, ['<7>', '<6>', '<4>', '<3>']);
});

test('people get one line, whatever a device sent', () => {
  const { log, lines } = logged('debug');
  log.warn({ topic: 'a b', payload: '\x1b[2J', n: 3, error: new Error('bad "x"') }, 'set\naside');
  const shown = shapes.people(lines[0]!, false);
  assert.match(
    shown,
    /^\d\d:\d\d:\d\d\.\d{3} warn {2}set·aside {2}topic="a b" payload=\S+ n=3 error="bad \\"x\\""\n$/,
  );
  assert.ok(!shown.includes('\x1b'));
});
