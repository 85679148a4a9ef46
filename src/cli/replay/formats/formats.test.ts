import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sniffDelimiter } from './csv.ts';
import { detectFormat, type Format, formats } from './index.ts';

const real = readFileSync(join(import.meta.dirname, '../testdata/hfp-excerpt.log'), 'utf8');

function locate({ locate: find }: Format, text: string): object | string {
  const line = Buffer.from(`before${text}after`);
  const start = 6;
  const end = line.length - 5;
  const parts = { topic: '', payloadStart: start, arrivalMs: Number.NaN };
  const fault = find!(line, start, end, parts);
  if (fault !== undefined) return fault;
  return {
    arrivalMs: parts.arrivalMs,
    topic: parts.topic,
    payload: line.toString('utf8', parts.payloadStart, end),
  };
}

test('a format is told by the extension, with or without .gz', () => {
  const nothing = Buffer.alloc(0);
  assert.equal(detectFormat('a/b.csv', nothing), 'csv');
  assert.equal(detectFormat('b.TSV.gz', nothing), 'csv');
  assert.equal(detectFormat('b.ndjson', nothing), 'jsonl');
  assert.equal(detectFormat('points.lp', nothing), 'influx');
  assert.equal(detectFormat('b.log', nothing), undefined);
});

test('or by the first line that is not blank', () => {
  const lines: [string, string][] = [
    ['{"t":1}', 'jsonl'],
    ['[{"t":1}]', 'jsonl'],
    ['2024-02-13T16:33:00.005271Z /a/b {"VP":1}', 'timed'],
    ['1470818943.786368637 bus/7 23.5', 'timed'],
    ['2016-08-10T09:47:38+0100 bus/7 23.5', 'timed'],
    ['/hfp/v2/Itä-Pakila/21:12 {"a":1}', 'mosquitto'],
    ['bus/7/state on', 'mosquitto'],
    ['weather,location=us-midwest temperature=82 1465839830100400200', 'influx'],
    ['cpu load=0.5', 'influx'],
    ['# exported by influx', 'influx'],
    ['timestamp,value', 'csv'],
    ['time;a b;c', 'csv'],
    ['a\tb', 'csv'],
    ['time (UTC), speed km/h', 'csv'],
  ];
  for (const [line, name] of lines)
    assert.equal(detectFormat('x.log', Buffer.from(`\ufeff\n${line}\n`)), name, line);
});

test('what cannot be told is asked for, with what can be named', () => {
  assert.throws(() => detectFormat('x.log', Buffer.from('hello\n')), {
    message: 'cannot tell the format of x.log from its first line: "hello"',
    remedy: 'name it: --format jsonl|timed|influx|mosquitto|csv',
  });
  assert.throws(() => detectFormat('x.csv', Buffer.from('\ufeffa,b', 'utf16le')), /x\.csv is UTF-16 text/);
});

test('real messages: topics with spaces, umlauts and empty levels, times to the microsecond', () => {
  const lines = real.trim().split('\n');
  for (const line of lines) {
    const [time] = line.split(' ', 1) as [string];
    const at = line.indexOf(' {"');
    assert.deepEqual(locate(formats.timed, line), {
      arrivalMs: Date.parse(time) + Number(time.slice(23, 26)) / 1000,
      topic: line.slice(time.length + 1, at),
      payload: line.slice(at + 1),
    });
    assert.deepEqual(locate(formats.mosquitto, line.slice(time.length + 1)), {
      arrivalMs: Number.NaN,
      topic: line.slice(time.length + 1, at),
      payload: line.slice(at + 1),
    });
  }
  assert.ok(lines.some((line) => line.includes('/Matinkylä (M)/')));
});

test('payloads that are no objects begin after the first space', () => {
  const cases: [string, string, string][] = [
    ['probe/level 23.5', 'probe/level', '23.5'],
    ['probe/level 1;2 {x}', 'probe/level 1;2', '{x}'],
    ['probe/list [1, 2]', 'probe/list', '[1, 2]'],
    ['probe/empty ', 'probe/empty', ''],
    ['probe/empty', 'probe/empty', ''],
    ['probe/object {"a":" {b}"}', 'probe/object', '{"a":" {b}"}'],
  ];
  for (const [line, topic, payload] of cases) {
    assert.deepEqual(locate(formats.mosquitto, line), { arrivalMs: Number.NaN, topic, payload });
  }
});

test('a line without its parts says so', () => {
  assert.equal(locate(formats.timed, 'yesterday bus/7 1'), '"yesterday" is no time');
  assert.equal(locate(formats.timed, '1470818943.78'), 'no topic after the time');
  assert.equal(locate(formats.timed, '1470818943.78  x'), 'no topic');
  assert.equal(locate(formats.mosquitto, ' x'), 'no topic');
});

test('the delimiter is the one the header uses most, outside of quotes', () => {
  assert.equal(sniffDelimiter('a,b'), ',');
  assert.equal(sniffDelimiter('a;"b,c,d"'), ';');
  assert.equal(sniffDelimiter('a\tb, c\td'), '\t');
  assert.equal(sniffDelimiter('alone'), ',');
});
