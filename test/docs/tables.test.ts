/** What docs/rules.md says of functions, expressions and formats is what the program does. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileText } from '../../src/expression/compile.ts';
import { createFleet, rowsOf, tableOf, testScope, valuesOf } from '../../src/expression/testing.ts';
import { compileTemplate } from '../../src/rules/template.ts';
import { rulesPage, withTables } from './tables.ts';

const page = readFileSync(rulesPage, 'utf8');
const scope = testScope(createFleet({}));

test('the tables of functions and aggregates are those of the registries', () => {
  assert.equal(page, withTables(page), 'docs/rules.md is behind the registries: run `npm run docs`');
});

/** The cells in backquotes of a table between markers, without its two header lines. */
function rowsOfTable(name: string): [written: string, result: string][] {
  const table = new RegExp(`<!-- ${name}:.*-->\n([\\s\\S]*?)<!-- end -->`).exec(page)?.[1] ?? '';
  const rows = table.trim().split('\n').slice(2);
  assert.ok(rows.length > 0, `docs/rules.md has a table of ${name}`);
  return rows.map((row) => {
    const cells = /^\| `(.*)` \| `(.*)` \|$/.exec(row);
    assert.ok(cells, `${row}: two cells in backquotes`);
    return [cells[1]!.replaceAll('\\|', '|'), cells[2]!];
  });
}

function row(x: number) {
  return rowsOf([{ x, y: null, d: true, s: 'open', series: 0 }], tableOf(['7']));
}

for (const [written, result] of rowsOfTable('expressions')) {
  test(`${written} gives ${result}`, () => {
    const { compiled, problems } = compileText(written, scope);
    assert.deepEqual(problems, []);
    assert.deepEqual(valuesOf(compiled!, row(7)), [JSON.parse(result)]);
  });
}

for (const [written, result] of rowsOfTable('formats')) {
  test(`${written} shows ${result}`, () => {
    const { template, problems } = compileTemplate(written, scope);
    assert.deepEqual(problems, []);
    assert.equal(template!(row(1234.5678), 0), result);
  });
}
