import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { codecContract } from './codec.contract.ts';
import { DecodeError, maxBadRows, type Row } from './codec.ts';
import { csv } from './csv.ts';

const columns = ['time', 'temp', 'note'];

codecContract(
  csv,
  { name: 'csv', columns, delimiter: ';' },
  {
    good: [
      { payload: '1;23.5;ok', rows: [{ time: '1', temp: '23.5', note: 'ok' }] },
      {
        payload: '\ufeff1;2;a\r\n\r\n   \n3;4;b\r',
        rows: [
          { time: '1', temp: '2', note: 'a' },
          { time: '3', temp: '4', note: 'b' },
        ],
      },
      { payload: '1;;', rows: [{ time: '1', temp: null, note: null }] },
      { payload: ';;', rows: [{ time: null, temp: null, note: null }] },
      { payload: '', rows: [] },
      { payload: '1;"";"a;""b"""', rows: [{ time: '1', temp: null, note: 'a;"b"' }] },
      {
        payload: '1;2;"two\nlines; ""quoted"""\r\n3;4;c\n',
        rows: [
          { time: '1', temp: '2', note: 'two\nlines; "quoted"' },
          { time: '3', temp: '4', note: 'c' },
        ],
      },
      { payload: '1;2;Pöyry "Oy"'.replaceAll('"', ''), rows: [{ time: '1', temp: '2', note: 'Pöyry Oy' }] },
    ],
    bad: [
      { payload: '1;2', message: /line 1: 2 columns, expected 3: "1;2"/ },
      {
        payload: '1;2;a\n1;2;3;4\n3;4;b',
        message: /line 2: 4 columns, expected 3/,
        rows: [
          { time: '1', temp: '2', note: 'a' },
          { time: '3', temp: '4', note: 'b' },
        ],
      },
      {
        payload: '1;2;"never closed\n3;4;b\n',
        message: /line 1: a quote is never closed/,
        rows: [{ time: '3', temp: '4', note: 'b' }],
      },
      {
        payload: '1;2;5" pipe\n3;4;b\n',
        message: /line 1: a quote inside an unquoted cell: `1;2;5" pipe`/,
        rows: [{ time: '3', temp: '4', note: 'b' }],
      },
      { payload: '1;2;"a"b', message: /line 1: text after a closing quote/ },
      {
        payload: Buffer.from('1;2;\xe4\n3;4;b', 'latin1'),
        message: /line 1: not UTF-8/,
        rows: [{ time: '3', temp: '4', note: 'b' }],
      },
    ],
  },
);

codecContract(
  csv,
  { name: 'csv', delimiter: ',' },
  {
    good: [
      {
        payload: '\ufeffa, b ,"c ""d"""\n1,2,3\n4,5,6\n',
        rows: [
          { a: '1', b: '2', 'c "d"': '3' },
          { a: '4', b: '5', 'c "d"': '6' },
        ],
      },
      { payload: 'läge,°C\nköket,21', rows: [{ läge: 'köket', '°C': '21' }] },
    ],
    bad: [
      { payload: '', message: /the payload is empty, expected a line of column names/ },
      { payload: '\r\n\r\n', message: /the payload is empty/ },
      { payload: 'a,b\n', message: /the only line, "a,b", was taken for column names/ },
      { payload: 'a,b,a\n1,2,3', message: /line 1: two columns are named "a"/ },
      { payload: 'a,b\n1,2\n3\n', message: /line 3: 1 columns, expected 2: "3"/, rows: [{ a: '1', b: '2' }] },
    ],
  },
);

function rowsOf(payload: string, delimiter = ','): Row[] {
  const buffer = Buffer.from(payload);
  const rows: Row[] = [];
  csv.create({ name: 'csv', columns: ['a', 'b'], delimiter })(buffer, 0, buffer.length, (row) =>
    rows.push(row),
  );
  return rows;
}

test('splitting gives what csv-parse gives', () => {
  const cell = fc.string({
    unit: fc.constantFrom('a', '1', '.', ' ', '"', ',', '\n', '\r\n', 'ä', '🚌'),
    maxLength: 6,
  });
  const written = cell.map((text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text));
  const lines = fc.array(fc.tuple(written, written), { minLength: 1, maxLength: 5 });
  const ends = fc.constantFrom('\n', '\r\n');
  fc.assert(
    fc.property(lines, ends, (rows, end) => {
      const payload = rows.map((row) => row.join(',')).join(end);
      const expected = parse(payload, { record_delimiter: ['\n', '\r\n'], skip_empty_lines: true });
      const found = rowsOf(payload).map((row) => Object.values(row as object).map((value) => value ?? ''));
      assert.deepEqual(found, expected);
    }),
    { numRuns: 1000 },
  );
});

test('a delimiter may be any text, also outside ASCII', () => {
  assert.deepEqual(rowsOf('ä¦"ö¦"', '¦'), [{ a: 'ä', b: 'ö¦' }]);
  assert.deepEqual(rowsOf('1\t\n\t\n', '\t'), [
    { a: '1', b: null },
    { a: null, b: null },
  ]);
  for (const delimiter of ['', '"', '\n']) {
    assert.throws(() => csv.create({ name: 'csv', columns: ['a'], delimiter }), /cannot be split at/);
  }
});

test('a column __proto__ is a column like any other', () => {
  const buffer = Buffer.from('__proto__,b\n,2');
  const rows: Row[] = [];
  csv.create({ name: 'csv', delimiter: ',' })(buffer, 0, buffer.length, (row) => rows.push(row));
  assert.equal(Object.getPrototypeOf(rows[0]), Object.prototype);
  assert.ok(Object.hasOwn(rows[0] as object, '__proto__'));
});

test('long payloads keep their texts, copied', () => {
  const text = 'a text of more than thirteen characters';
  const rows = rowsOf(`1,${text}\n`.repeat(200));
  assert.equal(rows.length, 200);
  assert.deepEqual(rows.at(-1), { a: '1', b: text });
});

test('garbage without end is given up', () => {
  const buffer = Buffer.from('x"\n'.repeat(50_000));
  let rejected = 0;
  const decode = csv.create({ name: 'csv', columns: ['a', 'b'], delimiter: ',' });
  const count = (): void => {
    rejected += 1;
  };
  assert.throws(() => decode(buffer, 0, buffer.length, () => {}, count), { name: DecodeError.name });
  assert.equal(rejected, maxBadRows);
});
