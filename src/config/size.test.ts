import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatSize, parseSize } from './size.ts';

test('every unit; a kilobyte is 1024 bytes', () => {
  const cases: [string, number][] = [
    ['0B', 0],
    ['100B', 100],
    ['256KB', 262_144],
    ['512MB', 536_870_912],
    ['1GB', 1_073_741_824],
    ['1.5GB', 1_610_612_736],
    ['2TB', 2_199_023_255_552],
  ];
  for (const [text, bytes] of cases) assert.equal(parseSize(text), bytes, text);
});

test('mistakes say what is accepted', () => {
  const accepted = 'write a number and a unit without a space: 256KB, 512MB, 1GB (1 KB is 1024 bytes)';
  const cases: [string, string][] = [
    ['256kb', `did you mean \`256KB\`? ${accepted}`],
    ['1 G', `did you mean \`1GB\`? ${accepted}`],
    ['512MiB', `did you mean \`512MB\`? ${accepted}`],
    ['512', accepted],
    ['-1GB', accepted],
    ['0.3B', accepted],
    ['999999999999999TB', accepted],
  ];
  for (const [text, remedy] of cases) {
    assert.throws(() => parseSize(text), { message: `\`${text}\` is not a size`, remedy }, text);
  }
});

test('what is formatted is parsed back', () => {
  fc.assert(fc.property(fc.nat(), (bytes) => parseSize(formatSize(bytes)) === bytes));
});
