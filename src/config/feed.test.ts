import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FeedError, type FeedValue, parseFeed, valuesOf } from './feed.ts';
import type { FieldConfig } from './schema.ts';

function values(text: string, type: FieldConfig['type'] = 'number'): FeedValue[] {
  return parseFeed(text).flatMap((item) => valuesOf(item, type));
}

/** The marked part of the text, and what is said about it. */
function mistake(text: string, type: FieldConfig['type'] = 'number'): [marked: string, message: string] {
  try {
    values(text, type);
  } catch (error) {
    assert.ok(error instanceof FeedError, String(error));
    assert.ok(error.remedy);
    return [text.slice(error.start, error.end), error.message];
  }
  return assert.fail('no mistake was found');
}

test('values repeat', () => {
  assert.deepEqual(values('20x3 -81.5x2 1e3'), [20, 20, 20, -81.5, -81.5, 1000]);
  assert.deepEqual(values('  20×2\n 5 '), [20, 20, 5]);
  assert.deepEqual(values('1 _x2 2'), [1, null, null, 2]);
  assert.deepEqual(values('0x3'), [0, 0, 0]);
});

test('ramps include both ends', () => {
  assert.deepEqual(values('20..80x4'), [20, 40, 60, 80]);
  assert.deepEqual(values('1..-2'), [1, 0, -1, -2]);
  assert.deepEqual(values('0..1x11').at(3), 0.3);
  assert.deepEqual(values('20..80x4', 'integer'), [20, 40, 60, 80]);
  assert.deepEqual(values('0..1x4', 'integer'), [0, 0, 1, 1]);
  assert.deepEqual(values('-3..-1.5x2'), [-3, -1.5]);
  assert.deepEqual(values('7..7'), [7]);
});

test('a ramp is even and monotonic, and ends where it says', () => {
  const numbers = fc.double({ noNaN: true, min: -1e9, max: 1e9 });
  fc.assert(
    fc.property(numbers, numbers, fc.integer({ min: 2, max: 200 }), (a, b, n) => {
      const ramp = values(`${a}..${b}x${n}`) as number[];
      assert.equal(ramp.length, n);
      assert.deepEqual([ramp[0], ramp.at(-1)], [Number(String(a)), Number(String(b))]);
      const step = (b - a) / (n - 1);
      for (const [i, value] of ramp.entries()) assert.ok(Math.abs(value - (a + step * i)) <= 1e-5);
    }),
  );
});

test('text and truth values', () => {
  assert.deepEqual(values('openx2 shut', 'string'), ['open', 'open', 'shut']);
  assert.deepEqual(values(`"half open"x2 '_' _ "a \\"b\\"" "20x3"`, 'string'), [
    ...['half open', 'half open', '_', null, 'a "b"', '20x3'],
  ]);
  assert.deepEqual(values('20..80x2 7', 'string'), ['20..80', '20..80', '7']);
  assert.deepEqual(values('truex2 false _', 'boolean'), [true, true, false, null]);
});

test('whatever the text, it is quoted or refused, and quoting gives it back', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const quoted = `"${text.replace(/[\\"]/g, '\\$&')}"`;
      assert.deepEqual(values(`${quoted} ${quoted}x2`, 'string'), [text, text, text]);
    }),
  );
});

test('mistakes are marked', () => {
  assert.deepEqual(mistake('20x3 ten 5'), ['ten', '`ten` is not a number']);
  assert.deepEqual(mistake('20 x3'), ['x3', '`x3` is not a number']);
  assert.deepEqual(mistake('20x3, 5'), ['20x3,', '`20x3,` is not a number']);
  assert.deepEqual(mistake('5 20x0'), ['20x0', 'a value cannot come 0 times']);
  assert.deepEqual(mistake('5x100001'), ['5x100001', '100001 readings are more than 100000']);
  assert.deepEqual(mistake('1 20.5', 'integer'), [
    '20.5',
    '`20.5` is not a whole number; the field is an integer',
  ]);
  assert.deepEqual(mistake('1 2..3x1'), ['2..3x1', 'a ramp takes at least 2 readings']);
  assert.deepEqual(mistake('1..2.5'), ['1..2.5', 'from 1 to 2.5 are not whole steps of 1']);
  assert.deepEqual(mistake('0..1e9'), ['0..1e9', 'a ramp over more than 100000 readings']);
  assert.deepEqual(mistake('1e999'), ['1e999', '`1e999` is not a number']);
  assert.deepEqual(mistake('true yes', 'boolean'), ['yes', '`yes` is neither true nor false']);
  assert.deepEqual(mistake('a "b c', 'string'), ['"b', 'a quote is not closed']);
  assert.deepEqual(mistake('"b"c', 'string'), ['"b"c', 'a quote is not closed']);
  assert.deepEqual(mistake('1 "2"'), ['"2"', '`2` in quotes is text; the field is a number']);
});

test('an empty feed is none', () => {
  assert.throws(() => parseFeed('  '), { message: 'there is no value here' });
});
