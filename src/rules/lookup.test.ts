import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import { createLookup, type LookupTable } from './lookup.ts';

function rowOf(table: LookupTable, key: string): Record<string, unknown> {
  return Object.fromEntries([...table.columns].map(([name, column]) => [name, column.value(key)]));
}

const csv = 'vehicle,capacity,model,low_floor,code\n01029,78,Volvo 8900,true,007\n1211,,Scania,FALSE,12\n';
const asRead = { vehicle: '01029', capacity: 78, model: 'Volvo 8900', low_floor: true, code: '007' };

test('reads CSV: numbers throughout make a number column, leading zeros do not', () => {
  const table = createLookup('fleet.csv', 'vehicle', csv);
  const types = [...table.columns].map(([name, { type }]) => `${name} ${type}`);
  assert.deepEqual(types, [
    'vehicle string',
    'capacity number',
    'model string',
    'low_floor boolean',
    'code string',
  ]);
  assert.deepEqual(rowOf(table, '01029'), asRead);
  assert.deepEqual(rowOf(table, '1211'), {
    vehicle: '1211',
    capacity: null,
    model: 'Scania',
    low_floor: false,
    code: '12',
  });
  assert.equal(table.columns.get('capacity')!.value('1029'), null);
  assert.equal(table.columns.get('capacity')!.value('__proto__'), null);
});

test('whole numbers that no double holds are text, as they were written', () => {
  const long = `1${'0'.repeat(400)}1`;
  const text = `sim,iccid,long,big,real\na,8935810012345678901,${long},9007199254740992,0.1\n`;
  const expected = { sim: 'a', iccid: '8935810012345678901', long, big: 2 ** 53, real: 0.1 };
  assert.deepEqual(rowOf(createLookup('sims.csv', 'sim', text), 'a'), expected);
  const yaml = '- { sim: a, iccid: 8935810012345678901 }\n';
  assert.equal(rowOf(createLookup('sims.yaml', 'sim', yaml), 'a').iccid, '8935810012345678901');
});

test('reads CSV with semicolons, quotes, CRLF, blanks and a byte order mark', () => {
  const text = '\uFEFFvehicle; capacity ;model\r\n"01029";78;"Volvo ""8900""; long"\r\n\r\n';
  const table = createLookup('fleet.csv', 'vehicle', text);
  assert.deepEqual(rowOf(table, '01029'), { vehicle: '01029', capacity: 78, model: 'Volvo "8900"; long' });
});

test('reads the same table out of YAML and JSON, as a list or by key', () => {
  const yamlList = '- vehicle: 01029\n  capacity: 78\n  model: Volvo 8900\n  low_floor: true\n  code: 007\n';
  const yamlMap = '01029: { capacity: 78, model: Volvo 8900, low_floor: true, code: 007 }\n';
  for (const text of [yamlList, yamlMap]) {
    const table = createLookup('fleet.yaml', 'vehicle', text);
    assert.deepEqual(rowOf(table, '01029'), { ...asRead, code: '007' });
  }
  const row = { capacity: 78, model: 'Volvo 8900', low_floor: true, code: '007' };
  for (const value of [[{ vehicle: '01029', ...row }], { '01029': row }]) {
    assert.deepEqual(rowOf(createLookup('fleet.json', 'vehicle', JSON.stringify(value)), '01029'), asRead);
  }
  const numbers = createLookup('fleet.json', 'vehicle', '[{"vehicle": 1029, "code": "12"}]');
  assert.deepEqual(rowOf(numbers, '1029'), { vehicle: '1029', code: '12' });
});

test('can be swapped for new rows, but not for other columns', () => {
  const table = createLookup('fleet.csv', 'vehicle', csv);
  const capacity = table.columns.get('capacity')!;
  table.replace('vehicle,capacity,model,low_floor,code\n7,90,x,true,a\n');
  assert.deepEqual([capacity.version, capacity.value('7'), capacity.value('01029')], [1, 90, null]);
  table.replace('vehicle,capacity,model,low_floor,code\n7,,x,true,a\n');
  assert.equal(capacity.value('7'), null);
  assert.throws(() => table.replace('vehicle,capacity\n7,many\n'), {
    message: 'column capacity of fleet.csv was number, and is string',
  });
  assert.throws(() => table.replace('vehicle\n7\n'), {
    message: 'column capacity of fleet.csv was number, and is gone',
  });
  assert.deepEqual([capacity.version, rowOf(table, '7').model], [2, 'x']);
});

/** The name and text of a table, what is said of it, and what to do. */
const mistakes: readonly (readonly [name: string, text: string, message: string, remedy: string])[] = [
  ['fleet.csv', '', 'fleet.csv has no column `vehicle`', 'the table is empty: write a header and rows'],
  ['fleet.csv', 'bus,capacity\n1,2\n', 'fleet.csv has no column `vehicle`', 'its columns: bus, capacity'],
  [
    'fleet.csv',
    'vehicle,capacity\n1,2\n1,3\n',
    'vehicle 1 stands twice in fleet.csv',
    'keep one row for each',
  ],
  [
    'fleet.csv',
    'vehicle,capacity\n,2\n',
    'row 1 of fleet.csv has no `vehicle`',
    'fill it in, or delete the row',
  ],
  [
    'fleet.csv',
    'vehicle,a,a\n1,2,3\n',
    'column a stands twice in fleet.csv',
    'give each column its own name',
  ],
  [
    'fleet.csv',
    'vehicle,capacity\n1,2,3\n',
    'fleet.csv cannot be read: Invalid Record Length: columns length is 2, got 3 on line 2',
    'correct the file',
  ],
  ['fleet.json', '7', 'fleet.json is not a table', 'write a list of rows: [{ vehicle: …, … }, …]'],
  ['fleet.json', '[1]', 'fleet.json is not a table', 'write a list of rows: [{ vehicle: …, … }, …]'],
  [
    'fleet.json',
    '[{"vehicle": "1", "doors": [1]}]',
    'column doors of fleet.json holds lists or objects',
    'one value for each cell',
  ],
  [
    'fleet.yaml',
    '- vehicle: [1\n',
    'fleet.yaml cannot be read: Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1',
    'correct the file',
  ],
  [
    'fleet.xlsx',
    'PK',
    'fleet.xlsx is not a kind of table that is known',
    'use one of .csv, .json, .yaml, .yml',
  ],
];

for (const [name, text, message, remedy] of mistakes) {
  test(`refuses ${name} of ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => createLookup(name, 'vehicle', text),
      (error) => {
        assert.ok(error instanceof GatewayError);
        assert.deepEqual([error.message, error.remedy], [message, remedy]);
        return true;
      },
    );
  });
}

test('numbers with a comma are told, and are text', () => {
  const table = createLookup('a.csv', 'k', 'k;limit;place;when\n1;90,5;60,1 N;1\n2;80;61,2 N;2\n');
  assert.equal(table.columns.get('limit')!.type, 'string');
  assert.deepEqual(table.oddities, [
    {
      message: 'column limit of a.csv is text, for a number has a point: it holds 90,5',
      remedy: 'write 90.5',
    },
  ]);
});
