import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { readYaml } from './document.ts';
import type { KeyPath, Place } from './located.ts';

function read(text: string) {
  return readYaml('x.yaml', '/x.yaml', text);
}

function marked({ text, column, length }: Place): string {
  return text.slice(column - 1, column - 1 + length);
}

test('a span of an expression stands where it is written, in every style', () => {
  const expression = 'load > "it\'s" && laod < 5';
  const writings: [string, string][] = [
    ['plain', `rules:\n  - when: ${expression.replaceAll('"', "'")}\n`],
    ['single', `rules:\n  - when: '${expression.replaceAll("'", "''")}'\n`],
    ['double', `rules:\n  - when: ${JSON.stringify(expression)}\n`],
    ['flow', `rules: [{ when: ${JSON.stringify(expression)}, for: 1s }]\n`],
    ['literal', `rules:\n  - when: |\n      ${expression}\n`],
    ['folded', `rules:\n  - when: >-\n      load > "it's" &&\n      laod < 5\n`],
    ['stripped literal', `rules:\n  - when: |2-\n        ${expression}\n`],
    ['plain over lines', `rules:\n  - when: load > 5 &&\n\n      laod < 5\n`],
    ['double over lines', `rules:\n  - when: "load \\\n      > 5 && laod < 5"\n`],
    ['double with escapes', `rules:\n  - when: "\\x41\\u00e4 \\U0001F68C \\n\\t\\" laod"\n`],
    ['with a comment', `rules:\n  - when: load > 5 && laod < 5   # laod laod\n`],
    ['CR LF', `rules:\r\n  - when: >\r\n      load > 5 &&\r\n      laod < 5\r\n`],
  ];
  for (const [style, text] of writings) {
    const file = read(text);
    assert.deepEqual(file.diagnostics, [], style);
    const value = (file.value as { rules: { when: string }[] }).rules[0]!.when;
    const start = value.indexOf('laod');
    const place = file.locate(['rules', 0, 'when'], { start, end: start + 4 });
    assert.equal(marked(place), 'laod', `${style}: ${JSON.stringify(place)}`);
  }
});

test('folded texts: every word stands where it is written', () => {
  const word = fc.stringMatching(/^[a-z0-9<>&|.+*äé🚌]{1,9}$/u);
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 30 }),
      fc.constantFrom('PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_FOLDED', 'BLOCK_LITERAL'),
      (words, style) => {
        const text = stringify(
          { a: { when: words.join(' ') } },
          { defaultStringType: style as 'PLAIN', lineWidth: 30 },
        );
        const file = read(text);
        const value = (file.value as { a: { when: unknown } }).a.when;
        if (typeof value !== 'string') return;
        let start = 0;
        for (const one of words) {
          start = value.indexOf(one, start);
          const place = file.locate(['a', 'when'], { start, end: start + one.length });
          assert.equal(marked(place), one, text);
          start += one.length;
        }
      },
    ),
  );
});

test('keys, values, what is missing and what is beyond', () => {
  const file = read('a: 1\nb:\n  - c: [x, y]\n    d:\ne: *f\n'.replace('a: 1', 'a: &f 1'));
  const cases: [KeyPath, number, string][] = [
    [[], 1, 'a: &f 1'],
    [['a'], 1, '1'],
    [['b', 0, 'c', 1], 3, 'y'],
    [['b', 0, 'c'], 3, '[x, y]'],
    [['b', 0, 'zzz'], 3, 'c'],
    [['b', 7], 2, 'b'],
    [['a', 0], 1, '1'],
    [['b', 0, 'd'], 4, ''],
  ];
  for (const [path, line, text] of cases) {
    const place = file.locate(path);
    assert.deepEqual([place.line, marked(place)], [line, text], JSON.stringify(path));
  }
  assert.equal(marked(file.locateKey(['b', 0, 'c'])), 'c');
});

