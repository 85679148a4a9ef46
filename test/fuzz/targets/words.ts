/** Small languages that users write: topics, paths, time patterns, regular expressions, expressions, messages. */

import assert from 'node:assert/strict';
import { DecodeError } from '../../../src/codecs/index.ts';
import { compileEach, compilePath, PathError } from '../../../src/codecs/path.ts';
import { compileTime } from '../../../src/codecs/time.ts';
import { parseTopic, TopicError } from '../../../src/config/topic.ts';
import { GatewayError } from '../../../src/core/errors.ts';
import { compileText } from '../../../src/expression/compile.ts';
import { compilePattern } from '../../../src/expression/pattern.ts';
import { createFleet, rowsOf, tableOf, testScope, valuesOf } from '../../../src/expression/testing.ts';
import { compileTemplate } from '../../../src/rules/template.ts';
import { mutated } from '../mutate.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

const buffers = (texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text));

/** What may be thrown, with a message that stays on a screen; anything else is a bug. */
function orRefused<T>(kind: new (...all: never[]) => GatewayError, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
    assert.ok(error.message.length < 2000, 'a message without end');
    return undefined;
  }
}

/** Pattern and topic, parted by a space. */
export const topic: Target = {
  make: (random) =>
    mutated(
      random,
      buffers([
        'bus/{vehicle}/state bus/7/state',
        '# a',
        '+/x/# /x',
        '$share/g/a/+ a/b',
        '{a}/{b} $a/b',
        'a a',
      ]),
      ['/', '+', '#', '{x}', '$', ' '],
    ),
  check(input) {
    const [pattern = '', name = ''] = input.toString().split(' ');
    const parsed = orRefused(TopicError, () => parseTopic(pattern));
    if (parsed === undefined) return;
    const tags = parsed.match(name);
    assert.equal(tags !== undefined, matches(parsed.filter.replace(/^\$share\/[^/]+\//, ''), name));
    for (const tag of tags ?? []) assert.ok(!tag.includes('/') && name.split('/').includes(tag));
  },
};

/** MQTT 3.1.1, section 4.7, word for word. */
function matches(filter: string, name: string): boolean {
  if (name.startsWith('$') && /^[+#]/.test(filter)) return false;
  const levels = name.split('/');
  const wanted = filter.split('/');
  const isOpen = wanted.at(-1) === '#';
  const fixed = isOpen ? wanted.slice(0, -1) : wanted;
  if (isOpen ? levels.length < fixed.length : levels.length !== fixed.length) return false;
  return fixed.every((word, i) => word === '+' || word === levels[i]);
}

const documents: readonly unknown[] = [
  null,
  [[1, { a: 2 }], 'x'],
  JSON.parse('{"a":{"b":[1,2,{"c":null}]},"__proto__":{"x":1},"rows":[{"a":1},[]],"odd key":{"y":3}}'),
];

export const path: Target = {
  make: (random) =>
    mutated(
      random,
      buffers([
        'payload.counts[0].load',
        '["odd key"].y',
        '$.rows[*].a',
        '^.a.b[-1]',
        'a.b[*][*]',
        "$['x\\'y']",
      ]),
      ['[*]', '.', '[', ']', '"', '$', '__proto__'],
    ),
  check(input) {
    // Paths are quoted whole in what they say.
    const text = input.toString().slice(0, 500);
    const get = orRefused(PathError, () => compilePath(text));
    const each = orRefused(PathError, () => compileEach(text));
    for (const document of documents) {
      get?.(document, document);
      let rows = 0;
      each?.(
        document,
        () => rows++,
        () => rows++,
      );
      assert.ok(rows < 100);
      if (each) orRefused(DecodeError, () => each(document, () => {}));
    }
  },
};

/** Pattern and text, parted by a tab. */
export const time: Target = {
  make: (random) =>
    mutated(
      random,
      buffers([
        '%Y-%m-%d %H:%M:%S.%f\t2026-01-05 06:00:00.25',
        '%d.%m.%y %I:%M %p\t05.01.26 06:00 PM',
        '%A %e %B %Y %T%Z\tMonday  5 January 2026 06:00:00+02:00',
        'rfc3339\t2026-01-05T06:00:00.123456789Z',
        'unix_ns\t1767592800000000000',
        '%G-W%V-%u\t2026-W02-1',
      ]),
      ['%Y', '%j', '%f', '%L', '%%', '0', '\t', ' '],
    ),
  check(input) {
    const [format = '', text = ''] = input.toString().split('\t');
    const read = orRefused(GatewayError, () => compileTime(format, 'Europe/Helsinki'));
    for (const value of [text, Number(text), null, {}, [], true]) {
      const ms = read?.(value) ?? Number.NaN;
      assert.ok(typeof ms === 'number' && !(Math.abs(ms) > 8.64e15), `${ms} ms is no time`);
    }
  },
};

/** Pattern and text, parted by a tab: what RE2 and JavaScript both have must match alike. */
export const pattern: Target = {
  make: (random) =>
    mutated(
      random,
      buffers([
        '^(a+)+$\taaaaaaaaaaaaaaaaaaaaaaaab',
        '(?i)[^a-z\\d]{2,3}|x*\tX--y',
        '(a|b?c)*d\tabcd',
        '\\bon\\b\tit is on',
        '.{3}\\.\ta.b.',
        '((a{1,9}){1,9})*\taaa',
      ]),
      ['(', ')', '*', '{1,3}', '[', ']', '|', '\\d', '^', '\t'],
    ),
  check(input) {
    const [source = '', text = ''] = input.toString().split('\t');
    const has = orRefused(GatewayError, () => compilePattern(source));
    if (has === undefined) return;
    const found = has(text.slice(0, 2000));
    const same = sameInJavaScript(source);
    if (same && text.length < 16 && source.length < 40) assert.equal(found, same.test(text));
  },
};

/** Patterns of signs that mean the same in both, and that backtracking gets through. */
function sameInJavaScript(source: string): RegExp | undefined {
  if (!/^[a-z0-9 |()?.^$-]*$/.test(source) || /\(\?/.test(source)) return undefined;
  try {
    return new RegExp(source, 'su');
  } catch {
    return undefined;
  }
}

const fleet = createFleet({ a: { capacity: 78, kind: 'bus' } });
const table = tableOf(['a', '__proto__']);
const rows = rowsOf(
  [
    { x: 1, y: -0, d: true, s: 'on', series: 0 },
    { x: null, y: Number.MAX_VALUE, d: null, s: null, series: 1 },
    { x: Number.MIN_VALUE, y: 3, d: false, s: '\ud800\u0000', series: 0 },
  ],
  table,
);

const expressionSeeds = buffers([
  'x > 1 && (y < 2.5e3 || !d) ? s.startsWith("o") : fleet.capacity in [1, 78]',
  "s.matches('^(a|b)+$') && size(s) % 3 == 1 && has(x)",
  'max(abs(-x), sqrt(y)) / 0 != null',
  'site == "a" && fleet["kind"] != "\\u00e5\\n" // comment',
  'x - -y * 1e400 + 0x10 - 9007199254740993',
]);
const expressionWords = [
  '(',
  ')',
  ' && ',
  ' ? ',
  ':',
  'x',
  's',
  '!',
  '-',
  'fleet.',
  '"',
  'constructor',
  '__proto__',
  'null',
  '[',
  ',',
];

function deepExpression(random: Random): Buffer {
  const times = random.pick([40, 400, 4000]);
  const [opening, closing] = random.pick([
    ['(', ')'],
    ['!', ''],
    ['-', ''],
    ['x+', 'x'],
    ['d?', ':d'],
    ['[', ']'],
    ['"', '"'],
    ['s.', ''],
  ] as const);
  return Buffer.from(`${opening.repeat(times)}x${closing.repeat(times)}`);
}

export const expression: Target = {
  make: (random) =>
    random.int(100) === 0 ? deepExpression(random) : mutated(random, expressionSeeds, expressionWords),
  check(input) {
    const text = input.toString();
    const { compiled, problems } = compileText(text, testScope(fleet));
    for (const { message, remedy, start, end } of problems) {
      assert.ok(
        start >= 0 && end >= start && end <= text.length + 1,
        `a place beyond the text: ${start}-${end}`,
      );
      assert.ok(message.length < 10_000 && (remedy ?? '').length < 10_000, 'a message without end');
    }
    if (compiled === undefined) {
      assert.ok(problems.length > 0, 'neither a result nor a problem');
      return;
    }
    for (const value of valuesOf(compiled, rows)) assert.ok(value === null || typeof value === compiled.type);
  },
};

export const message: Target = {
  make: (random) =>
    mutated(
      random,
      buffers([
        'Bus {site}: {x:.1f} of {y:,} {{ok}}',
        "{s == '}' ? 1 : 2}",
        '{x > 1 ? "a:b" : "c"}',
        '{x:.0%}{d}',
      ]),
      ['{', '}', '{{', ':', '?', '"', "'", ':.2f', 'x'],
    ),
  check(input) {
    const text = input.toString();
    const { template, problems } = compileTemplate(text, testScope(fleet));
    for (const { start, end } of problems) assert.ok(start >= 0 && end >= start && end <= text.length + 1);
    if (template === undefined) assert.ok(problems.length > 0);
    else assert.ok(template(rows, 0).length < 2000 + 40 * text.length);
  },
};
