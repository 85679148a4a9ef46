import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GatewayError } from '../core/errors.ts';
import { parseFormat } from './format.ts';

const cases: readonly (readonly [spec: string, value: number, shown: string])[] = [
  ['', 0.1 + 0.2, '0.3'],
  ['', 20, '20'],
  ['', -0, '0'],
  ['', 1234567, '1234567'],
  ['', 1234.5678912, '1234.567891'],
  ['', 0.000012345678, '0.0000123457'],
  ['', 1 / 3, '0.333333'],
  ['', -2.5, '-2.5'],
  ['', Number.NaN, '–'],
  ['', Number.POSITIVE_INFINITY, '∞'],
  ['.1f', Number.NEGATIVE_INFINITY, '-∞'],
  ['.0%', Number.NaN, '–'],
  ['.2f', 12.3456, '12.35'],
  ['.0f', 2.5, '3'],
  ['.2f', -0.001, '0.00'],
  ['f', 1.5, '1.500000'],
  ['.0%', 0.85, '85%'],
  ['.0%', 1.005, '101%'],
  ['.1%', 0.0005, '0.1%'],
  ['.2%', 0.12345, '12.35%'],
  ['d', 41.7, '42'],
  ['d', -0.2, '0'],
  [',', 1234567.25, '1,234,567.25'],
  [',d', 999.5, '1,000'],
  [',.2f', -1234567.891, '-1,234,567.89'],
  ['.2e', 12345, '1.23e+4'],
  ['.3g', 1234.5, '1230'],
  ['.3g', 0.00012345, '0.000123'],
  ['g', 0.1 + 0.2, '0.3'],
];

for (const [spec, value, shown] of cases) {
  test(`{${spec}} shows ${value} as ${shown}`, () => assert.equal(parseFormat(spec)(value), shown));
}

test('refuses what is no format, with a remedy', () => {
  const all =
    'f decimals: .2f, % of one: .0%, d whole number, e exponent: .2e, g digits in all: .3g, and , for thousands';
  const refused: readonly (readonly [string, string, string])[] = [
    ['.2x', 'unknown format `.2x`', all],
    ['>8', 'unknown format `>8`', all],
    ['02d', 'unknown format `02d`', all],
    ['.2', 'format `.2` lacks its letter', 'write .2f for 2 decimals, .2g for 2 digits in all'],
    ['.2d', 'format `.2d`: a whole number has no decimals', 'write d, or .2f'],
    ['.99f', 'format `.99f` asks for 99 digits; at most 20 are shown', 'write fewer, such as .2f'],
  ];
  for (const [spec, message, remedy] of refused) {
    assert.throws(
      () => parseFormat(spec),
      (error) => {
        assert.ok(error instanceof GatewayError);
        assert.deepEqual([error.message, error.remedy], [message, remedy]);
        return true;
      },
    );
  }
});

test('without a format, a number shows as itself to 6 digits', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (value) => {
      const shown = Number(parseFormat('')(value));
      assert.ok(Math.abs(shown - value) <= Math.max(5.1e-7, Math.abs(value) * 1e-15), `${value} → ${shown}`);
    }),
    { seed: 1 },
  );
});
