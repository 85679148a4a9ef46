import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Framing } from '../config/schema.ts';
import { createFramer } from './framing.ts';

/** Feeds the chunks, copying each frame as the journal does. */
function cut(framing: Framing, maxBytes: number, chunks: readonly Buffer[]) {
  const framer = createFramer(framing, maxBytes);
  const frames = chunks.flatMap((chunk) =>
    framer.push(Buffer.from(chunk)).map((frame) => frame.toString('latin1')),
  );
  return { frames, tooLong: framer.counters.framesTooLong };
}

const text = (...chunks: string[]) => chunks.map((chunk) => Buffer.from(chunk, 'latin1'));

test('lines end at LF, with or without CR before it; empty ones are skipped', () => {
  assert.deepEqual(cut('line', 100, text('a=1\r\nb=2\n\n\r\nc\rd\n', 'half')), {
    frames: ['a=1', 'b=2', 'c\rd'],
    tooLong: 0,
  });
});

test('a delimiter of several bytes is found across chunks', () => {
  assert.deepEqual(cut({ delimiter: '\r\n>' }, 100, text('one\r', '\n', '>two\r\n', 'x\r\n>')).frames, [
    'one',
    'two\r\nx',
  ]);
});

test('a delimiter up to \\xff is that byte, not its UTF-8 encoding', () => {
  assert.deepEqual(cut({ delimiter: '\xff' }, 100, text('one\xfftwo\xff')).frames, ['one', 'two']);
  assert.deepEqual(cut({ delimiter: '€' }, 100, [Buffer.from('one€two€', 'utf8')]).frames, ['one', 'two']);
});

test('fixed lengths', () => {
  assert.deepEqual(cut({ length: 3 }, 100, text('ab', 'cdefg', 'hi', 'j')).frames, ['abc', 'def', 'ghi']);
});

test('a frame too long is dropped up to its delimiter and counted once; the next one is whole', () => {
  const long = 'x'.repeat(11);
  assert.deepEqual(cut('line', 10, text(`${long}\nok\n`)), { frames: ['ok'], tooLong: 1 });
  assert.deepEqual(cut('line', 10, text(...`${long}${long}\nok\n`)), { frames: ['ok'], tooLong: 1 });
  assert.deepEqual(cut('line', 10, text(`${'x'.repeat(10)}\r\n`)).frames, ['x'.repeat(10)]);
});

test('a frame that never ends holds no more than the limit', () => {
  const framer = createFramer('line', 1000);
  for (let i = 0; i < 100; i++) framer.push(Buffer.alloc(997, 'x'));
  assert.equal(framer.counters.framesTooLong, 1);
  assert.equal(framer.counters.bytesDiscarded, 99_700);
});

test('a reset forgets the frame begun, and that one was being dropped', () => {
  const framer = createFramer('line', 10);
  framer.push(Buffer.from('part'));
  framer.reset();
  assert.equal(framer.counters.bytesDiscarded, 4);
  assert.deepEqual(framer.push(Buffer.from('new\n')).map(String), ['new']);
  framer.push(Buffer.alloc(50, 'x'));
  framer.reset();
  assert.deepEqual(framer.push(Buffer.from('new\n')).map(String), ['new']);
});

test('a long frame in single bytes is not copied for every byte', () => {
  const framer = createFramer('line', 1 << 20);
  const byte = Buffer.from('x');
  for (let i = 0; i < 1 << 20; i++) framer.push(byte);
  assert.equal(framer.push(Buffer.from('\n'))[0]!.length, 1 << 20);
});

test('SLIP: the escapes of RFC 1055; END may stand before a frame, too', () => {
  const frames = text('\xc0one\xc0', '\xc0\xdb', '\xdc\xdb\xdd\xc0', 'a\xdb\xdcb\xdb\xddc\xc0half');
  assert.deepEqual(cut('slip', 100, frames).frames, ['one', '\xc0\xdb', 'a\xc0b\xdbc']);
});

test('COBS: the examples of its paper, and blocks of 254 bytes', () => {
  const frame = (text: string) => Buffer.from(text, 'latin1').toString('hex');
  const decoded = (...encoded: string[]) =>
    cut('cobs', 1000, [Buffer.from(`${encoded.join('00')}00`, 'hex')]).frames.map(frame);
  const run = (from: number, to: number) =>
    Buffer.from(Array.from({ length: to - from + 1 }, (_, i) => from + i)).toString('hex');
  assert.deepEqual(decoded('0101', '010101', '0211', '031122', '0311220233', '0511223344', '0211010101'), [
    '00',
    '0000',
    '11',
    '1122',
    '11220033',
    '11223344',
    '11000000',
  ]);
  assert.deepEqual(
    decoded(`ff${run(1, 254)}`, `ff${run(1, 254)}01`, `01ff${run(1, 254)}`, `ff${run(1, 254)}02ff`),
    [run(1, 254), run(1, 254), `00${run(1, 254)}`, run(1, 255)],
  );
});

test('a frame whose escapes make no sense is dropped, and counted; the next one is whole', () => {
  const faults: [framing: Framing, bytes: string][] = [
    ['slip', 'a\xdbb\xc0ok\xc0'],
    ['slip', 'a\xdb\xc0ok\xc0'],
    ['slip', '\xdb\xdb\xdc\xc0ok\xc0'],
    ['cobs', '\x05ab\0\x03ok\0'],
    ['cobs', '\x02a\xffb\0\x03ok\0'],
  ];
  for (const [framing, bytes] of faults) {
    const framer = createFramer(framing, 100);
    const frames = framer.push(Buffer.from(bytes, 'latin1')).map(String);
    const end = bytes.indexOf(framing === 'slip' ? '\xc0' : '\0');
    assert.deepEqual(frames, ['ok'], bytes);
    assert.deepEqual(framer.counters, { framesTooLong: 0, framesDamaged: 1, bytesDiscarded: end }, bytes);
  }
});

