import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { covers, filterProblem, levelsOf, matches } from './filters.ts';

const level = fc.constantFrom('a', 'b', '', '$x', '+');
const filter = fc
  .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, open]) => (open ? [...levels, '#'] : levels));
const topic = fc.array(fc.constantFrom('a', 'b', '', '$x', 'c'), { minLength: 1, maxLength: 5 });

/** Section 4.7 by a regular expression, to judge the loops by. */
function says(levels: readonly string[], name: readonly string[]): boolean {
  if (name[0]!.startsWith('$') && ['+', '#'].includes(levels[0]!)) return false;
  const parts = levels.map((one) => (one === '+' ? '[^/]*' : one.replace('$', '\\$')));
  const isOpen = parts.at(-1) === '#';
  const head = (isOpen ? parts.slice(0, -1) : parts).join('/');
  const tail = isOpen ? (parts.length === 1 ? '.*' : '(/.*)?') : '';
  return new RegExp(`^${head}${tail}$`).test(name.join('/'));
}

test('a filter matches as MQTT says', () => {
  fc.assert(fc.property(filter, topic, (one, name) => matches(one, name) === says(one, name)));
});

test('what is covered matches nothing beyond', () => {
  fc.assert(
    fc.property(filter, filter, topic, (permitted, asked, name) => {
      if (covers(permitted, asked) && says(asked, name)) assert.ok(says(permitted, name));
    }),
    { numRuns: 2000 },
  );
});

test('what is not covered matches something beyond', () => {
  const all = fc.sample(topic, { numRuns: 3000, seed: 1 });
  fc.assert(
    fc.property(filter, filter, (permitted, asked) => {
      // A fresh word at every wildcard; # as nothing, one level and two.
      const fill = (one: string): string => (one === '+' ? 'fresh' : one);
      const head = asked.filter((one) => one !== '#').map(fill);
      const widest = asked.at(-1) === '#' ? [head, [...head, 'fresh'], [...head, 'fresh', 'x']] : [head];
      const own = [...widest, ...all].filter((name) => name.length > 0 && says(asked, name));
      assert.equal(
        covers(permitted, asked) || own.length === 0,
        own.every((name) => says(permitted, name)),
      );
    }),
  );
});

test('filters that are none', () => {
  for (const bad of ['', 'a#', '+a', 'a+', 'a/#/b', '#/a', 'a/b+/c', 'a/'.repeat(40), 'x'.repeat(2000)]) {
    assert.ok(filterProblem(bad), bad);
  }
  for (const good of ['#', '+', '/', '//', 'a/#', '+/+', '/+/#', '$SYS/#']) {
    assert.equal(filterProblem(good), undefined, good);
  }
  assert.deepEqual(levelsOf('/a//'), ['', 'a', '', '']);
});
