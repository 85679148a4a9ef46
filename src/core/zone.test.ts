import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GatewayError } from './errors.ts';
import { compileZone } from './zone.ts';

function check(zone: string, cases: readonly (readonly [local: string, utc: string])[]): void {
  const toUtc = compileZone(zone);
  for (const [local, utc] of cases) {
    assert.equal(
      new Date(toUtc(Date.parse(`${local}Z`))).toISOString(),
      new Date(utc).toISOString(),
      `${zone} ${local}`,
    );
  }
}

test('local time, winter and summer', () => {
  check('Europe/Helsinki', [
    ['2026-01-05T06:00:00', '2026-01-05T04:00:00Z'],
    ['2026-07-05T06:00:00', '2026-07-05T03:00:00Z'],
    ['1900-01-01T00:00:00', '1899-12-31T22:20:11Z'],
  ]);
  check('Asia/Kathmandu', [['2026-01-05T06:00:00', '2026-01-05T00:15:00Z']]);
  check('UTC', [['2026-01-05T06:00:00', '2026-01-05T06:00:00Z']]);
});

test('in the gap of spring a time is shifted forward', () => {
  check('Europe/Helsinki', [
    ['2026-03-29T02:59:59', '2026-03-29T00:59:59Z'],
    ['2026-03-29T03:00:00', '2026-03-29T01:00:00Z'],
    ['2026-03-29T03:30:00', '2026-03-29T01:30:00Z'],
    ['2026-03-29T04:00:00', '2026-03-29T01:00:00Z'],
  ]);
  check('America/New_York', [['2026-03-08T02:30:00', '2026-03-08T07:30:00Z']]);
});

test('in the overlap of autumn a time is the first of the two', () => {
  check('Europe/Helsinki', [
    ['2023-10-29T02:59:59', '2023-10-28T23:59:59Z'],
    ['2023-10-29T03:00:00', '2023-10-29T00:00:00Z'],
    ['2023-10-29T03:59:59', '2023-10-29T00:59:59Z'],
    ['2023-10-29T04:00:00', '2023-10-29T02:00:00Z'],
  ]);
  check('Australia/Lord_Howe', [
    ['2026-04-05T01:29:59', '2026-04-04T14:29:59Z'],
    ['2026-04-05T01:45:00', '2026-04-04T14:45:00Z'],
    ['2026-04-05T02:00:00', '2026-04-04T15:30:00Z'],
  ]);
});

test('a day that a country left out', () => {
  check('Pacific/Apia', [
    ['2011-12-29T23:59:00', '2011-12-30T09:59:00Z'],
    ['2011-12-30T12:00:00', '2011-12-30T22:00:00Z'],
    ['2011-12-31T02:00:00', '2011-12-30T12:00:00Z'],
  ]);
});

test('every instant outside an overlap is found again', () => {
  const zones = [
    'Europe/Helsinki',
    'America/Sao_Paulo',
    'Africa/Casablanca',
    'Asia/Tehran',
    'Australia/Lord_Howe',
  ];
  for (const zone of zones) {
    const toUtc = compileZone(zone);
    const parts = new Intl.DateTimeFormat('sv-SE', {
      timeZone: zone,
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    const localOf = (ms: number): number => Date.parse(`${parts.format(ms).replace(' ', 'T')}Z`);
    fc.assert(
      fc.property(fc.integer({ min: 315_532_800, max: 2_208_988_800 }), (second) => {
        const ms = toUtc(localOf(second * 1000));
        assert.equal(localOf(ms), localOf(second * 1000));
        assert.ok(ms <= second * 1000, 'not the first occurrence');
      }),
      { numRuns: 200 },
    );
  }
});

test('an unknown zone is refused, with the one that may be meant', () => {
  const remedyOf = (zone: string): string => {
    try {
      compileZone(zone);
    } catch (error) {
      assert.ok(error instanceof GatewayError);
      assert.equal(error.message, `unknown time zone "${zone}"`);
      return error.remedy!;
    }
    return assert.fail(`${zone} is known`);
  };
  assert.equal(remedyOf('Europe/Helsingfors'), 'did you mean Europe/Helsinki?');
  assert.equal(remedyOf('helsinki'), 'did you mean Europe/Helsinki?');
  assert.equal(remedyOf('New York'), 'did you mean America/New_York?');
  assert.match(remedyOf('Middle-earth'), /IANA/);
});
