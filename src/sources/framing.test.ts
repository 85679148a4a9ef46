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
  return { frames, tooLong: framer.tooLong };
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
  assert.equal(framer.tooLong, 1);
  assert.equal(framer.reset(), 0);
});

test('a reset forgets the frame begun, and that one was being dropped', () => {
  const framer = createFramer('line', 10);
  framer.push(Buffer.from('part'));
  assert.equal(framer.reset(), 4);
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
