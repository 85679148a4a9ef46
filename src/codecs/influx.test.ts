import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codecContract } from './codec.contract.ts';
import { DecodeError, maxBadRows } from './codec.ts';
import { influx } from './influx.ts';
import type { InfluxRow } from './influx-line.ts';
import { compilePath } from './path.ts';
import { compileTime } from './time.ts';

const plain = { measurement: 'm', tags: {}, fields: { v: 1 } };

codecContract(
  influx,
  { name: 'influx' },
  {
    good: [
      { payload: '', rows: [] },
      { payload: '\n\r\n  \n# a comment, with = "signs\n', rows: [] },
      { payload: 'm v=1 1700000000123456789', rows: [{ ...plain, time: '1700000000123456789' }] },
      { payload: 'm v=1\r\nm v=1\r', rows: [plain, plain] },
      { payload: '\ufeffm v=1', rows: [plain] },
      {
        payload: 'my\\ m\\,x,a\\=b=c\\ d,e=\\f  v=-1.5e3,i=-3i,u=7u,b=T,s="q\\"\\\\\nx\\n" -1 \n',
        rows: [
          {
            measurement: 'my m,x',
            tags: { 'a=b': 'c d', e: '\\f' },
            fields: { v: -1500, i: -3, u: 7, b: true, s: 'q"\\\nx\\n' },
            time: '-1',
          },
        ],
      },
      {
        payload:
          'm i=9223372036854775807i,j=-9223372036854775808i,u=18446744073709551615u,k=9007199254740991i',
        rows: [
          {
            measurement: 'm',
            tags: {},
            fields: {
              i: 9223372036854775807n,
              j: -9223372036854775808n,
              u: 18446744073709551615n,
              k: 9007199254740991,
            },
          },
        ],
      },
      {
        payload: 'm,paikka=Hämeenlinna tila="käy 🚌"',
        rows: [{ measurement: 'm', tags: { paikka: 'Hämeenlinna' }, fields: { tila: 'käy 🚌' } }],
      },
      {
        payload: 'm a=t,b=True,c=TRUE,d=F,e=false',
        rows: [{ ...plain, fields: { a: true, b: true, c: true, d: false, e: false } }],
      },
    ],
    bad: [
      { payload: 'm', message: /expected a blank and fields, found the end at line 1, column 2/ },
      { payload: 'm,a=1', message: /expected a blank and fields, found the end/ },
      { payload: 'm,a= v=1', message: /expected a tag value, found " "/ },
      { payload: 'm,a v=1', message: /expected `=` after tag "a", found " "/ },
      { payload: 'm,a=1,a=2 v=1', message: /tag "a" stands twice at line 1, column 7/ },
      { payload: 'm v=', message: /"" is no number, boolean or quoted text/ },
      { payload: 'm v=0x10', message: /"0x10" is no number/ },
      { payload: 'm v=NaN', message: /"NaN" is no number/ },
      { payload: 'm v=1e999', message: /"1e999" is out of range/ },
      { payload: 'm v=9223372036854775808i', message: /out of range/ },
      { payload: 'm v=-1u', message: /"-1u" is no number/ },
      { payload: 'm v="x"y', message: /expected a comma or a blank after a field, found "y"/ },
      { payload: 'm v=1 now', message: /"now" is no time at line 1, column 7/ },
      { payload: 'm v=1 9223372036854775808', message: /time "9223372036854775808" is out of range/ },
      { payload: 'm v=1 1 2', message: /expected the end of the line, found "2"/ },
      { payload: 'm v=1\nbad\nm v=1', message: /line 2, column 4/, rows: [plain, plain] },
      {
        payload: 'm v="open\nm v=1\n',
        message: /a quoted text is not closed at line 1, column 5/,
        rows: [plain],
      },
      {
        payload: Buffer.from('m,a=\xe4 v=1\nm v=1', 'latin1'),
        message: /not UTF-8 at line 1, column 5/,
        rows: [plain],
      },
    ],
  },
);

