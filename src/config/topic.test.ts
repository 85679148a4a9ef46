import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTopic, TopicError } from './topic.ts';

test('levels in braces are tags, in order', () => {
  const pattern = parseTopic('/hfp/v2/journey/ongoing/+/bus/{operator}/{vehicle}/#');
  assert.equal(pattern.filter, '/hfp/v2/journey/ongoing/+/bus/+/+/#');
  assert.deepEqual(pattern.tagNames, ['operator', 'vehicle']);
  assert.deepEqual(pattern.match('/hfp/v2/journey/ongoing/vp/bus/0018/00423/x/y'), ['0018', '00423']);
  assert.equal(pattern.match('hfp/v2/journey/ongoing/vp/bus/0018/00423/x'), undefined);
});

test('matches as MQTT 3.1.1 section 4.7 says', () => {
  const cases: [string, string, boolean][] = [
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/#', 'sport', true],
    ['sport/#', 'sports', false],
    ['#', 'sport', true],
    ['#', '/', true],
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['{a}', '/finance', false],
    ['#', '$SYS/broker', false],
    ['+/monitor/Clients', '$SYS/monitor/Clients', false],
    ['{a}/monitor/Clients', '$SYS/monitor/Clients', false],
    ['$SYS/#', '$SYS/monitor/Clients', true],
    ['$SYS/{x}/Clients', '$SYS/monitor/Clients', true],
    ['a/b', 'a/b/', false],
    ['a/b', 'a', false],
    ['a/b/', 'a/b', false],
    ['a', 'ab', false],
    ['$share/group/a/{x}', 'a/1', true],
  ];
  for (const [pattern, topic, matches] of cases) {
    assert.equal(parseTopic(pattern).match(topic) !== undefined, matches, `${pattern} on ${topic}`);
  }
  assert.equal(parseTopic('$share/group/a/{x}').filter, '$share/group/a/+');
});

test('mistakes mark the level', () => {
  const cases: [string, number, number, string, string][] = [
    ['', 0, 1, 'a topic is empty', 'name a topic, or # for all'],
    [
      'bus/{vehicle}-x',
      4,
      15,
      'a {name} takes a whole level, not part of `{vehicle}-x`',
      'write it between slashes: bus/{vehicle}/state',
    ],
    [
      'bus/{vehicle',
      4,
      12,
      'a {name} takes a whole level, not part of `{vehicle`',
      'write it between slashes: bus/{vehicle}/state',
    ],
    [
      'bus/{}',
      4,
      6,
      '`{}` does not name a tag',
      'letters, digits and _ only, not starting with a digit: {vehicle}',
    ],
    [
      'bus/{1st}/x',
      4,
      9,
      '`{1st}` does not name a tag',
      'letters, digits and _ only, not starting with a digit: {vehicle}',
    ],
    ['{a}/{a}', 4, 7, '{a} is used twice', 'give each level its own name, or use + for one of them'],
    ['a/#/b', 2, 3, '# is not the last level', '# stands for all that follows; for one level use +'],
    ['a/b#', 2, 4, '# takes a whole level, not part of `b#`', 'write it between slashes'],
    ['a/+b/c', 2, 4, '+ takes a whole level, not part of `+b`', 'write it between slashes'],
    ['a/\0', 2, 3, 'a topic cannot hold NUL', 'remove it'],
    ['$share/g/a/b#', 11, 13, '# takes a whole level, not part of `b#`', 'write it between slashes'],
  ];
  for (const [pattern, start, end, message, remedy] of cases) {
    assert.throws(() => parseTopic(pattern), { name: 'TopicError', message, remedy, start, end }, pattern);
  }
});

/** The standard's words, level by level, recursively. */
function matchesBySpec(filter: string[], topic: string[]): boolean {
  const [first, ...rest] = filter;
  if (first === undefined) return topic.length === 0;
  if (first === '#') return true;
  if (topic.length === 0) return false;
  return (first === '+' || first === topic[0]) && matchesBySpec(rest, topic.slice(1));
}

test('agrees with a second reading of the standard', () => {
  const level = fc.constantFrom('a', 'b', '', '$x', 'ab');
  const word = fc.constantFrom('a', 'b', '', '$x', '+', '{t}', 'ab');
  const filters = fc.tuple(fc.array(word, { minLength: 1, maxLength: 4 }), fc.boolean());
  fc.assert(
    fc.property(filters, fc.array(level, { minLength: 1, maxLength: 5 }), ([words, open], topic) => {
      const named = words.map((text, i) => (text === '{t}' ? `{t${i}}` : text));
      const all = open ? [...named, '#'] : named;
      const text = all.join('/');
      if (text === '') return;
      const plain = all.map((one) => (one.startsWith('{') ? '+' : one));
      const hidden = topic[0]!.startsWith('$') && (plain[0] === '+' || plain[0] === '#');
      const tags = parseTopic(text).match(topic.join('/'));
      assert.equal(
        tags !== undefined,
        !hidden && matchesBySpec(plain, topic),
        `${text} on ${topic.join('/')}`,
      );
      if (tags)
        assert.deepEqual(
          tags,
          topic.filter((_, i) => named[i]?.startsWith('{')),
        );
    }),
    { numRuns: 2000 },
  );
});

test('any text gives a pattern or a TopicError within it', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '/', '{', '}', '+', '#', '$', '\0') }), (text) => {
      try {
        parseTopic(text);
      } catch (error) {
        assert.ok(
          error instanceof TopicError && error.start < error.end && error.end <= Math.max(1, text.length),
        );
      }
    }),
  );
});
