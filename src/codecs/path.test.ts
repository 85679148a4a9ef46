import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecodeError, type Row } from './codec.ts';
import { compileEach, compilePath, PathError, quoteKey } from './path.ts';

const payload = JSON.parse(`{
  "payload": { "vehicleCounts": { "vehicleLoad": 12 } },
  "rows": [{ "x": 1, "sub": [{ "y": 1 }, { "y": 2 }] }, { "x": 2, "sub": [{ "y": 3 }] }],
  "odd key": { "a.b": "dotted", "it's": "quoted", "back\\\\slash": 1 },
  "7": "seven", "null": null, "Air Temp (C)": 20, "$id": "dollar",
  "__proto__": { "own": true }, "length": 3
}`);

test('paths read what they name', () => {
  const cases: [path: string, value: unknown][] = [
    ['payload.vehicleCounts.vehicleLoad', 12],
    ['$.payload.vehicleCounts.vehicleLoad', 12],
    ['rows[0].x', 1],
    ['rows[-1].x', 2],
    ['rows.1.x', 2],
    ['$["rows"][0]["x"]', 1],
    ['["odd key"]["a.b"]', 'dotted'],
    ["['odd key']['it\\'s']", 'quoted'],
    ['odd key["back\\\\slash"]', 1],
    ['7', 'seven'],
    ['null', null],
    ['Air Temp (C)', 20],
    ['$id', 'dollar'],
    ['$.$id', 'dollar'],
    ['$', payload],
    ['["__proto__"].own', true],
    ['length', 3],
  ];
  for (const [path, value] of cases) assert.deepEqual(compilePath(path)(payload), value, path);
});

test('what is absent is undefined, and nothing inherited is there', () => {
  const paths = [
    'nope',
    'payload.nope.deeper',
    'rows[9].x',
    'rows.x',
    'rows.length',
    'rows[0].x.y',
    '7.length',
  ];
  const inherited = [
    'constructor',
    'toString',
    'payload.hasOwnProperty',
    'rows.map',
    '7[0]',
    'payload[0]',
    'null.x',
  ];
  for (const path of [...paths, ...inherited]) assert.equal(compilePath(path)(payload), undefined, path);
  for (const row of [undefined, null, 'text', 1, true]) assert.equal(compilePath('a.b')(row), undefined);
});

test('`^` reads from the whole payload', () => {
  const row = payload.rows[0];
  assert.equal(compilePath('^.payload.vehicleCounts.vehicleLoad')(row, payload), 12);
  assert.equal(compilePath('^')(row, payload), payload);
  assert.equal(compilePath('^["odd key"]["a.b"]')(row, payload), 'dotted');
  assert.equal(compilePath('x')(row, payload), 1);
  assert.equal(compilePath('^.x')(row), undefined);
});

test('bad syntax is marked where it is', () => {
  const cases: [path: string, start: number, end: number][] = [
    ['', 0, 0],
    ['a..b', 1, 3],
    ['a.', 1, 2],
    ['.a', 0, 1],
    ['a[', 1, 2],
    ['a[x]', 1, 4],
    ['a["x]', 1, 5],
    ['a[1.5]', 1, 6],
    ['a]b', 1, 2],
    ['a[0]b', 4, 5],
    ['a b ', 3, 4],
    ['a*', 1, 2],
    ['$.rows[*].x', 6, 9],
  ];
  for (const [path, start, end] of cases) {
    assert.throws(
      () => compilePath(path),
      (error: unknown) => {
        assert.ok(error instanceof PathError, path);
        assert.deepEqual([error.start, error.end], [start, end], `${path}: ${error.message}`);
        assert.ok(error.remedy !== undefined, path);
        return true;
      },
    );
  }
});

test('any key, quoted, reads itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (key) => {
      const row = Object.defineProperty({}, key, { value: 'found', enumerable: true });
      assert.equal(compilePath(quoteKey(key))(row), 'found');
    }),
    { numRuns: 1000 },
  );
});

test('any text is a path or a PathError within it', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '.', '[', ']', '"', "'", '*', '0', '-', '\\', ' ', '$', '^', '\n'),
  });
  fc.assert(
    fc.property(text, (path) => {
      for (const compile of [compilePath, compileEach]) {
        try {
          compile(path);
        } catch (error) {
          if (!(error instanceof PathError)) throw error;
          assert.ok(error.start >= 0 && error.start <= error.end && error.end <= path.length);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

function rowsOf(path: string, document: unknown): { rows: Row[]; rejected: string[] } {
  const rows: Row[] = [];
  const rejected: string[] = [];
  compileEach(path)(
    document,
    (row) => rows.push(row),
    (detail) => rejected.push(detail),
  );
  return { rows, rejected };
}

test('each gives the rows in order', () => {
  const xs = [payload.rows[0], payload.rows[1]];
  const ys = [{ y: 1 }, { y: 2 }, { y: 3 }];
  const cases: [path: string, rows: unknown[]][] = [
    ['$.rows[*]', xs],
    ['rows[*]', xs],
    ['rows', xs],
    ['$.rows', xs],
    ['$.rows[*].sub[*]', ys],
    ['$.rows[*].sub[*].y', [1, 2, 3]],
    ['rows[1].sub', [{ y: 3 }]],
    ['$', [payload]],
  ];
  for (const [path, rows] of cases) assert.deepEqual(rowsOf(path, payload), { rows, rejected: [] }, path);
  assert.deepEqual(rowsOf('rows', { rows: [] }), { rows: [], rejected: [] });
});

test('each: an array at the top was taken apart before', () => {
  assert.deepEqual(rowsOf('$[*]', payload.rows[0]).rows, [payload.rows[0]]);
  assert.deepEqual(rowsOf('$[*].sub[*]', payload.rows[0]).rows, [{ y: 1 }, { y: 2 }]);
});

test('each tells what is not there and keeps the rest', () => {
  const document = { rows: [{ sub: [1] }, { sub: 'x' }, {}, null, { sub: [2] }] };
  const { rows, rejected } = rowsOf('$.rows[*].sub[*]', document);
  assert.deepEqual(rows, [1, 2]);
  assert.deepEqual(rejected, [
    'each $.rows[*].sub[*]: expected an array at sub, found text "x"',
    'each $.rows[*].sub[*]: expected an array at sub, found nothing',
    'each $.rows[*].sub[*]: expected an array at sub, found nothing',
  ]);
  const emitted: Row[] = [];
  const run = (): void => compileEach('$.rows[*].sub[*]')(document, (row) => emitted.push(row));
  assert.throws(run, { name: DecodeError.name, message: /found text "x" \(and 2 more bad rows\)/ });
  assert.deepEqual(emitted, [1, 2]);
});

test('each starts at the payload', () => {
  assert.throws(() => compileEach('^.rows[*]'), PathError);
});
