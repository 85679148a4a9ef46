import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Ast, childrenOf, print } from './ast.ts';
import { ExpressionError } from './error.ts';
import { maxCharacters, parse } from './parse.ts';

test('gives every part its place, parentheses included', () => {
  const text = '(a + b) * fleet.c > 3 && !(d || e.contains("x)"))';
  const places: string[] = [];
  const walk = (node: Ast): void => {
    places.push(text.slice(node.start, node.end));
    childrenOf(node).forEach(walk);
  };
  walk(parse(text));
  assert.deepEqual(places, [
    text,
    '(a + b) * fleet.c > 3',
    '(a + b) * fleet.c',
    'a + b',
    'a',
    'b',
    'fleet.c',
    'fleet',
    '3',
    '!(d || e.contains("x)"))',
    'd || e.contains("x)")',
    'd',
    'e.contains("x)")',
    'e',
    '"x)"',
  ]);
});

test('prints equal trees alike, and different ones differently', () => {
  const same = (a: string, b: string): void => assert.equal(print(parse(a)), print(parse(b)));
  same('max( load )/ 2', '(max(load)) / 2');
  same('a+b*c', 'a + (b * c)');
  same("s == 'x'", 's == "x" // note');
  same('fleet["capacity"]', 'fleet.capacity');
  assert.notEqual(print(parse('a - (b - c)')), print(parse('a - b - c')));
  assert.notEqual(print(parse('f("1")')), print(parse('f(1)')));
  assert.notEqual(print(parse('t["a + t.b"]')), print(parse('t.a + t.b')));
});

test('reads literals as CEL writes them, numbers as doubles', () => {
  const values: readonly (readonly [string, unknown])[] = [
    ['12', 12],
    ['0x10', 16],
    ['1.5e3', 1500],
    ['9007199254740992', 2 ** 53],
    ['true', true],
    ['null', null],
    [`'it\\'s'`, "it's"],
    ['r"\\d"', '\\d'],
    ['"""a\nb"""', 'a\nb'],
    ['"\\u00e9\\x41"', 'éA'],
  ];
  for (const [text, value] of values) {
    const node = parse(text);
    assert.ok(node.kind === 'literal');
    assert.equal(node.value, value);
  }
});

test('finds durations where the parser would not, and nowhere else', () => {
  const durationsIn = (node: Ast): string[] => [
    ...(node.kind === 'duration' ? [node.text] : []),
    ...childrenOf(node).flatMap(durationsIn),
  ];
  const durations = ['1h', '500ms', '1.5h', '30s', '0d'];
  const others = [
    'x1h',
    '_1h',
    '1e3',
    '0x1d',
    '2.5',
    '"1h"',
    "'5m'",
    'r"\\\\1h"',
    '"\\" 1h"',
    '"""a" 1h"""',
    'm',
  ];
  const piece = fc.oneof(
    fc.constantFrom(...durations).map((text) => ({ text, found: [text] })),
    fc.constantFrom(...others).map((text) => ({ text, found: [] })),
    fc.constantFrom('// 1h "', '//5m').map((text) => ({ text: `y ${text}\n`, found: [] })),
  );
  const operator = fc.constantFrom(' + ', '+', ' < ', '&&');
  fc.assert(
    fc.property(fc.array(fc.tuple(operator, piece), { minLength: 1 }), (parts) => {
      const text = parts.map(([sign, part], i) => (i === 0 ? '' : sign) + part.text).join('');
      const tree = parse(text);
      assert.deepEqual(
        durationsIn(tree),
        parts.flatMap(([, { found }]) => found),
      );
      const marked = (node: Ast): boolean =>
        (node.kind !== 'duration' || text.slice(node.start, node.end) === node.text) &&
        childrenOf(node).every(marked);
      assert.ok(marked(tree), text);
    }),
    { seed: 1 },
  );
});

