import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GatewayError } from '../core/errors.ts';
import { compilePattern, maxSteps } from './pattern.ts';

/** Patterns that JavaScript (with the flag u) and RE2 read alike; V8 finds \\B inside of a surrogate pair. */
const pattern = fc.letrec<{ either: string; sequence: string; item: string; atom: string }>((tie) => ({
  either: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((options) => options.join('|')),
  sequence: fc.array(tie('item'), { maxLength: 4 }).map((items) => items.join('')),
  item: fc.oneof(
    { weight: 3, arbitrary: tie('atom') },
    fc
      .tuple(tie('atom'), fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{0,2}', '*?', '+?'))
      .map((parts) => parts.join('')),
    fc.constantFrom('^', '$', '\\b'),
  ),
  atom: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom(
      'a',
      'b',
      '.',
      '\\d',
      '\\W',
      '\\s',
      '[ab]',
      '[^a]',
      '[a-c1]',
      '\\.',
      '\\n',
      'é',
      '🚌',
      '[🚌é]',
    ),
    tie('either').map((inner) => `(${inner})`),
    tie('either').map((inner) => `(?:${inner})`),
  ),
})).either;

const text = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', '1', '.', ' ', '\n', 'é', '🚌'),
  maxLength: 12,
});

test('finds what the regular expressions of JavaScript find', () => {
  fc.assert(
    fc.property(
      pattern.filter((source) => source.length < 80),
      fc.array(text, { minLength: 1, maxLength: 8 }),
      (source, texts) => {
        const ours = compilePattern(source);
        const theirs = new RegExp(source, 'u');
        for (const one of texts)
          assert.equal(ours(one), theirs.test(one), `${source} on ${JSON.stringify(one)}`);
      },
    ),
    { seed: 1, numRuns: 1500 },
  );
});

test('is not held up by patterns that make others go through all ways', () => {
  const long = 'a'.repeat(20_000);
  for (const source of ['(a+)+$', '(a|a)*b', '(.*)*x', '(a*)*(a*)*(a*)*b', '(a?){50}a{50}$', 'a*a*a*a*a*b']) {
    assert.equal(compilePattern(source)(`${long}!`), false, source);
  }
});

test('ignores case after (?i)', () => {
  assert.equal(compilePattern('(?i)^bus [a-c]É$')('BUS Bé'), true);
  assert.equal(compilePattern('(?i)[^a]')('A'), false);
  assert.equal(compilePattern('bus')('BUS'), false);
});

test('knows the escapes of RE2', () => {
  const match = (source: string, one: string): boolean => compilePattern(source)(one);
  assert.equal(match('\\A\\x41\\x{1F68C}\\z', 'A🚌'), true);
  assert.equal(match('^(?P<line>\\d+)-(?<stop>\\w+)$', '550-a1'), true);
  assert.equal(match('[\\d.-]+$', '-12.5'), true);
  assert.equal(match('^[]a]$', ']'), true);
  assert.equal(match('a{,2}', 'a{,2}'), true);
  assert.equal(match('^.$', '\n'), false);
  assert.equal(match('a\\Bb', 'ab'), true);
  assert.equal(match('\\B', 'a🚌a'), false);
});

test('refuses what it cannot match in linear time, or does not know, with a remedy', () => {
  const refused: readonly (readonly [source: string, message: string, remedy: string])[] = [
    ['(?=a)', 'a pattern cannot look ahead or behind', 'combine two matches with && and !'],
    ['(a)\\1', 'a pattern cannot refer back to a group', 'compare two fields with == instead'],
    ['(a', 'the pattern has a `(` without its `)`', 'write \\( for the sign'],
    ['a)', 'the pattern has a `)` without its `(`', 'write \\) for the sign'],
    ['*a', 'the pattern has a `*` with nothing to repeat', 'write \\* for the sign'],
    ['a**', 'the pattern repeats a repetition', 'write (?:…) around the first one'],
    ['[a', 'the pattern has a `[` without its `]`', 'write \\[ for the sign'],
    ['[z-a]', 'the pattern has a range whose end comes before its start', 'write \\- for the sign'],
    ['[[:alpha:]]', 'named classes such as [:alpha:] are not known', 'write the ranges: [A-Za-z]'],
    ['\\q', 'the pattern has an unknown escape \\q', 'write q for the letter'],
    ['a\\', 'the pattern ends in a backslash', 'write \\\\ for the sign'],
    ['(?s)a', 'the pattern has an unknown group (?s', 'write (…), (?:…), or (?i) at the start'],
    ['a{3,2}', 'the pattern repeats {3,2}', 'the first number is the smaller one, and at most 1000'],
    ['a{1001}', 'the pattern repeats {1001}', 'the first number is the smaller one, and at most 1000'],
    ['\\xZZ', 'the pattern has an unknown character code after \\x', 'write \\x41 or \\x{1F68C}'],
    [
      '(a{100}){100}',
      `the pattern has more than ${maxSteps} steps once its repetitions are written out`,
      'repeat less, or use * and +',
    ],
    [`${'('.repeat(60)}a${')'.repeat(60)}`, 'the pattern nests more than 50 groups', 'write it flatter'],
  ];
  for (const [source, message, remedy] of refused) {
    assert.throws(
      () => compilePattern(source),
      (error) => error instanceof GatewayError && error.message === message && error.remedy === remedy,
      source,
    );
  }
});

test('does not hang while it compiles repetitions of nothing', () => {
  assert.equal(compilePattern('((((){1000}){1000}){1000}){1000}')(''), true);
});

test('throws nothing but an error with a remedy, whatever the pattern', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), text, (source, one) => {
      try {
        assert.equal(typeof compilePattern(source)(one), 'boolean');
      } catch (error) {
        assert.ok(error instanceof GatewayError && error.remedy, String(error));
      }
    }),
    { seed: 1, numRuns: 1500 },
  );
});
