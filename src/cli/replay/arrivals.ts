/**
 * Arrival times for rows that were recorded without any: the running maximum of the event times.
 *
 * So time passes as the data says, keys that stop are found idle, and a reading is never ahead of its own arrival;
 * except one: an event time more than `leapMs` after all before it is not believed when the next row goes on where the
 * row before left off. Its arrival stays behind, and the engine sets it aside as it would have live. A device that
 * once says 2106 does not make all that follows late.
 * Not here: rows out of order within the device's lateness; they stay where they are in the file.
 */

import type { Block } from './block.ts';

/** Longer than any gap in a site's data that a single wrong row may be mistaken for. */
export const leapMs = 86_400_000;

/** Turns the event times in `arrivalMs` into arrivals, looking one row ahead, also from one block to the next. */
export async function* withArrivals(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
  let maxMs = Number.NEGATIVE_INFINITY;
  let held: Block | undefined;
  for await (const block of blocks) {
    if (held !== undefined) {
      // The next file may begin anywhere in time: it says nothing about the last row of this one.
      maxMs = assign(held, maxMs, held.file === block.file ? block.arrivalMs[0]! : Number.NaN);
      yield held;
    }
    held = block;
  }
  if (held === undefined) return;
  assign(held, maxMs, Number.NaN);
  yield held;
}

function assign({ arrivalMs }: Block, before: number, nextMs: number): number {
  let maxMs = before;
  for (let i = 0; i < arrivalMs.length; i++) {
    const eventMs = arrivalMs[i]!;
    const next = i + 1 < arrivalMs.length ? arrivalMs[i + 1]! : nextMs;
    if (!isLeap(eventMs, maxMs, next)) maxMs = Math.max(maxMs, floorMicros(eventMs));
    // Nothing is known before a first row that leaps: the row after it tells the time.
    arrivalMs[i] = maxMs === Number.NEGATIVE_INFINITY ? floorMicros(next) : maxMs;
  }
  return maxMs;
}

function isLeap(eventMs: number, maxMs: number, nextMs: number): boolean {
  return eventMs > maxMs + leapMs && nextMs >= maxMs - leapMs && nextMs < eventMs - leapMs;
}

/** Arrivals are whole microseconds; one that was rounded down must not be ahead of its reading by a nanosecond. */
function floorMicros(ms: number): number {
  const us = Math.round(ms * 1000);
  return us / 1000 > ms ? (us - 1) / 1000 : us / 1000;
}
