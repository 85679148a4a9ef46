/**
 * Bytes of a serial line, cut anywhere: the same frames as whole, none longer than it may be, and each byte in a frame, held,
 * discarded or a delimiter.
 */

import assert from 'node:assert/strict';
import type { Framing } from '../../../src/config/schema.ts';
import { createFramer } from '../../../src/sources/framing.ts';
import { mutated } from '../mutate.ts';
import { randomOf } from '../random.ts';
import type { Target } from '../target.ts';

const framings: readonly Framing[] = [
  'line',
  'slip',
  'cobs',
  { delimiter: '\r' },
  { delimiter: '\u00ff\0' },
  { length: 7 },
];
const maxBytes = 40;

const seeds = [
  Buffer.from('21.5\n22.5\r\n\n\r\r23'),
  Buffer.of(0xc0, 1, 2, 0xdb, 0xdc, 0xdb, 0xdd, 0xc0, 0xc0, 0xdb, 1, 0xc0),
  Buffer.of(0, 3, 1, 2, 2, 5, 0, 1, 1, 0, 0xff, 1, 2, 3, 0),
  Buffer.concat([Buffer.alloc(60, 65), Buffer.of(10, 0, 0xc0)]),
  Buffer.of(0xff, 0, 1, 0xff, 0xff, 0),
];

function framesOf(framing: Framing, chunks: readonly Buffer[]) {
  const framer = createFramer(framing, maxBytes);
  const frames = chunks.flatMap((chunk) =>
    framer.push(Buffer.from(chunk)).map((frame) => frame.toString('hex')),
  );
  return { frames, counters: { ...framer.counters } };
}

/** The first byte chooses where it is cut. */
function cutUp(input: Buffer): Buffer[] {
  const random = randomOf(input[0] ?? 0, input.length);
  const chunks: Buffer[] = [];
  for (let at = 0; at < input.length; ) {
    const bytes = 1 + random.int(9);
    chunks.push(input.subarray(at, at + bytes));
    at += bytes;
  }
  return chunks;
}

export const framing: Target = {
  make: (random) => mutated(random, seeds),
  check(input) {
    for (const framing of framings) {
      const whole = framesOf(framing, [input]);
      assert.deepEqual(framesOf(framing, cutUp(input)), whole, JSON.stringify(framing));
      const bytes = whole.frames.reduce((sum, frame) => sum + frame.length / 2, 0);
      assert.ok(whole.frames.every((frame) => frame.length > 0 && frame.length <= 2 * maxBytes));
      assert.ok(bytes + whole.counters.bytesDiscarded <= input.length, 'more bytes than came');
    }
  },
};
