import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GatewayError } from '../core/errors.ts';
import { compileTime, timeFormats } from './time.ts';

function check(format: string, cases: readonly (readonly [sent: unknown, ms: number])[], zone = 'UTC'): void {
  const read = compileTime(format, zone);
  for (const [sent, ms] of cases)
    assert.equal(read(sent), ms, `${format} ${zone} ${typeof sent} ${String(sent)}`);
}

function checkNone(format: string, sent: readonly unknown[], zone = 'UTC'): void {
  check(
    format,
    sent.map((value) => [value, Number.NaN] as const),
    zone,
  );
}

const at = (text: string): number => Date.parse(text);

test('what is no time is NaN in every format, never 1970', () => {
  const junk = [
    null,
    undefined,
    '',
    ' ',
    'x',
    true,
    false,
    {},
    [],
    [1],
    Number.NaN,
    Infinity,
    '0x10',
    'Infinity',
    '1 2',
  ];
  for (const format of [...timeFormats, '%Y-%m-%d', '%Y%m%d%H%M%S']) checkNone(format, junk);
});

test('unix times: numbers and digits, fractions kept', () => {
  check('unix_s', [
    [1_700_000_000, 1_700_000_000_000],
    ['1700000000', 1_700_000_000_000],
    [1_700_000_000.123, 1_700_000_000_123],
    [1_700_000_000.123456, 1_700_000_000_123.456],
    [' 1700000000.123456\n', 1_700_000_000_123.456],
    ['1.7e9', 1_700_000_000_000],
    [0, 0],
    [-1.5, -1500],
    [1e300, Number.NaN],
    ['1e99999', Number.NaN],
  ]);
  check('unix_ms', [
    [1_700_000_000_123.456, 1_700_000_000_123.456],
    ['1700000000123.456', 1_700_000_000_123.456],
    [8.64e15 + 2, Number.NaN],
  ]);
  check('unix_us', [
    [1_700_000_000_123_456, 1_700_000_000_123.456],
    ['1700000000123456', 1_700_000_000_123.456],
  ]);
  check('unix_ns', [
    [1.7e18, 1_700_000_000_000],
    ['1700000000123456789', Number('1700000000123.456789')],
    [1_700_000_000_123_456_789n, Number('1700000000123.456789')],
    ['-1', -0.000001],
  ]);
});

test('one instant is one double, however it is written', () => {
  const [seconds, ms, microseconds, nanoseconds, rfc3339] = timeFormats.map((format) =>
    compileTime(format, 'UTC'),
  );
  const pattern = compileTime('%Y-%m-%dT%H:%M:%S.%f', 'UTC');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e9 }), fc.nat(999_999), (second, fraction) => {
      const digits = String(fraction).padStart(6, '0');
      const expected = Number(`${second}${digits.slice(0, 3)}.${digits.slice(3)}`);
      const text = `${new Date(second * 1000).toISOString().slice(0, 19)}.${digits}`;
      assert.equal(seconds!(Number(`${second}.${digits}`)), expected);
      assert.equal(seconds!(`${second}.${digits}`), expected);
      assert.equal(ms!(expected), expected);
      assert.equal(microseconds!(second * 1e6 + fraction), expected);
      assert.equal(nanoseconds!(`${second}${digits}000`), expected);
      assert.equal(rfc3339!(`${text}Z`), expected);
      assert.equal(pattern(text), expected);
    }),
    { numRuns: 1000 },
  );
});

test('rfc3339: every form of RFC 3339', () => {
  check('rfc3339', [
    ['2026-01-05T06:00:00Z', at('2026-01-05T06:00:00Z')],
    ['2026-01-05t06:00:00z', at('2026-01-05T06:00:00Z')],
    ['2026-01-05 06:00:00Z', at('2026-01-05T06:00:00Z')],
    ['2026-01-05T06:00:00.5+02:00', at('2026-01-05T04:00:00.500Z')],
    ['2026-01-05T06:00:00.1234567-05:30', at('2026-01-05T11:30:00.123Z') + 0.456],
    ['2026-01-05T06:00:00-00:00', at('2026-01-05T06:00:00Z')],
    ['2024-02-29T23:59:59.999999999Z', (at('2024-02-29T23:59:59Z') * 1000 + 999_999) / 1000],
    ['0001-01-01T00:00:00Z', at('0001-01-01T00:00:00Z')],
    ['9999-12-31T23:59:59Z', at('9999-12-31T23:59:59Z')],
    ['2000-02-29T00:00:00Z', at('2000-02-29T00:00:00Z')],
  ]);
});

test('rfc3339: a leap second is the last microsecond of its minute, and only where one can be', () => {
  const last = (at('2016-12-31T23:59:59Z') * 1000 + 999_999) / 1000;
  check('rfc3339', [
    ['2016-12-31T23:59:60Z', last],
    ['2016-12-31T23:59:60.75Z', last],
    ['2017-01-01T01:59:60+02:00', last],
    ['2017-01-01T23:59:60Z', Number.NaN],
    ['2016-12-31T22:59:60Z', Number.NaN],
    ['2016-12-31T23:59:61Z', Number.NaN],
  ]);
});

test('rfc3339: nothing else', () => {
  checkNone('rfc3339', [
    '2026-01-05',
    '2026-01-05T06:00Z',
    '2026-01-05T06:00:00',
    '2026-01-05T06:00:00.Z',
    '2026-01-05T06:00:00.',
    '2026-01-05T06:00:00,5Z',
    '2026-01-05T06:00:00+0200',
    '2026-01-05T06:00:00+24:00',
    '2026-01-05T06:00:00+02:60',
    '2026-01-05T06:00:00*02:00',
    '2026-01-05T06:00:00ZZ',
    '2026-01-05X06:00:00Z',
    '2026-13-05T06:00:00Z',
    '2026-00-05T06:00:00Z',
    '2026-02-29T06:00:00Z',
    '1900-02-29T06:00:00Z',
    '2026-01-00T06:00:00Z',
    '2026-01-05T24:00:00Z',
    '2026-01-05T06:60:00Z',
    '2026/01/05T06:00:00Z',
    '+026-01-05T06:00:00Z',
    '2026-1-05T006:00:00Z',
    1_700_000_000,
  ]);
});

test('rfc3339 agrees with Date on every millisecond and offset', () => {
  const read = compileTime('rfc3339', 'UTC');
  const day = {
    min: new Date('0001-01-02T00:00:00Z'),
    max: new Date('9999-12-30T00:00:00Z'),
    noInvalidDate: true,
  };
  fc.assert(
    fc.property(fc.date(day), fc.integer({ min: -1439, max: 1439 }), (date, offset) => {
      const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 23);
      const two = (number: number): string => String(number).padStart(2, '0');
      const minutes = Math.abs(offset);
      const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
      assert.equal(read(local + zone), date.getTime());
    }),
    { numRuns: 1000 },
  );
});

test('unknown formats are refused with what there is', () => {
  const remedy = /unix_s, unix_ms, unix_us, unix_ns, rfc3339 or a pattern/;
  for (const format of ['unix', 'iso8601', '', 'toString', '__proto__']) {
    assert.throws(
      () => compileTime(format, 'UTC'),
      (error: unknown) => {
        assert.ok(error instanceof GatewayError);
        assert.match(error.remedy!, remedy);
        return true;
      },
    );
  }
});
