import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { table, wantsColours } from './table.ts';

const columns = [{ title: 'name' }, { title: 'count', align: 'right' }, { title: 'where' }] as const;
const rows = [
  ['Itä-Pakila', '7', { text: 'here', style: 'red' }],
  ['東京', '12,345', ''],
  ['a\x1b[2Jb', '', 'there\n'],
] as const;

test('columns are as wide as their widest cell on the screen; numbers stand right', () => {
  assert.deepEqual(table(columns, rows, false), [
    'name         count  where',
    'Itä-Pakila       7  here',
    '東京        12,345',
    'a·[2Jb              there·',
  ]);
});

test('colours move nothing', () => {
  const painted = table(columns, rows, true);
  assert.ok(painted[1]?.includes('\x1b[31mhere'));
  assert.deepEqual(
    painted.map((line) => stripVTControlCharacters(line).trimEnd()),
    table(columns, rows, false),
  );
});

test('colours are for terminals whose user wants them', () => {
  const { NO_COLOR } = process.env;
  try {
    delete process.env.NO_COLOR;
    delete process.env.NODE_DISABLE_COLORS;
    assert.equal(wantsColours({ isTTY: true }), true);
    assert.equal(wantsColours({}), false);
    process.env.NO_COLOR = '1';
    assert.equal(wantsColours({ isTTY: true }), false);
  } finally {
    if (NO_COLOR === undefined) delete process.env.NO_COLOR;
    else process.env.NO_COLOR = NO_COLOR;
  }
});
