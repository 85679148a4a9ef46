import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { codecContract } from './codec.contract.ts';
import { DecodeError, type Row } from './codec.ts';
import { json } from './json.ts';
import { findJsonFault } from './json-fault.ts';
import { compilePath } from './path.ts';

codecContract(
  json,
  { name: 'json' },
  {
    good: [
      { payload: '{"t":23.5,"s":"on"}', rows: [{ t: 23.5, s: 'on' }] },
      { payload: '\ufeff {"a":[1,{"b":null}]}\r\n', rows: [{ a: [1, { b: null }] }] },
      { payload: '[{"t":1},{"t":2}]', rows: [{ t: 1 }, { t: 2 }] },
      { payload: '[]', rows: [] },
      { payload: '[[1,2],[3]]', rows: [[1, 2], [3]] },
      { payload: '23.5', rows: [23.5] },
      { payload: 'null', rows: [null] },
      { payload: '{"name":"Hämeenlinna \\ud83d\\ude8c 🚌"}', rows: [{ name: 'Hämeenlinna 🚌 🚌' }] },
      { payload: '{"sent":"\ufffd"}', rows: [{ sent: '\ufffd' }] },
    ],
    bad: [
      { payload: '', message: /expected a value, found the end at line 1, column 1/ },
      {
        payload: '{"a":1,"b":}',
        message: /expected a value, found "}" at line 1, column 12: `{"a":1,"b":}`/,
      },
      { payload: '{"a":1,\n "b" 2}', message: /expected `:`, found "2" at line 2, column 6/ },
      { payload: '{"a":1} {"a":2}', message: /expected the end, found "{" at line 1, column 9/ },
      { payload: '[{"a":1},', message: /expected a value, found the end at line 1, column 10/ },
      { payload: "{'a':1}", message: /expected a key in double quotes or `}`, found "'"/ },
      { payload: '{"a":NaN}', message: /expected a value, found "N"/ },
      { payload: '{"a":01.5}', message: /"01.5" is not a JSON number/ },
      { payload: '{"a":"x', message: /a string is not closed at line 1, column 6/ },
      { payload: '{"a":"\t"}', message: /"\\t" in a string must be escaped/ },
      { payload: Buffer.from('{"a":"\xe4"}', 'latin1'), message: /not UTF-8: byte 0xe4 at offset 6/ },
    ],
  },
);

function rowsOf(payload: Buffer | string): Row[] {
  const buffer = Buffer.from(payload);
  const rows: Row[] = [];
  json.create({ name: 'json' })(buffer, 0, buffer.length, (row) => rows.push(row));
  return rows;
}

interface Suite {
  readonly parses: Readonly<Record<string, string>>;
  readonly fails: Readonly<Record<string, string>>;
}
const suite: Suite = JSON.parse(readFileSync(new URL('testdata/json.json', import.meta.url), 'utf8'));

test('JSONTestSuite: what must parse parses', () => {
  for (const [name, payload] of Object.entries(suite.parses)) {
    assert.doesNotThrow(() => rowsOf(Buffer.from(payload, 'base64')), name);
  }
});

test('JSONTestSuite: what must fail fails, at a place', () => {
  for (const [name, payload] of Object.entries(suite.fails)) {
    const message = /at line \d+, column \d+|at offset \d+/;
    assert.throws(() => rowsOf(Buffer.from(payload, 'base64')), { name: DecodeError.name, message }, name);
  }
});

test('a key __proto__ is a key like any other', () => {
  const [row] = rowsOf('{"__proto__":{"polluted":1},"a":2}');
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  assert.equal(compilePath('polluted')(row), undefined);
  assert.equal(compilePath('["__proto__"].polluted')(row), 1);
  assert.equal(compilePath('constructor.name')(row), undefined);
});

test('nesting without end needs no stack', () => {
  assert.equal(rowsOf(`${'['.repeat(100_000)}${']'.repeat(100_000)}`).length, 1);
  assert.throws(() => rowsOf('['.repeat(100_000)), /column 100001/);
  assert.throws(() => rowsOf('{"a":'.repeat(100_000)), DecodeError);
});

test('the fault finder and JSON.parse agree on what is JSON', () => {
  const pieces = fc.constantFrom(
    ...'{}[]:,"\\ \n',
    '"a"',
    '1',
    '-0.5e+3',
    '01',
    'true',
    'nul',
    '\\u00e4',
    '\x01',
    'é',
  );
  const damagedJson = fc.tuple(fc.json(), fc.nat(), fc.nat(2), pieces).map(([text, at, remove, piece]) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + piece + text.slice(from + remove);
  });
  const texts = fc.oneof(
    fc.json(),
    damagedJson,
    fc.array(pieces, { maxLength: 8 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const fault = findJsonFault(text);
      assert.equal(fault === undefined, parses(text));
      assert.ok(fault === undefined || (fault.offset >= 0 && fault.offset <= text.length));
    }),
    { numRuns: 3000 },
  );
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
