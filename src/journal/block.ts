/**
 * A block: the frames of one commit, back to back, with a dictionary of their routes.
 *
 *     version u8 | trust u8 | 2 × 0 | frames u32 | first arrival f64 | last arrival f64 | offset f64   (little-endian, µs)
 *     frame: varint route | [ varint bytes, source, varint bytes, topic ] | varint µs since the frame before
 *            | varint bytes, payload
 *
 * Arrivals are stamps on the gateway's line of time; with the offset added they are times of day. `trust` is 0 when that is
 * sure, 1 when it is a guess, 2 when the time was not known yet: then the offset is that of the next block that knows. A
 * block without frames tells when the clock was stepped. Version 1 has neither field: its offset is 0.
 *
 * A frame under the route without a source is a note (handshakes.ts): readers of frames do not see it.
 * A route is spelled out where it first occurs: there its number is the count of routes so far. Varints are LEB128.
 * Invariant: arrivals never decrease within a block. Not here: compression, files.
 */

import type { ClockTrust } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { ClockReading, FrameSpan, FrameVisitor, Route } from '../core/frame.ts';

export const blockHeaderBytes = 32;
export const blockVersion = 2;
const headerBytesBefore = 24;
export const trustOfByte: readonly ClockTrust[] = ['sure', 'guessed', 'waiting'];

/** What was known of the time of day; while `waiting`, the offset is the last one that was known. */
export interface BlockClock {
  readonly offsetMs: number;
  readonly trust: ClockTrust;
}

/** Of notes; every source has a name. */
export const noteRoute: Route = { source: '', topic: '' };

export interface Block {
  readonly buffer: Buffer;
  readonly frames: number;
  readonly clock: BlockClock;
  /** Where its frames begin. */
  readonly from: number;
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
  const version = buffer[0];
  const from = version === 1 ? headerBytesBefore : blockHeaderBytes;
  const trust = trustOfByte[version === 1 ? 0 : buffer[1]!];
  const isKnown = version === 1 || version === blockVersion;
  if (!isKnown || buffer.length < from || buffer.readUInt16LE(2) !== 0 || trust === undefined)
    throw damaged('its header');
  return {
    buffer,
    from,
    frames: buffer.readUInt32LE(4),
    clock: { offsetMs: version === 1 ? 0 : buffer.readDoubleLE(24) / 1000, trust },
    firstArrivalMs: buffer.readDoubleLE(8) / 1000,
    lastArrivalMs: buffer.readDoubleLE(16) / 1000,
    routes: [],
  };
}

function damaged(what: string): GatewayError {
  return new GatewayError(`journal block cannot be read: ${what} is damaged or of another version`);
}

export function blockStart({ buffer, from }: Block): BlockCursor {
  return { frame: 0, offset: from, arrivalUs: buffer.readDoubleLE(8), routes: 0 };
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

/** A span has at most so many frames: between two spans the gateway turns to its sockets. */
const spanFrames = 2048;

/**
 * The frames between two cursors, without copying, in spans that may be visited again and again; of a block without frames
 * one span, for its clock. Visited in their order no frame is walked over twice: a span begins where the one before was left.
 */
export function* blockSpans(
  block: Block,
  from: BlockCursor,
  to: BlockCursor,
  clock: ClockReading,
): Generator<FrameSpan> {
  const { routes } = block;
  let start = (): BlockCursor => from;
  for (let frame = from.frame; frame < to.frame || block.frames === 0; frame += spanFrames) {
    const until = Math.min(frame + spanFrames, to.frame);
    const startOfSpan = start;
    let end: BlockCursor | undefined;
    const walk = (visitor?: FrameVisitor): BlockCursor => {
      end = walkBlock(block, startOfSpan(), Number.POSITIVE_INFINITY, until, visitor);
      return end;
    };
    start = () => end ?? walk();
    const visit = (visitor: FrameVisitor): void => {
      walk((route, buffer, from, to, arrivalMs) => {
        if (routes[route]!.source !== noteRoute.source) visitor(route, buffer, from, to, arrivalMs);
      });
    };
    yield { clock, routes, visit };
    if (block.frames === 0) return;
  }
}

/** The notes of a block, in order. Throws `GatewayError` on a damaged block. */
export function visitNotes(block: Block, visitor: (payload: Buffer) => void): void {
  const { routes } = block;
  walkBlock(block, blockStart(block), Number.POSITIVE_INFINITY, block.frames, (route, buffer, start, end) => {
    if (routes[route]!.source === noteRoute.source) visitor(buffer.subarray(start, end));
  });
}
