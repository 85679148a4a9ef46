/**
 * Writes frames into a block, straight into its buffer; the layout is in block.ts.
 *
 * Invariant: no object is kept for a frame; the routes known from earlier blocks are found without making a string.
 */

import { type BlockClock, blockHeaderBytes, blockVersion, trustOfByte } from './block.ts';

/** What a frame takes beyond its payload when its route is known: three varints. */
const frameOverheadBytes = 24;
/** Topics remembered over blocks; with more, the memory begins anew. */
const topicsRemembered = 65_536;
/** In characters. Longer ones, up to 64 KB in MQTT, are spelled out with each frame: compression takes them back. */
const longestRemembered = 512;

export interface BlockWriter {
  readonly frames: number;
  readonly bytes: number;
  /** Copies a frame behind the others; grows the buffer when it must. `arrivalUs` is whole microseconds. */
  add(source: string, topic: string, payload: Uint8Array, arrivalUs: number): void;
  /** The block so far, a view of the writer's buffer: valid until the next `begin` with the same buffer. */
  finish(clock: BlockClock): Buffer;
  /** The time of a block that has no frames. */
  mark(us: number): void;
  /** Starts an empty block in the buffer. */
  begin(buffer: Buffer): void;
}

interface KnownRoute {
  block: number;
  index: number;
}

function putVarint(buffer: Buffer, at: number, value: number): number {
  while (value > 0x7fffffff) {
    buffer[at++] = (value % 128) | 128;
    value = Math.floor(value / 128);
  }
  while (value > 127) {
    buffer[at++] = (value & 127) | 128;
    value >>>= 7;
  }
  buffer[at++] = value;
  return at;
}

function putText(buffer: Buffer, at: number, text: string): number {
  const start = putVarint(buffer, at, Buffer.byteLength(text));
  return start + buffer.write(text, start);
}

export function createBlockWriter(first: Buffer): BlockWriter {
  const sources = new Map<string, Map<string, KnownRoute>>();
  let topics = 0;
  let buffer = first;
  let at = blockHeaderBytes;
  let block = 0;
  let frames = 0;
  let routes = 0;
  let firstUs = 0;
  let lastUs = 0;

  function topicsOf(source: string): Map<string, KnownRoute> {
    const known = sources.get(source);
    if (known !== undefined) return known;
    const bySource = new Map<string, KnownRoute>();
    sources.set(source, bySource);
    return bySource;
  }

  function knownRoute(source: string, topic: string): KnownRoute {
    const known = sources.get(source)?.get(topic);
    if (known !== undefined) return known;
    const route = { block: -1, index: 0 };
    if (topic.length > longestRemembered) return route;
    if (topics >= topicsRemembered) {
      sources.clear();
      topics = 0;
    }
    topics += 1;
    topicsOf(source).set(topic, route);
    return route;
  }

  function reserve(bytes: number): void {
    if (at + bytes <= buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(grown, 0, 0, at);
    buffer = grown;
  }

  function putRoute(source: string, topic: string): void {
    const route = knownRoute(source, topic);
    if (route.block === block) {
      at = putVarint(buffer, at, route.index);
      return;
    }
    // Three bytes hold any UTF-16 unit.
    reserve(3 * (source.length + topic.length) + frameOverheadBytes);
    route.block = block;
    route.index = routes++;
    at = putVarint(buffer, at, route.index);
    at = putText(buffer, at, source);
    at = putText(buffer, at, topic);
  }

  function add(source: string, topic: string, payload: Uint8Array, arrivalUs: number): void {
    if (frames === 0) firstUs = lastUs = arrivalUs;
    reserve(frameOverheadBytes);
    putRoute(source, topic);
    reserve(frameOverheadBytes + payload.length);
    at = putVarint(buffer, at, arrivalUs - lastUs);
    at = putVarint(buffer, at, payload.length);
    buffer.set(payload, at);
    at += payload.length;
    lastUs = arrivalUs;
    frames += 1;
  }

  function finish({ offsetMs, trust }: BlockClock): Buffer {
    buffer.writeUInt32LE(blockVersion + 256 * trustOfByte.indexOf(trust), 0);
    buffer.writeUInt32LE(frames, 4);
    buffer.writeDoubleLE(firstUs, 8);
    buffer.writeDoubleLE(lastUs, 16);
    buffer.writeDoubleLE(Math.round(offsetMs * 1000), 24);
    return buffer.subarray(0, at);
  }

  function begin(next: Buffer): void {
    buffer = next;
    at = blockHeaderBytes;
    block += 1;
    frames = routes = 0;
  }

  return {
    get frames() {
      return frames;
    },
    get bytes() {
      return at;
    },
    add,
    finish,
    mark(us) {
      firstUs = lastUs = us;
    },
    begin,
  };
}
