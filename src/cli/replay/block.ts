/**
 * Recorded rows in bulk: where each lies in the bytes of the file, when it arrived, and its line for complaints.
 *
 * Invariant: no object is made per row; a block owns its bytes, so it may wait for its batch.
 */

import type { ClockReading, FrameSpan, Route } from '../../core/frame.ts';

export interface Block {
  /** As the user typed it. */
  readonly file: string;
  readonly buffer: Buffer;
  readonly routes: Route[];
  readonly route: number[];
  readonly start: number[];
  readonly end: number[];
  /** Until arrivals.ts has seen a file without recorded arrivals, its rows' event times. */
  readonly arrivalMs: number[];
  /** From 1. */
  readonly line: number[];
  /** Of a journal, in whose arrivals no step of the clock is. A block without rows tells of one. */
  readonly clock?: ClockReading | undefined;
}

export function createBlock(file: string, buffer: Buffer): Block {
  return { file, buffer, routes: [], route: [], start: [], end: [], arrivalMs: [], line: [] };
}

/** Some rows of a block, as the engine takes them. */
export interface BlockSpan extends FrameSpan {
  readonly block: Block;
  readonly from: number;
  readonly to: number;
}

/** Rows `[from, to)` of the block. */
export function spanOf(block: Block, from: number, to: number): BlockSpan {
  return {
    block,
    from,
    to,
    ...(block.clock && { clock: block.clock }),
    routes: block.routes,
    visit(visitor) {
      const { buffer, route, start, end, arrivalMs } = block;
      for (let i = from; i < to; i++) visitor(route[i]!, buffer, start[i]!, end[i]!, arrivalMs[i]!);
    },
  };
}
