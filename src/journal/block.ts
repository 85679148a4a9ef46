/**
 * A block: the frames of one commit, back to back, with a dictionary of their routes.
 *
 *     version u8 | 3 × 0 | frames u32 | first arrival f64 | last arrival f64      (little-endian, µs since 1970)
 *     frame: varint route | [ varint bytes, source, varint bytes, topic ] | varint µs since the frame before
 *            | varint bytes, payload
 *
 * A route is spelled out where it first occurs: there its number is the count of routes so far. Varints are LEB128.
 * Invariant: arrivals never decrease within a block. Not here: compression, files.
 */

import { GatewayError } from '../core/errors.ts';
import type { FrameSpan, FrameVisitor, Route } from '../core/frame.ts';

export const blockHeaderBytes = 24;
const blockVersion = 1;
/** What a frame takes beyond its payload when its route is known: three varints. */
const frameOverheadBytes = 24;
/** Topics remembered over blocks; with more, the memory begins anew. */
const topicsRemembered = 65_536;

export interface BlockWriter {
  readonly frames: number;
  readonly bytes: number;
  /** Copies a frame behind the others; grows the buffer when it must. `arrivalUs` is whole microseconds. */
  add(source: string, topic: string, payload: Uint8Array, arrivalUs: number): void;
  /** The block so far, a view of the writer's buffer: valid until the next `begin` with the same buffer. */
  finish(): Buffer;
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
    if (topics >= topicsRemembered) {
      sources.clear();
      topics = 0;
    }
    topics += 1;
    const route = { block: -1, index: 0 };
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

  function finish(): Buffer {
    buffer.writeUInt32LE(blockVersion, 0);
    buffer.writeUInt32LE(frames, 4);
    buffer.writeDoubleLE(firstUs, 8);
    buffer.writeDoubleLE(lastUs, 16);
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
    begin,
  };
}

export interface Block {
  readonly buffer: Buffer;
  readonly frames: number;
  readonly firstArrivalMs: number;
  readonly lastArrivalMs: number;
  /** Filled as frames are visited or passed over. */
  readonly routes: Route[];
}

/** A place between two frames of a block. */
export interface BlockCursor {
  /** Index of the frame behind it. */
  readonly frame: number;
  readonly offset: number;
  /** Of the frame before it, µs. */
  readonly arrivalUs: number;
  /** Routes spelled out before it. */
  readonly routes: number;
}

/** Takes up a finished block. Throws `GatewayError` when it is none of this format. */
export function openBlock(buffer: Buffer): Block {
  if (buffer.length < blockHeaderBytes || buffer.readUInt32LE(0) !== blockVersion)
    throw damaged('its header');
  return {
    buffer,
    frames: buffer.readUInt32LE(4),
    firstArrivalMs: buffer.readDoubleLE(8) / 1000,
    lastArrivalMs: buffer.readDoubleLE(16) / 1000,
    routes: [],
  };
}

function damaged(what: string): GatewayError {
  return new GatewayError(`journal block cannot be read: ${what} is damaged or of another version`);
}

export function blockStart({ buffer }: Block): BlockCursor {
  return { frame: 0, offset: blockHeaderBytes, arrivalUs: buffer.readDoubleLE(8), routes: 0 };
}

export function blockEnd({ buffer, frames, routes }: Block): BlockCursor {
  return { frame: frames, offset: buffer.length, arrivalUs: buffer.readDoubleLE(16), routes: routes.length };
}

interface Scanner {
  readonly buffer: Buffer;
  at: number;
}

function takeVarint(scanner: Scanner): number {
  const { buffer } = scanner;
  let byte = buffer[scanner.at++]!;
  let value = byte & 127;
  for (let scale = 128; byte > 127; scale *= 128) {
    byte = buffer[scanner.at++]!;
    value += (byte & 127) * scale;
  }
  return value;
}

function takeText(scanner: Scanner): string {
  const bytes = takeVarint(scanner);
  scanner.at += bytes;
  return scanner.buffer.toString('utf8', scanner.at - bytes, scanner.at);
}

/**
 * Goes from a cursor to the first frame that arrived at or after `untilUs`, or to frame `untilFrame`, whichever comes
 * first, and shows each frame passed to the visitor. Throws `GatewayError` on a damaged block.
 */
export function walkBlock(
  block: Block,
  from: BlockCursor,
  untilUs: number,
  untilFrame: number,
  visitor?: FrameVisitor,
): BlockCursor {
  const { buffer, routes } = block;
  const last = Math.min(untilFrame, block.frames);
  const scanner: Scanner = { buffer, at: from.offset };
  let { frame, offset, arrivalUs, routes: spelled } = from;
  for (; frame < last; frame++) {
    const route = takeVarint(scanner);
    const isNew = route === spelled;
    if (isNew) {
      const spelledOut = { source: takeText(scanner), topic: takeText(scanner) };
      if (route === routes.length) routes.push(spelledOut);
    }
    const arrival = arrivalUs + takeVarint(scanner);
    const bytes = takeVarint(scanner);
    const start = scanner.at;
    scanner.at += bytes;
    if (!(scanner.at <= buffer.length) || route >= routes.length) throw damaged(`frame ${frame}`);
    if (arrival >= untilUs) break;
    if (isNew) spelled += 1;
    arrivalUs = arrival;
    offset = scanner.at;
    visitor?.(route, buffer, start, scanner.at, arrival / 1000);
  }
  return { frame, offset, arrivalUs, routes: spelled };
}

/** The frames between two cursors, without copying; may be visited again and again. */
export function blockSpan(block: Block, from: BlockCursor, to: BlockCursor): FrameSpan {
  return {
    routes: block.routes,
    visit: (visitor) => {
      walkBlock(block, from, Number.POSITIVE_INFINITY, to.frame, visitor);
    },
  };
}
