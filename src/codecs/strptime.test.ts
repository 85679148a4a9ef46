import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utcFormat } from 'd3-time-format';
import fc from 'fast-check';
import { GatewayError } from '../core/errors.ts';
import { compileFixedLayout } from './fixed-layout.ts';
import { compileStrptime } from './strptime.ts';

function check(
  pattern: string,
  cases: readonly (readonly [text: unknown, iso: string | undefined])[],
  zone = 'UTC',
): void {
  const read = compileStrptime(pattern, zone);
  for (const [text, iso] of cases) {
    const expected = iso === undefined ? Number.NaN : Date.parse(iso);
    assert.equal(read(text), expected, `${pattern} ${zone} ${String(text)}`);
  }
}

test('patterns of devices', () => {
  check('%Y-%m-%d %H:%M:%S', [
    ['2013-12-02 21:15:00', '2013-12-02T21:15:00Z'],
    [' 2013-12-02 21:15:00\r', '2013-12-02T21:15:00Z'],
    ['2013-12-2 1:15:00', '2013-12-02T01:15:00Z'],
  ]);
  check('%d.%m.%y %H.%M', [['05.01.26 06.30', '2026-01-05T06:30:00Z']]);
  check('%d %b %Y, %I:%M %p', [['5 jan 2026, 12:05 PM', '2026-01-05T12:05:00Z']]);
  check('%A %d %B %Y', [['Monday 05 January 2026', '2026-01-05T00:00:00Z']]);
  check('%Y/%j %H', [['2024/366 23', '2024-12-31T23:00:00Z']]);
  check('%Y%m%d%H%M%S', [
    ['20260105063000', '2026-01-05T06:30:00Z'],
    [20260105063000, '2026-01-05T06:30:00Z'],
  ]);
  check('%F %T', [['2026-01-05 06:30:15', '2026-01-05T06:30:15Z']]);
  check('%G-W%V-%w', [['2026-W02-3', '2026-01-07T00:00:00Z']]);
  check('%Y %U %a', [['2026 01 Sat', '2026-01-10T00:00:00Z']]);
  check('100%% %Y-%m-%d', [['100% 2026-01-05', '2026-01-05T00:00:00Z']]);
});

test('a text that is no such time is NaN, never a time nearby', () => {
  const wrong = ['2026-02-30 00:00:00', '2026-01-05 24:00:00', '2026-01-05 06:60:00', '2026-13-05 06:00:00'];
  const other = ['2026-01-05', '2026-01-05 06:00:00 x', '26-01-05 06:00:00', '2026-01-05T06:00:00', 'x', ''];
  check(
    '%Y-%m-%d %H:%M:%S',
    [...wrong, ...other].map((text) => [text, undefined] as const),
  );
  check('%a %d %b %Y', [
    ['Mon 05 Jan 2026', '2026-01-05T00:00:00Z'],
    ['Tue 05 Jan 2026', undefined],
    ['Sun 30 Feb 2026', undefined],
  ]);
  check('%Y-%m-%d %I %p', [['2026-01-05 13 PM', undefined]]);
});

test('fractions of a second, with any number of digits', () => {
  check('%Y-%m-%d %H:%M:%S.%f', [
    ['2026-01-05 06:00:00.5', '2026-01-05T06:00:00.500Z'],
    ['2026-01-05 06:00:00.123', '2026-01-05T06:00:00.123Z'],
    ['2026-01-05 06:00:00.', undefined],
    ['2026-01-05 06:00:00.x', undefined],
    ['2026-01-05 06:00:00.1234567890', undefined],
    ['2026-01-05 06:00:00', undefined],
  ]);
  const read = compileStrptime('%d.%m.%Y %H.%M.%S.%f', 'Europe/Helsinki');
  const ms = Date.parse('2026-01-05T04:00:00Z');
  assert.equal(read('05.01.2026 06.00.00.123456'), ms + 123.456);
  assert.equal(read('05.01.2026 06.00.00.123456789'), ms + 123.456);
  check('%Y-%m-%d %H:%M:%S,%L', [['2026-01-05 06:00:00,5', '2026-01-05T06:00:00.500Z']]);
  check('%H:%M:%S:%f %d %b %Y', [['06:00:00:25 05 Jan 2026', '2026-01-05T06:00:00.250Z']]);
  check('%Y%m%d%H%M%S%L', [['20260105060000123', '2026-01-05T06:00:00.123Z']]);
});

