import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileText } from './compile.ts';
import { createFleet, testScope } from './testing.ts';

const scope = testScope(createFleet({}));

type Told = readonly [message: string, marked: string, remedy: string | undefined];

function told(text: string, wanted?: Parameters<typeof compileText>[2]): Told[] {
  return compileText(text, scope, wanted).problems.map(({ message, start, end, remedy }) => [
    message,
    text.slice(start, end),
    remedy,
  ]);
}

const known = 'known here: x, y, d, s, site, limit, fleet.capacity, fleet.kind';

/** What people write; what they are told, at which part, and what to do. */
const mistakes: Readonly<Record<string, readonly Told[]>> = {
  'tmp > 90': [['unknown field `tmp` of device press', 'tmp', known]],
  'sit == "a"': [['unknown field `sit` of device press', 'sit', 'did you mean `site`?']],
  'x > fleet.capacty': [
    ['unknown field `fleet.capacty` of device press', 'fleet.capacty', 'did you mean `fleet.capacity`?'],
  ],
  'has(q1) || q2 > 1': [
    ['unknown field `q1` of device press', 'q1', known],
    ['unknown field `q2` of device press', 'q2', known],
  ],
  'x > 90s': [
    ['`90s` is a duration: only a function that asks for one takes it', '90s', 'write seconds as a number'],
  ],
  'abs(1h) + size(2d)': [
    ['`1h` is a duration: only a function that asks for one takes it', '1h', 'write seconds as a number'],
    ['`2d` is a duration: only a function that asks for one takes it', '2d', 'write seconds as a number'],
  ],
  's > 5': [
    [
      '`s` is a string, `5` a number: `>` compares two of one type',
      's > 5',
      'write "5" in quotes, or double(s)',
    ],
  ],
  'site > x': [
    ['`site` is a string, `x` a number: `>` compares two of one type', 'site > x', 'write double(site)'],
  ],
  'x == "90"': [
    [
      '`x` is a number, `"90"` a string: `==` compares two of one type',
      'x == "90"',
      'write 90 without quotes',
    ],
  ],
  'd == 1': [
    [
      '`d` is a boolean, `1` a number: `==` compares two of one type',
      'd == 1',
      'a boolean is true or false: write d or !d',
    ],
  ],
  'x + s': [
    [
      '`x` is a number, `s` a string: `+` joins two of one type',
      'x + s',
      'write string(x) to join texts, double(s) to add',
    ],
  ],
  'd + 1': [['`d` is a boolean: `+` adds numbers or joins strings', 'd', 'write (d ? 1 : 0)']],
  'x && d': [['`x` is a number: `&&` joins conditions', 'x', 'write x != 0, or another comparison']],
  's || s': [
    ['`s` is a string: `||` joins conditions', 's', 'write s == "…"'],
    ['`s` is a string: `||` joins conditions', 's', 'write s == "…"'],
  ],
  '!x': [['`x` is a number: `!` turns a condition round', 'x', 'write x != 0, or another comparison']],
  '-s': [['`s` is a string: `-` works on numbers', 's', 'write double(s)']],
  '1 < x < 9': [['`<` compares two values, not three', '1 < x < 9', 'write 1 < x && x < 9']],
  'x ? 1 : 2': [
    ['`x` is a number: `? :` starts with a condition', 'x', 'write x != 0, or another comparison'],
  ],
  'd ? 1 : s': [
    [
      '`1` is a number, `s` a string: `? :` chooses between two of one type',
      'd ? 1 : s',
      'write "1" in quotes, or double(s)',
    ],
  ],
  'd ? null : null': [['both branches are null', 'd ? null : null', 'give one of them a value']],
  'x + null': [['null is no value to compute with', 'null', 'test for it: x == null, x != null or has(x)']],
  'x in ["1"]': [['`"1"` is a string, `x` a number: never equal', '"1"', 'write values of one type']],
  's in [site]': [['`site` is not a constant', 'site', 'compare it with ==, and join comparisons with ||']],
  '"a" in s': [
    ['`in` looks into a list; `s` is a string', 's', 'for a part of a text write s.contains("a")'],
  ],
  '[1, 2]': [['a list is no value', '[1, 2]', 'a list stands after `in`: state in ["open", "closed"]']],
  'abz(x)': [['unknown function `abz`', 'abz', 'did you mean `abs`?']],
  'abs()': [['`abs` takes 1 argument, not 0', 'abs()', 'write abs(x)']],
  'pow(x, 1, 2)': [['`pow` takes 2 arguments, not 3', 'pow(x, 1, 2)', 'write pow(x, y)']],
  'least(x)': [['`least` takes at least 2 arguments, not 1', 'least(x)', 'write least(x, y, …)']],
  'least(x, s)': [
    [
      '`s` is a string; `least(x, y, …)` takes a number there',
      's',
      'give `least` a number; double("…") reads one from a text',
    ],
  ],
  'size(x)': [['`x` is a number; `size(text)` takes a string there', 'x', 'write string(x)']],
  'x.abs()': [['`abs` is not written after a dot', 'x.abs()', 'write abs(x)']],
  'math.abs(x)': [['`math.` is not needed', 'math.abs(x)', 'write abs(x)']],
  'contains(s, "a")': [['`contains` is written after a text and a dot', 'contains', 'write s.contains("a")']],
  's.contains()': [['`contains` takes 1 argument, not 0', 's.contains()', 'write text.contains(part)']],
  's.matches("(")': [['the pattern has a `(` without its `)`', '"("', 'write \\( for the sign']],
  's.matches(site)': [
    ['the last argument of `matches` is a constant; `site` is not', 'site', 'write it out, in quotes'],
  ],
  'x.temp': [
    [
      '`x` has no parts',
      'x.temp',
      'only a lookup table has columns; parts of a payload are fields of the device profile',
    ],
  ],
  'x > 1 && tmp.y == abs(s)': [
    ['unknown field `tmp.y` of device press', 'tmp.y', known],
    [
      '`s` is a string; `abs(x)` takes a number there',
      's',
      'give `abs` a number; double("…") reads one from a text',
    ],
  ],
};

for (const [text, expected] of Object.entries(mistakes)) {
  test(`explains ${text}`, () => assert.deepEqual(told(text), expected));
}

test('a place may ask for a type', () => {
  const wanted = { type: 'boolean', what: '`where`' } as const;
  assert.deepEqual(told('(x + 1) * 2', wanted), [
    [
      '`where` is a condition; `(x + 1) * 2` is a number',
      '(x + 1) * 2',
      'compare it with something: ((x + 1) * 2) > 0',
    ],
  ]);
  assert.deepEqual(told('s', wanted), [
    ['`where` is a condition; `s` is a string', 's', 'compare it with something: s == "…"'],
  ]);
  assert.deepEqual(told('x > 1', wanted), []);
});

test('names of the language of the machine below are not names here', () => {
  for (const text of ['constructor', 'toString()', 'hasOwnProperty(x)', 'fleet.constructor', 'x.__proto__']) {
    assert.equal(told(text).length, 1, text);
  }
});

test('a syntax error comes as a problem too', () => {
  assert.deepEqual(told('x >'), [
    ['a value is missing after `>`', '', 'complete the expression or remove the operator'],
  ]);
});
