/**
 * Cuts the bytes of a serial line into frames: at a line feed, at a delimiter, by SLIP, by COBS, or by a fixed length.
 *
 * Invariant: where the chunks are cut makes no difference; a frame longer than `maxBytes` is dropped up to the next
 * delimiter and counted once, as is one whose escapes make no sense; empty frames are skipped. Every byte is in a frame,
 * held, or counted as discarded, except delimiters and what encodes. Memory is bounded by `maxBytes` and the longest chunk.
 * Not here: resynchronising a fixed length. Nothing in the bytes marks its start, so a line that loses a byte stays
 * shifted until it is reopened (which begins a new frame); prefer a delimiter where the device offers one.
 */

import type { Framing } from '../config/schema.ts';
import { decodeCobs, maxCobsBytes } from './cobs.ts';
import { decodeSlip, maxSlipBytes, slipEnd } from './slip.ts';

export interface Framer {
  /** The frames that this chunk completes. Valid only until the next call: they may share its memory. */
  push(chunk: Buffer): Buffer[];
  /** Discards a frame begun, after a gap in the line. */
  reset(): void;
  /** Of the whole life of the line. */
  readonly counters: Readonly<FramerCounters>;
}

export interface FramerCounters {
  framesTooLong: number;
  framesDamaged: number;
  /** Of frames dropped, or begun before a gap. */
  bytesDiscarded: number;
}

/** A framer for one serial line. `maxBytes` bounds one frame without its delimiter. */
export function createFramer(framing: Framing, maxBytes: number): Framer {
  if (framing === 'line')
    return createDelimited({ delimiter: Buffer.from('\n'), maxBytes, decode: withoutCarriageReturn });
  if (framing === 'slip') {
    const maxEncodedBytes = maxSlipBytes(maxBytes);
    return createDelimited({
      delimiter: Buffer.of(slipEnd),
      maxBytes,
      maxEncodedBytes,
      decode: decodeSlip,
    });
  }
  if (framing === 'cobs') {
    const maxEncodedBytes = maxCobsBytes(maxBytes);
    return createDelimited({ delimiter: Buffer.of(0), maxBytes, maxEncodedBytes, decode: decodeCobs });
  }
  if ('length' in framing) return createFixed(framing.length);
  return createDelimited({
    delimiter: delimiterBytes(framing.delimiter),
    maxBytes,
    decode: (frame) => frame,
  });
}

/** "\xff" in YAML means the byte 255, not its UTF-8 encoding; beyond Latin-1 only UTF-8 is left. */
function delimiterBytes(delimiter: string): Buffer {
  const latin1 = Buffer.from(delimiter, 'latin1');
  return latin1.toString('latin1') === delimiter ? latin1 : Buffer.from(delimiter, 'utf8');
}

function withoutCarriageReturn(frame: Buffer): Buffer {
  return frame.at(-1) === 0x0d ? frame.subarray(0, -1) : frame;
}

interface Delimited {
  readonly delimiter: Buffer;
  readonly maxBytes: number;
  /** Of a frame as it stands on the line; default `maxBytes`. */
  readonly maxEncodedBytes?: number;
  /** What stood between two delimiters, as a frame; undefined when it cannot be one. */
  readonly decode: (encoded: Buffer) => Buffer | undefined;
}

function createDelimited(options: Delimited): Framer {
  const { delimiter, maxBytes, maxEncodedBytes = maxBytes, decode } = options;
  const held = createHeld();
  /** A frame begun is surely too long beyond this: a part of the delimiter and one trimmed byte may be its end. */
  const heldMax = maxEncodedBytes + delimiter.length;
  const counters: FramerCounters = { framesTooLong: 0, framesDamaged: 0, bytesDiscarded: 0 };
  let dropping = false;

  function complete(encoded: Buffer, frames: Buffer[]): void {
    const frame = dropping || encoded.length > heldMax ? tooLong() : decoded(encoded);
    if (frame === undefined) counters.bytesDiscarded += encoded.length;
    else if (frame.length > 0) frames.push(frame);
    dropping = false;
  }

  function decoded(encoded: Buffer): Buffer | undefined {
    const frame = decode(encoded);
    if (frame === undefined) counters.framesDamaged += 1;
    return frame !== undefined && frame.length > maxBytes ? tooLong() : frame;
  }

  function tooLong(): undefined {
    if (!dropping) counters.framesTooLong += 1;
  }

  /** Keeps the begun frame; of one too long only what may be the beginning of its delimiter. */
  function keep(rest: Buffer): void {
    if (rest.length > heldMax && !dropping) {
      tooLong();
      dropping = true;
    }
    const kept = dropping ? rest.subarray(Math.max(0, rest.length - (delimiter.length - 1))) : rest;
    counters.bytesDiscarded += rest.length - kept.length;
    held.set(kept);
  }

  return {
    push(chunk) {
      const searchFrom = Math.max(0, held.length - (delimiter.length - 1));
      const bytes = held.append(chunk);
      const frames: Buffer[] = [];
      let start = 0;
      let end = bytes.indexOf(delimiter, searchFrom);
      while (end !== -1) {
        complete(bytes.subarray(start, end), frames);
        start = end + delimiter.length;
        end = bytes.indexOf(delimiter, start);
      }
      keep(bytes.subarray(start));
      return frames;
    },
    reset() {
      dropping = false;
      counters.bytesDiscarded += held.clear();
    },
    counters,
  };
}

function createFixed(length: number): Framer {
  const held = createHeld();
  const counters: FramerCounters = { framesTooLong: 0, framesDamaged: 0, bytesDiscarded: 0 };
  return {
    push(chunk) {
      const bytes = held.append(chunk);
      const frames: Buffer[] = [];
      let start = 0;
      for (; start + length <= bytes.length; start += length)
        frames.push(bytes.subarray(start, start + length));
      held.set(bytes.subarray(start));
      return frames;
    },
    reset() {
      counters.bytesDiscarded += held.clear();
    },
    counters,
  };
}

/** Bytes of a frame begun: grows by doubling, so that a long frame in small chunks is not copied for each of them. */
function createHeld() {
  let memory = Buffer.alloc(0);
  let bytes: Buffer = memory;

  /** Where `bytes` end in `memory`; undefined while they lie in a chunk of the caller. */
  function endInMemory(): number | undefined {
    if (bytes.buffer !== memory.buffer) return undefined;
    const end = bytes.byteOffset - memory.byteOffset + bytes.length;
    return end >= 0 && end <= memory.length ? end : undefined;
  }

  return {
    get length() {
      return bytes.length;
    },
    /** What was held, followed by the chunk. */
    append(chunk: Buffer): Buffer {
      const wanted = bytes.length + chunk.length;
      const end = endInMemory();
      if (bytes.length === 0) {
        bytes = chunk;
      } else if (end !== undefined && end + chunk.length <= memory.length) {
        chunk.copy(memory, end);
        bytes = memory.subarray(end + chunk.length - wanted, end + chunk.length);
      } else {
        memory = Buffer.allocUnsafeSlow(wanted * 2);
        bytes.copy(memory);
        chunk.copy(memory, bytes.length);
        bytes = memory.subarray(0, wanted);
      }
      return bytes;
    },
    /** Keeps this end of what `append` returned. */
    set(rest: Buffer): void {
      bytes = rest;
    },
    clear(): number {
      const discarded = bytes.length;
      bytes = memory.subarray(0, 0);
      return discarded;
    },
  };
}