test('an offset in the text counts, not the zone', () => {
  for (const pattern of ['%Y-%m-%d %H:%M:%S%Z', '%Y-%m-%d %H:%M:%S%z']) {
    check(
      pattern,
      [
        ['2026-01-05 06:00:00Z', '2026-01-05T06:00:00Z'],
        ['2026-01-05 06:00:00+0200', '2026-01-05T04:00:00Z'],
        ['2026-01-05 06:00:00-05:30', '2026-01-05T11:30:00Z'],
        ['2026-01-05 06:00:00+02', '2026-01-05T04:00:00Z'],
        ['2026-01-05 06:00:00', undefined],
        ['2026-01-05 06:00:00 EET', undefined],
      ],
      'Asia/Tokyo',
    );
  }
});

test('patterns that cannot work are refused at once, with a remedy', () => {
  const cases: [pattern: string, message: RegExp, remedy: RegExp][] = [
    ['%H:%M:%S', /does not tell the day/, /%Y-%m-%d/],
    ['%Y %H', /does not tell the day/, /%Y-%m-%d/],
    ['%d.%m. %H:%M', /does not tell the day/, /%Y-%m-%d/],
    ['%G-W%V-%u', /does not tell the day/, /%Y-%m-%d/],
    ['%Y-%m-%d %I:%M', /%I without %p/, /%H/],
    ['%s', /has %s/, /unix_s/],
    ['%Q', /has %Q/, /unix_ms/],
    ['%x %X', /has %x/, /%m/],
    ['%Y-%m-%d %k', /%k, which is unknown/, /known are/],
    ['%Y-%m-%d %H%M%S%f', /%f without a separator/, /%S\.%f/],
    ['%Y-%m-%d %-Z', /%-Z, which is unknown/, /known are/],
    ['%Y-%m-%d %', /has %, which is unknown/, /known are/],
    ['%Z %Y-%m-%d', /has %Z before its end/, /put %Z last/],
  ];
  for (const [pattern, message, remedy] of cases) {
    assert.throws(
      () => compileStrptime(pattern, 'UTC'),
      (error: unknown) => {
        assert.ok(error instanceof GatewayError, pattern);
        assert.match(error.message, message);
        assert.match(error.remedy!, remedy);
        return true;
      },
    );
  }
});

test('the fast path gives what d3-time-format gives', () => {
  const pieces = ['%Y', '-', '%m', '-', '%d', ' ', '%H', ':', '%M', ':', '%S'];
  const fast = compileFixedLayout(pieces)!;
  // The same pattern, written so that the fast path does not know it.
  const slow = compileStrptime('%-Y-%-m-%-d %-H:%-M:%-S', 'UTC');
  const format = utcFormat(pieces.join(''));
  const dates = {
    min: new Date('1000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T00:00:00Z'),
    noInvalidDate: true,
  };
  const written = fc.date(dates).map(format);
  const digit = fc.tuple(written, fc.nat(18), fc.constantFrom(...'0123456789 -:')).map(([text, at, put]) => {
    return text.slice(0, at) + put + text.slice(at + 1);
  });
  fc.assert(
    fc.property(fc.oneof(written, digit), (text) => {
      const ms = fast(text);
      if (ms !== undefined) assert.equal(ms, slow(text), text);
    }),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(written, (text) => assert.equal(fast(text), slow(text))));
});

test('names that every object has are plain text in a pattern', () => {
  const read = compileStrptime('toString%Y-%m-%dconstructor', 'UTC');
  assert.equal(read('toString2026-01-05constructor'), Date.UTC(2026, 0, 5));
});
