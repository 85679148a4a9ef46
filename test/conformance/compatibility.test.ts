/** docs/compatibility.md names every vector once, and says of each rightly whether it is run. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { allIds, allVectors } from './vectors.ts';

const page = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');
/** Rows of the table of vectors: the only ones whose first cell has a slash. */
const rows = [...page.matchAll(/^\| (\w+\/\w+) \| (.*?) \| (.*?) \|$/gm)].map(([, id, applies, reason]) => ({
  id: id!,
  applies: applies!,
  reason: reason!,
}));

test('every vector stands once in the table, in the order of the collection', () => {
  const ids = rows.map(({ id }) => id);
  assert.deepEqual(ids, allIds());
  assert.equal(new Set(ids).size, ids.length);
});

test('the vectors that apply are those that are run', () => {
  const applying = rows.filter(({ applies }) => applies === 'yes').map(({ id }) => id);
  assert.deepEqual(
    applying.toSorted(),
    allVectors()
      .map(({ id }) => id)
      .toSorted(),
  );
  const others = rows.filter(({ applies }) => applies !== 'yes');
  assert.ok(others.every(({ applies, reason }) => applies === 'no' && reason.length > 10));
});
