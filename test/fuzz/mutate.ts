/** Inputs out of good ones: bytes turned, cut out, doubled, exchanged, words put in, two joined. */

import type { Random } from './random.ts';

/** At most so long, so that doubling comes to an end. */
const longest = 64 * 1024;

/** What breaks programs wherever it stands. */
const oddBytes: readonly Buffer[] = [
  ...[
    '',
    '\0',
    '\n',
    '\r\n',
    '\\',
    '"',
    "'",
    ',',
    '=',
    ' ',
    '#',
    '{',
    '[',
    ']',
    '}',
    ':',
    ';',
    '/',
    '+',
    '%',
    '*',
  ],
  ...['__proto__', 'constructor', 'toString', 'null', 'true', 'NaN', 'Infinity', '-0', '1e400', '1E-400'],
  ...[
    '9007199254740993',
    '18446744073709551615',
    '-9223372036854775808',
    '0x10',
    '1_000',
    '1.7976931348623157e308',
  ],
  ...['\u2028', '\ufeff', '\u202e', '\ud800', '\u{1f600}', '\u001b]0;x\u0007', '\u0085'],
].map((text) => Buffer.from(text));
const badUtf8 = [Buffer.of(0xff), Buffer.of(0xc0, 0x80), Buffer.of(0xed, 0xa0, 0x80), Buffer.of(0xf5)];

/** One of the seeds, or a few of them, changed in some places. */
export function mutated(random: Random, seeds: readonly Buffer[], words: readonly string[] = []): Buffer {
  const known = words.map((word) => Buffer.from(word));
  let input = random.pick(seeds);
  for (let times = 1 + random.int(6); times > 0; times--) {
    input = changed(random, input, seeds, known);
    if (input.length > longest) input = input.subarray(0, longest);
  }
  return input;
}

function changed(random: Random, input: Buffer, seeds: readonly Buffer[], words: readonly Buffer[]): Buffer {
  const at = random.int(input.length + 1);
  const end = Math.min(input.length, at + 1 + random.int(random.pick([1, 4, 16, 256])));
  const [before, part, behind] = [input.subarray(0, at), input.subarray(at, end), input.subarray(end)];
  switch (random.int(9)) {
    case 0:
      return turned(random, input, at);
    case 1:
      return Buffer.concat([before, behind]);
    case 2:
      return Buffer.concat([before, part, part, behind]);
    case 3:
      return Buffer.concat([before, ...Array<Buffer>(1 + random.int(64)).fill(part), behind]);
    case 4:
      return Buffer.concat([before, random.pick(words.length > 0 ? words : oddBytes), behind]);
    case 5:
      return Buffer.concat([before, random.pick(oddBytes), part, behind]);
    case 6:
      return Buffer.concat([before, random.pick(random.int(4) === 0 ? badUtf8 : oddBytes), behind]);
    case 7:
      return Buffer.concat([before, pieceOf(random, random.pick(seeds)), behind]);
    default:
      return before;
  }
}

function turned(random: Random, input: Buffer, at: number): Buffer {
  if (at >= input.length) return Buffer.concat([input, Buffer.of(random.int(256))]);
  const copy = Buffer.from(input);
  copy[at] = random.int(2) === 0 ? random.int(256) : copy[at]! ^ (1 << random.int(8));
  return copy;
}

function pieceOf(random: Random, input: Buffer): Buffer {
  const at = random.int(input.length + 1);
  return input.subarray(at, at + 1 + random.int(64));
}
