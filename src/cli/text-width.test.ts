import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cut, fit, printable, widthOf } from './text-width.ts';

test('widths of real names', () => {
  const widths: [string, number][] = [
    ['', 0],
    ['Martinlaakso', 12],
    ['Itä-Pakila', 10],
    ['Ita\u0308-Pakila', 10],
    ['東京', 4],
    ['ﾃｽﾄ', 3],
    ['한국', 4],
    ['🚌 bus', 6],
    ['👩‍🔧', 2],
    ['⚠️', 2],
    ['°C Ω ▁█', 7],
  ];
  for (const [text, width] of widths) assert.equal(widthOf(text), width, text);
});

test('a long text is cut at a whole character', () => {
  assert.equal(cut('Rautatientori', 8), 'Rautati…');
  assert.equal(cut('東京東京', 6), '東京…');
  assert.equal(cut('東京東京', 5), '東京…');
  assert.equal(cut('Ita\u0308-Pakila', 4), 'Ita\u0308…');
  assert.equal(cut('abc', 3), 'abc');
  assert.equal(cut('abc', 0), '');
});

test('nothing that steers a terminal gets through', () => {
  assert.equal(printable('a\x1b[2Jb\r\n\x07\u009b31m\u202e'), 'a·[2Jb···\u00b731m·');
  assert.equal(printable('Itä-Pakila 👩‍🔧'), 'Itä-Pakila 👩‍🔧');
});

test('property: fitted text is exactly as wide as asked and printable', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.integer({ min: 0, max: 30 }),
      fc.constantFrom('left' as const, 'right' as const),
      (text, width, side) => {
        const fitted = fit(text, width, side);
        assert.equal(widthOf(fitted), width);
        assert.equal(printable(fitted), fitted);
      },
    ),
  );
});
