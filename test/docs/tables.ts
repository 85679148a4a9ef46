/**
 * The tables of functions and aggregates in docs/rules.md, made from the registries that the program itself uses.
 *
 * `npm run docs` rewrites them; tables.test.ts fails while they differ.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { functions } from '../../src/expression/functions.ts';
import { aggregates } from '../../src/rules/functions.ts';
import { memoryFunctions } from '../../src/rules/memory/memory-functions.ts';

/** The page with the tables. */
export const rulesPage = new URL('../../docs/rules.md', import.meta.url);

type Entries = Readonly<Record<string, { readonly signature: string; readonly doc: string }>>;

/** The page with its tables made anew. Throws when it has no place for one of them. */
export function withTables(page: string): string {
  const withAggregates = withTable(page, 'aggregates', 'aggregate', aggregates);
  const withMemory = withTable(withAggregates, 'memory', 'function', memoryFunctions);
  return withTable(withMemory, 'functions', 'function', functions);
}

function withTable(page: string, name: string, heading: string, entries: Entries): string {
  const place = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
  if (!place.test(page)) throw new Error(`docs/rules.md has no <!-- ${name} --> … <!-- end -->`);
  const rows = Object.values(entries).map(
    ({ signature, doc }) => `| \`${cell(signature)}\` | ${cell(doc)} |\n`,
  );
  const table = `| ${heading} | gives |\n|---|---|\n${rows.join('')}`;
  return page.replace(place, (_, start: string, end: string) => start + table + end);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (import.meta.main) writeFileSync(rulesPage, withTables(readFileSync(rulesPage, 'utf8')));