test('mistakes of YAML, in words', () => {
  const cases: [string, string][] = [
    ['a: 1\na: 2', '2:1 this key stands twice'],
    ['a:\n\tb: 1', '2:1 a tab indents this line'],
    ['a:\n  - b: 1\n   c: 2\n  - d: 3', '3:4 this line is not indented like its neighbours'],
    ['a:\n  b: 1\n    c: 2\n  d: 3', '3:5 this line is not indented like its neighbours'],
    ['a:\n  - b: 1\n    c:\n\t  d: 1\n      e: 2\n\tf: 1', '4:1 a tab indents this line'],
    ['a: "open" == b', '1:11 the value ended with its closing quote'],
    ['a: {b} is hot', '1:8 the value ended with its closing bracket'],
    ['a: !open && b', '1:4 a value that starts with `!` needs quotes'],
    ['a: [b]]', '1:7 a `]` without its `[`'],
    ['a: 1\nb:2\nc: 3', '2:1 the colon needs a space after it'],
    ['a: [1, 2\nb: 3', '1:4 a bracket is not closed: `]` is missing'],
    ['a: "x\nb: 3', '1:4 a quote is not closed'],
    ['a: 1\n---\nb: 2', '2:1 a second document starts here'],
    ['message: Bus: full', '1:10 a second `: ` on one line'],
    ['from: rule: load', '1:7 a blank after `rule:`'],
    ['a: *b', '1:4 this alias leads nowhere'],
    ['a: 1\nb:\n  <<: 3', '3:3 `<<` takes a map, or an alias of one'],
    ['a: &b [*b]', '1:8 an alias contains itself'],
    ['a: 1\nb', '2:1 this line has no `key: `'],
    ['a: @x', '1:4 text cannot start with this character'],
    ['{a: $' + '{B}}', '1:6 a reference to the environment inside { } or [ ] needs quotes'],
  ];
  for (const [text, expected] of cases) {
    const [first] = read(text).diagnostics;
    assert.equal(first && `${first.line}:${first.column} ${first.message}`, expected, text);
  }
});

test('an alias bomb is refused, fast', () => {
  const levels = Array.from({ length: 12 }, (_, i) =>
    i === 0
      ? 'a0: &a0 [x, x, x, x, x, x, x, x, x]'
      : `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
  );
  const file = read(levels.join('\n'));
  assert.equal(file.value, undefined);
  assert.equal(file.diagnostics[0]?.message, 'aliases unfold to too much data');
});

test('text nested thousands of levels deep is a diagnostic', () => {
  const file = read('['.repeat(100_000));
  assert.equal(file.value, undefined);
  assert.ok(file.diagnostics.length > 0);
});

test('secrets are masked in every quoted line, also of broken files', () => {
  const secret = 'hunter2';
  const texts = [
    `mqtt: { password: ${secret}, qos: 7 }\nbad`,
    `mqtt: { passwrod: "${secret}", x: [ }`,
    `password: >-\n  ${secret}\nx: *nowhere`,
    `headers:\n  X-Key: ${secret}\nx: *nowhere`,
    `url: mqtt://user:${secret}@host\nx: [`,
    `token: '${secret}\n`,
    `a: [\npassword: ${secret} }`,
  ];
  for (const text of texts) {
    const file = read(text);
    const lines = text.split('\n').map((_, i) => file.locate([...Array(i).keys()]).text);
    const shown = JSON.stringify([
      file.diagnostics,
      lines,
      file.locate(['password']),
      file.locate(['headers', 'X-Key']),
    ]);
    assert.ok(file.diagnostics.length > 0 && !shown.includes(secret), `${text}\n${shown}`);
  }
});

test('reading never throws, and every place is in the file', () => {
  const bits = fc.constantFrom(
    'a',
    ': ',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '*a',
    '&a ',
    '|',
    '>',
    '#',
    '\t',
    '\r\n',
    '!x',
    '---',
    '<<',
    '💥',
    '\\',
    '%',
    '\u2028',
    '\uFEFF',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(bits, { maxLength: 60 }).map((parts) => parts.join('')),
      ),
      (text) => {
        const file = read(text);
        const places = [
          ...file.diagnostics,
          file.locate([]),
          file.locate(['a', 0, 'b'], { start: 3, end: 9 }),
          file.locateKey(['a']),
        ];
        const lines = text.replace(/^\uFEFF/, '').split('\n');
        for (const { line, column, length, text: quoted } of places) {
          assert.ok(line >= 1 && line <= lines.length && column >= 1 && length >= 1);
          assert.equal(quoted.length, lines[line - 1]!.replace(/\r$/, '').length);
          assert.ok(column + length - 1 <= quoted.length + 1);
        }
        if (file.value === undefined)
          assert.ok(file.diagnostics.some(({ severity }) => severity === 'error'));
      },
    ),
    { numRuns: 3000 },
  );
});