function decode(payload: Buffer): { rows: InfluxRow[]; rejected: string[] } {
  const rows: InfluxRow[] = [];
  const rejected: string[] = [];
  const emit = (row: unknown): void => void rows.push(row as InfluxRow);
  influx.create({ name: 'influx' })(payload, 0, payload.length, emit, (detail) => rejected.push(detail));
  return { rows, rejected };
}

type Input = string | { readonly base64: string };
type CorpusValue =
  | { int: string }
  | { uint: string }
  | { float: number }
  | { bool: boolean }
  | { string: string };
interface Corpus {
  readonly good: readonly {
    readonly input: Input;
    readonly rows: readonly {
      readonly measurement: string;
      readonly tags: Readonly<Record<string, string>>;
      readonly fields: Readonly<Record<string, CorpusValue>>;
      readonly time?: string;
    }[];
  }[];
  readonly bad: readonly Input[];
}
const corpus: Corpus = JSON.parse(
  readFileSync(new URL('testdata/line-protocol.json', import.meta.url), 'utf8'),
);

function bytesOf(input: Input): Buffer {
  return typeof input === 'string' ? Buffer.from(input) : Buffer.from(input.base64, 'base64');
}

function typed(value: CorpusValue): unknown {
  const [kind, content] = Object.entries(value)[0]!;
  if (kind !== 'int' && kind !== 'uint') return content;
  return Number.isSafeInteger(Number(content)) ? Number(content) : BigInt(content);
}

test('line protocol corpus: good lines are read as the reference decoder reads them', () => {
  for (const { input, rows } of corpus.good) {
    const decoded = decode(bytesOf(input));
    assert.deepEqual(decoded.rejected, [], String(input));
    assert.equal(decoded.rows.length, rows.length, String(input));
    for (const [i, { measurement, tags, fields, time }] of rows.entries()) {
      const row = decoded.rows[i]!;
      const values = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, typed(value)]));
      assert.deepEqual({ ...row, time: undefined }, { measurement, tags, fields: values, time: undefined });
      if (time !== undefined) assert.equal(BigInt(row.time!), BigInt(time));
    }
  }
});

test('line protocol corpus: what the reference decoder refuses is refused', () => {
  for (const input of corpus.bad)
    assert.notEqual(decode(bytesOf(input)).rejected.length, 0, JSON.stringify(input));
});

test('default paths reach fields, tags and time, to the last digit a double holds', () => {
  const { rows } = decode(Buffer.from('m,odd\\ key=1 a.b=2 1700000000123456789'));
  assert.equal(influx.fieldPath('temp'), 'fields.temp');
  assert.equal(compilePath(influx.fieldPath('a.b'))(rows[0]), 2);
  assert.equal(compilePath(influx.tagPath('odd key'))(rows[0]), '1');
  const time = compileTime(influx.time!.format, 'UTC')(compilePath(influx.time!.path)(rows[0]));
  assert.equal(time, Number('1700000000123.456789'));
});

test('keys __proto__ touch no prototype', () => {
  const { rows } = decode(Buffer.from('m,__proto__=x __proto__="y",toString=1'));
  assert.equal(Object.getPrototypeOf(rows[0]!.tags), Object.prototype);
  assert.equal(Object.getOwnPropertyDescriptor(rows[0]!.tags, '__proto__')?.value, 'x');
  assert.equal(decode(Buffer.from('m,__proto__=x,__proto__=y v=1')).rejected.length, 1);
});

test('garbage without end is given up', () => {
  let rejected = 0;
  const garbage = Buffer.from('\x01\n'.repeat(100_000));
  const count = (): void => {
    rejected += 1;
  };
  const run = (): void => influx.create({ name: 'influx' })(garbage, 0, garbage.length, () => {}, count);
  assert.throws(run, { name: DecodeError.name, message: /1000 bad rows/ });
  assert.equal(rejected, maxBadRows);
});