/** What the frames are by definition, without chunks. */
function bySplitting(framing: Framing, maxBytes: number, all: string) {
  const delimiter = framing === 'line' ? '\n' : (framing as { delimiter: string }).delimiter;
  const parts = all.split(delimiter);
  const rest = parts.pop()!;
  const trimmed = parts.map((part) => (framing === 'line' ? part.replace(/\r$/, '') : part));
  return {
    frames: trimmed.filter((part) => part.length > 0 && part.length <= maxBytes),
    tooLong:
      trimmed.filter((part) => part.length > maxBytes).length +
      (rest.length > maxBytes + delimiter.length ? 1 : 0),
  };
}

const bytes = fc.string({ unit: fc.constantFrom('a', 'b', '\r', '\n', '\0'), maxLength: 60 });
const framings = fc.constantFrom<Framing>(
  'line',
  { delimiter: '\r' },
  { delimiter: '\r\n' },
  { delimiter: 'aba' },
);

test('where the chunks are cut makes no difference', () => {
  fc.assert(
    fc.property(
      framings,
      fc.integer({ min: 1, max: 12 }),
      fc.array(bytes, { maxLength: 12 }),
      (framing, max, chunks) => {
        assert.deepEqual(cut(framing, max, text(...chunks)), bySplitting(framing, max, chunks.join('')));
      },
    ),
    { numRuns: 3000 },
  );
});

test('fixed lengths: every chunking gives the same frames', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.array(bytes, { maxLength: 12 }), (length, chunks) => {
      const all = chunks.join('');
      const whole = Array.from({ length: Math.floor(all.length / length) }, (_, i) =>
        all.slice(i * length, (i + 1) * length),
      );
      assert.deepEqual(cut({ length }, 100, text(...chunks)).frames, whole);
    }),
  );
});

const encoders: Readonly<Record<'slip' | 'cobs', (frame: Buffer) => Buffer>> = {
  slip: (frame) =>
    Buffer.from(
      `${frame.toString('latin1').replaceAll('\xdb', '\xdb\xdd').replaceAll('\xc0', '\xdb\xdc')}\xc0`,
      'latin1',
    ),
  cobs: (frame) =>
    Buffer.concat([
      ...frame
        .toString('latin1')
        .split('\0')
        .flatMap((block) => {
          const full = block.match(/.{254}/gs) ?? [];
          const rest = block.slice(full.length * 254);
          return [...full, rest].map((part) => Buffer.from(`${codeOf(part)}${part}`, 'latin1'));
        }),
      Buffer.of(0),
    ]),
};
const codeOf = (block: string): string => String.fromCharCode(block.length + 1);

const oddBytes = fc
  .array(fc.constantFrom(0, 1, 2, 0x61, 0xc0, 0xdb, 0xdc, 0xdd, 0xff), { minLength: 1, maxLength: 40 })
  .map((values) => Buffer.from(values));
const longRuns = fc
  .tuple(fc.integer({ min: 250, max: 770 }), oddBytes)
  .map(([length, end]) => Buffer.concat([Buffer.alloc(length, 0x7f), end]));
const anyFrame = fc.oneof({ weight: 4, arbitrary: oddBytes }, { weight: 1, arbitrary: longRuns });

/** The bytes in pieces of lengths drawn again and again from the list. */
function inChunks(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; at += lengths[i++ % lengths.length]!)
    chunks.push(bytes.subarray(at, at + lengths[i % lengths.length]!));
  return chunks;
}
const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });

for (const framing of ['slip', 'cobs'] as const) {
  const encode = encoders[framing];

  test(`${framing}: what is encoded comes out again, however the chunks are cut`, () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 6 }), lengths, (frames, cuts) => {
        const line = Buffer.concat(frames.map(encode));
        const { frames: got, tooLong } = cut(framing, 1000, inChunks(line, cuts));
        assert.deepEqual(
          got,
          frames.map((frame) => frame.toString('latin1')),
        );
        assert.equal(tooLong, 0);
      }),
      { numRuns: 1000 },
    );
  });

  test(`${framing}: after any garbage and one delimiter frames are whole, and the counts do not depend on the cuts`, () => {
    fc.assert(
      fc.property(
        anyFrame,
        anyFrame,
        lengths,
        fc.integer({ min: 1, max: 900 }),
        (garbage, frame, cuts, max) => {
          const end = encode(Buffer.alloc(0)).subarray(-1);
          const line = Buffer.concat([garbage, end, encode(frame)]);
          const framer = createFramer(framing, max);
          const got = inChunks(line, cuts).flatMap((chunk) =>
            framer.push(Buffer.from(chunk)).map((one) => Buffer.from(one)),
          );
          if (frame.length <= max) assert.deepEqual(got.at(-1), frame);
          assert.ok(got.every((one) => one.length <= max));
          const whole = createFramer(framing, max);
          assert.deepEqual(whole.push(Buffer.from(line)), got);
          assert.deepEqual(framer.counters, whole.counters);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test(`${framing}: a frame of the limit passes whatever its bytes; one more is too long`, () => {
    for (const byte of [0, 1, 0xc0, 0xdb, 0xff]) {
      const line = Buffer.concat([300, 301, 300].map((length) => encode(Buffer.alloc(length, byte))));
      const { frames, tooLong } = cut(framing, 300, inChunks(line, [7]));
      assert.deepEqual(
        frames.map(({ length }) => length),
        [300, 300],
      );
      assert.equal(tooLong, 1);
    }
  });
}
