/**
 * Frames in bulk: the journal's blocks and a replay's files both reach the engine as spans.
 *
 * Invariant: frames are visited in arrival order; `routes[r]` is known once a frame of route r was visited.
 * No object is made per frame: a visitor gets the buffer and where the payload lies in it, and must not keep it.
 */

import type { Frame } from './types.ts';

/** Where frames come from: one per distinct source and topic of a span. */
export interface Route {
  readonly source: string;
  readonly topic: string;
}

export type FrameVisitor = (
  route: number,
  buffer: Buffer,
  start: number,
  end: number,
  arrivalMs: number,
) => void;

/** What the gateway's clock showed from an arrival on. */
export interface ClockReading {
  readonly sinceMs: number;
  /** From arrivals to the time of day. */
  readonly offsetMs: number;
  /** Not sure: nothing is to be judged by it that it could do harm to. */
  readonly isSure: boolean;
}

export interface FrameSpan {
  readonly routes: readonly Route[];
  /** Of all its frames; a span without frames tells of a step. Absent: arrivals are times of day. */
  readonly clock?: ClockReading;
  visit(visitor: FrameVisitor): void;
}

/** All frames whose arrival falls in `[startMs, endMs)`. Empty batches exist: they let time pass. */
export interface Batch {
  readonly startMs: number;
  readonly endMs: number;
  readonly spans: readonly FrameSpan[];
}

/** Frames in memory as a span. */
export function spanOf(frames: readonly Frame[]): FrameSpan {
  const routes: Route[] = [];
  const indexes = new Map<string, number>();
  const routeOf = frames.map(({ source, topic }) => {
    const key = `${source}\n${topic}`;
    const known = indexes.get(key);
    if (known !== undefined) return known;
    indexes.set(key, routes.length);
    return routes.push({ source, topic }) - 1;
  });
  return {
    routes,
    visit(visitor) {
      for (const [i, { payload, arrivalMs }] of frames.entries()) {
        visitor(routeOf[i]!, payload, 0, payload.length, arrivalMs);
      }
    },
  };
}
