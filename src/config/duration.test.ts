import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GatewayError } from '../core/errors.ts';
import { formatDuration, longestMs, parseDuration } from './duration.ts';

test('every unit', () => {
  const cases: [string, number][] = [
    ['0s', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['7d', 604_800_000],
    ['1.5h', 5_400_000],
    ['0.1s', 100],
    ['1000d', longestMs],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text);
});

test('mistakes say what is accepted', () => {
  const accepted = 'write a number and a unit without a space: 500ms, 30s, 5m, 1h, 7d';
  const cases: [string, string, string][] = [
    ['30', '`30` is not a duration', 'add a unit: 30ms, 30s, 30m, 30h or 30d'],
    ['', '`` is not a duration', accepted],
    ['-5s', '`-5s` is not a duration', accepted],
    ['5 minutes', '`5 minutes` is not a duration', `did you mean \`5m\`? ${accepted}`],
    ['5M', '`5M` is not a duration', `did you mean \`5m\`? ${accepted}`],
    ['2w', '`2w` is not a duration', accepted],
    ['1h30m', '`1h30m` is not a duration', accepted],
    ['0.5ms', '`0.5ms` is not a whole number of milliseconds', 'the finest duration is 1ms'],
    ['1001d', '`1001d` is longer than 1000d', 'check the unit: ms, s, m, h or d'],
  ];
  for (const [text, message, remedy] of cases)
    assert.throws(() => parseDuration(text), { message, remedy }, text);
});

test('what is formatted is parsed back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: longestMs }), (ms) => parseDuration(formatDuration(ms)) === ms),
  );
});

test('any text gives milliseconds or a GatewayError', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        assert.ok(Number.isSafeInteger(parseDuration(text)));
      } catch (error) {
        assert.ok(error instanceof GatewayError);
      }
    }),
  );
});
