/**
 * What every codec promises, as a suite: a codec's test calls `codecContract` with payloads of its own.
 *
 * Shown: good payloads give the rows listed, bad ones a DecodeError that says something; any bytes whatever give rows
 * or DecodeError; nothing outside `[start, end)` is read and nothing of the buffer is kept.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Codec, DecodeError, type Decoder, type Row } from './codec.ts';
import { compilePath } from './path.ts';
import { compileTime } from './time.ts';

export interface CodecCases {
  readonly good: readonly { readonly payload: string | Buffer; readonly rows: readonly Row[] }[];
  /** `message` is what a user must be able to read in it. `rows` are emitted all the same; default none. */
  readonly bad: readonly {
    readonly payload: string | Buffer;
    readonly message: RegExp;
    readonly rows?: readonly Row[];
  }[];
}

interface Outcome {
  readonly rows: readonly Row[];
  readonly rejected: readonly string[];
  readonly thrown: string | undefined;
}

/** Decodes and lets nothing but DecodeError pass. */
function outcomeOf(
  decode: Decoder,
  buffer: Buffer,
  start: number,
  end: number,
  withReject: boolean,
): Outcome {
  const rows: Row[] = [];
  const rejected: string[] = [];
  const reject = withReject ? (detail: string) => void rejected.push(detail) : undefined;
  try {
    decode(buffer, start, end, (row) => void rows.push(row), reject);
    return { rows, rejected, thrown: undefined };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { rows, rejected, thrown: error.message };
  }
}

function decodeAll(decode: Decoder, payload: string | Buffer, withReject = false): Outcome {
  const buffer = Buffer.from(payload);
  return outcomeOf(decode, buffer, 0, buffer.length, withReject);
}

/** Bytes that would change the meaning of most payloads if they were read. */
const surroundings = ['9', '"', '\n', ',,', '}]', '\\', '\xef\xbb\xbf', '\xff'].map((text) => {
  return Buffer.from(text, 'latin1');
});

/** A good payload with a few bytes changed gets further than noise. */
function damaged(payloads: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const damage = fc.record({ at: fc.nat(), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) });
  return fc
    .tuple(fc.constantFrom(...payloads), fc.array(damage, { maxLength: 4 }))
    .map(([payload, damages]) =>
      damages.reduce((buffer, { at, remove, insert }) => {
        const from = at % (buffer.length + 1);
        return Buffer.concat([buffer.subarray(0, from), insert, buffer.subarray(from + remove)]);
      }, payload),
    );
}

/** Registers the tests of one codec with one configuration. */
export function codecContract<C extends { readonly name: string }>(
  codec: Codec<C>,
  config: C,
  { good, bad }: CodecCases,
): void {
  const { name } = config;
  const decode = codec.create(config);
  const payloads = [...good, ...bad].map(({ payload }) => Buffer.from(payload));

  test(`${name}: good payloads give their rows`, () => {
    for (const { payload, rows } of good) {
      assert.deepEqual(
        decodeAll(decode, payload),
        { rows, rejected: [], thrown: undefined },
        String(payload),
      );
    }
  });

  test(`${name}: bad payloads are refused with a reason, their good rows are not lost`, () => {
    for (const { payload, message, rows = [] } of bad) {
      const outcome = decodeAll(decode, payload);
      assert.match(outcome.thrown ?? 'nothing thrown', message, String(payload));
      assert.deepEqual(outcome.rows, rows, String(payload));
      const told = decodeAll(decode, payload, true);
      assert.match([...told.rejected, told.thrown].join('\n'), message);
      assert.deepEqual(told.rows, rows, String(payload));
    }
  });

  test(`${name}: messages are one line and stay short`, () => {
    for (const { payload } of bad) {
      const { thrown } = decodeAll(decode, payload);
      assert.match(thrown!, /^[^\n\r]{10,300}$/);
    }
  });

  test(`${name}: any bytes give rows or DecodeError`, () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }).map(Buffer.from), damaged(payloads));
    fc.assert(
      fc.property(bytes, (buffer) => {
        const alone = outcomeOf(decode, buffer, 0, buffer.length, false);
        const told = outcomeOf(decode, buffer, 0, buffer.length, true);
        assert.deepEqual(told.rows, alone.rows);
        assert.equal(alone.thrown === undefined, told.thrown === undefined && told.rejected.length === 0);
      }),
      { numRuns: 500 },
    );
  });

  test(`${name}: only the bytes of the payload are read`, () => {
    for (const payload of payloads) {
      const expected = outcomeOf(decode, payload, 0, payload.length, true);
      for (const around of surroundings) {
        const buffer = Buffer.concat([around, payload, around]);
        const start = around.length;
        assert.deepEqual(outcomeOf(decode, buffer, start, start + payload.length, true), expected);
      }
    }
  });

  test(`${name}: rows do not change with the buffer`, () => {
    for (const { payload, rows } of good) {
      const buffer = Buffer.from(payload);
      const outcome = outcomeOf(decode, buffer, 0, buffer.length, false);
      buffer.fill(0x20);
      assert.deepEqual(outcome.rows, rows);
    }
  });

  test(`${name}: default paths and times compile, whatever the name`, () => {
    for (const field of ['temp', 'a.b', 'odd "key"', '$', '[0]', "it's", 'ä', 'a\\b', ' ']) {
      compilePath(codec.fieldPath(field));
      compilePath(codec.tagPath(field));
    }
    if (codec.time === undefined) return;
    compilePath(codec.time.path);
    compileTime(codec.time.format, 'UTC');
  });
}