/** What people write, what they are told, the marked text, and what to do. */
const mistakes: readonly (readonly [text: string, message: string, marked: string, remedy: string])[] = [
  ['', 'the expression is empty', '', 'write a condition or a value, such as temp > 90'],
  ['temp = 90', '`=` is not an operator', '=', 'write =='],
  ['temp => 90', '`=>` is not an operator', '=', 'write >='],
  ['temp > 90 and door', '`and` is not an operator', 'and', 'write &&'],
  ['temp > 90 OR door', '`OR` is not an operator', 'OR', 'write ||'],
  ['temp > 90 & door', '`&` is not an operator', '&', 'write &&'],
  ['not door', '`not` is not an operator', 'not', 'write !, such as !door or !(a > 5)'],
  ['temp <> 1', '`<>` is not an operator', '<>', 'write !='],
  ['temp > 90,5', 'a number has a point, not a comma', '90,5', 'write 90.5'],
  [
    'temp > 90 °C',
    '`°C` does not fit behind a number',
    '°C',
    'write numbers without their unit: 90; between two values an operator is missing',
  ],
  [
    'load > 90 kg && x',
    '`kg` does not fit behind a number',
    'kg',
    'write numbers without their unit: 90; between two values an operator is missing',
  ],
  ['if(temp > 1, 2, 3)', 'there is no `if`', 'if', 'write condition ? value : other'],
  ['temp ≥ 90', '`≥` is not a sign of CEL', '≥', 'write >='],
  ['state == “open”', '`“` is a quote of typesetting', '“', 'write a straight one: "'],
  ['temp ^ 2', '`^` is not an operator', '^', 'write pow(x, y)'],
  ['temp >', 'a value is missing after `>`', '', 'complete the expression or remove the operator'],
  ['f(t, 5 m)', '`m` does not fit here', 'm', 'write a duration without a space: 5m'],
  [
    't > 90degC',
    '`90degC` is neither a number nor a duration',
    '90degC',
    'write the number alone; durations are written 500ms, 30s, 5m, 1h or 7d',
  ],
  [
    'f(t, 1h30m)',
    '`1h30m` is neither a number nor a duration',
    '1h30m',
    'write the number alone; durations are written 500ms, 30s, 5m, 1h or 7d',
  ],
  ['level > 90%', 'a value is missing after `%`', '', 'write a percentage as a number: 0.9 for 90 %'],
  ['(temp > 1', 'the expression ends too early', '', 'a closing ) or ] is missing'],
  ['temp > 1)', 'a `)` without its `(`', ')', 'remove it, or add the `(`'],
  ['door ? 1', 'a `?` without its `:`', '', 'write condition ? value : other'],
  ['"abc', 'a string without its closing quote', '"abc', 'add the quote'],
  ['temp > .5', 'a number starts with a digit', '.', 'write 0.5, not .5'],
  ['temp > 90;', 'an expression has no `;`', ';', 'remove it'],
  ['5u', 'unsigned numbers such as 5u do not exist here', '5u', 'all numbers are doubles: write 5'],
  ['b"x"', 'bytes do not exist in rule expressions', 'b"x"', 'write a string, without the b before it'],
  [
    '9007199254740993',
    '9007199254740993 has no exact double: whole numbers are exact up to 2^53',
    '9007199254740993',
    'write 9.007199254740992e+15, which is what it would become',
  ],
  ['1e999', '1e999 does not fit a double', '1e999', 'the largest number is about 1.8e308'],
  ['"\\q"', '`\\q` is no character', '\\q', 'write \\\\ for a backslash, or r"…" for raw text'],
  [
    'loop > 1',
    '`loop` is a word that CEL keeps for itself',
    'loop',
    'give the field, tag or computed value another name',
  ],
  [
    'temp[0]',
    'only a lookup table has columns to reach with [ ], by a name in quotes',
    '0',
    'write fleet["column"]; elements of a payload are fields of the device profile',
  ],
  [
    '{a: 1}',
    'maps and optional values are not part of rule expressions',
    '{a: 1}',
    'use a lookup table, or `condition ? a : b`',
  ],
  [
    'a.exists(1, 2)',
    '`exists` works on lists; a reading has none',
    '1',
    'compare single values, joined with && or ||',
  ],
  [
    'temp door',
    '`door` does not fit here',
    'door',
    'an operator or a value is missing before it, or it is not needed',
  ],
];

for (const [text, message, marked, remedy] of mistakes) {
  test(`explains ${text || 'nothing at all'}`, () => {
    assert.throws(
      () => parse(text),
      (error) => {
        assert.ok(error instanceof ExpressionError);
        const found = [error.message, text.slice(error.start, error.end), error.remedy];
        assert.deepEqual(found, [message, marked, remedy]);
        return true;
      },
    );
  });
}

test('refuses expressions beyond its limits', () => {
  const tooLong = `a == "${'x'.repeat(maxCharacters)}"`;
  for (const text of [
    tooLong,
    `${'('.repeat(60)}a${')'.repeat(60)}`,
    `${'!'.repeat(2000)}a`,
    `a${' + a'.repeat(900)}`,
  ]) {
    assert.throws(() => parse(text), ExpressionError);
  }
});

test('throws nothing but its own error, at a place in the text', () => {
  const word = fc.constantFrom(
    'a',
    '1',
    '"x"',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '&&',
    '?',
    ':',
    '.',
    ',',
    'in',
    '-',
    '!',
    'has',
    '\\',
    "'",
    '"""',
    '//',
    '5u',
    '=',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
  );
  fc.assert(
    fc.property(text, (one) => {
      try {
        print(parse(one));
      } catch (error) {
        assert.ok(error instanceof ExpressionError, String(error));
        assert.ok(error.start >= 0 && error.start <= error.end, `${error.start} ${error.end}`);
        assert.ok(error.end <= one.length || error.start === one.length, `${error.end} of ${one.length}`);
        assert.ok(error.remedy);
      }
    }),
    { seed: 1, numRuns: 1500 },
  );
});
