/**
 * Cuts the journal into batches by recorded arrival time: `[kΔ, (k+1)Δ)`.
 *
 * Invariant: a batch is given only when no frame can arrive in it any more and all that did are durable; run again
 * from the same position, the same batches come. A frame on a boundary belongs to the later batch. The last batch
 * before a stop may end early, at the moment of stopping: the next start goes on from that end. Points do not depend
 * on where batches are cut.
 */

import { sleep } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Batch, FrameSpan } from '../core/frame.ts';
import type { BlockReader, Journal, Position } from './journal.ts';

export interface BatchesOptions {
  /** The first frame of the first batch. */
  readonly from: Position;
  /** End of the last processed batch. */
  readonly startMs: number;
  readonly batchMs: number;
  /** The clock that the journal was opened with. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Until when an empty batch changes nothing; asked anew for each batch. */
  readonly quietUntilMs: () => number;
}

export interface CutBatch {
  /** Its spans are valid until the next batch is asked for. */
  readonly batch: Batch;
  /** Behind the batch's last frame. */
  readonly next: Position;
}

interface Cut {
  readonly startMs: number;
  readonly endMs: number;
  readonly isLast: boolean;
}

/** A clock step forward is noticed after so long. */
const longestWaitMs = 1000;
/** After an abort so much backlog is still cut; more is left for the next start. */
const finishableMs = 1000;

/**
 * Batches from `startMs` on, live once it has caught up. Behind by more than one batch, empty ones are passed over up to
 * the next frame, the batch in which `quietUntilMs` falls, or the newest that is over. Ends after an abort.
 */
export async function* batches(journal: Journal, options: BatchesOptions): AsyncGenerator<CutBatch> {
  const reader = journal.follow(options.from);
  const now = untilAbort(journal, options.signal);
  let { startMs } = options;
  try {
    for (;;) {
      const cut = await nextCut(journal, reader, now, startMs, options);
      if (cut === undefined) return;
      await journal.sync();
      const spans: FrameSpan[] = [];
      for await (const span of reader.read(cut.endMs)) spans.push(span);
      yield { batch: { startMs: cut.startMs, endMs: cut.endMs, spans }, next: reader.position };
      reader.forget();
      if (cut.isLast) return;
      startMs = cut.endMs;
    }
  } finally {
    await reader.close();
  }
}

/** The journal's time, which stands still from the first look after the abort: what is left to cut has an end. */
function untilAbort(journal: Journal, signal: AbortSignal): () => number {
  let stoppedMs: number | undefined;
  return () => {
    if (signal.aborted) stoppedMs ??= journal.now();
    return stoppedMs ?? journal.now();
  };
}

async function nextCut(
  journal: Journal,
  reader: BlockReader,
  now: () => number,
  startMs: number,
  options: BatchesOptions,
): Promise<Cut | undefined> {
  const { batchMs, clock, signal } = options;
  const endMs = (Math.floor(startMs / batchMs) + 1) * batchMs;
  const nowMs = await waitUntil(endMs, now, clock, signal);
  if (nowMs < endMs) return { startMs, endMs: Math.max(nowMs, justAfter(startMs)), isLast: true };
  if (signal.aborted && nowMs - endMs > Math.max(finishableMs, batchMs)) return undefined;
  if (nowMs < endMs + batchMs) return { startMs, endMs, isLast: false };
  const eventfulMs = await nextEventfulStart(journal, reader, nowMs, options);
  return eventfulMs > startMs
    ? { startMs: eventfulMs, endMs: eventfulMs + batchMs, isLast: false }
    : { startMs, endMs, isLast: false };
}

/** Waits until it is over, or until the abort; gives the time then. */
async function waitUntil(
  endMs: number,
  now: () => number,
  clock: Clock,
  signal: AbortSignal,
): Promise<number> {
  for (;;) {
    const nowMs = now();
    if (nowMs >= endMs || signal.aborted) return nowMs;
    const waitMs = clock.waitMs(clock.now() + endMs - nowMs);
    await sleep(Math.min(waitMs, longestWaitMs), signal);
  }
}

/** Start of the next batch that holds a frame, can change something by its emptiness, or is the newest that is over. */
async function nextEventfulStart(
  journal: Journal,
  reader: BlockReader,
  nowMs: number,
  { batchMs, quietUntilMs }: BatchesOptions,
): Promise<number> {
  await journal.sync();
  const arrivalMs = (await reader.nextArrivalMs()) ?? Number.POSITIVE_INFINITY;
  const withFrame = Math.floor(arrivalMs / batchMs) * batchMs;
  // What happens exactly at the end of a batch may happen in that batch.
  const withEvent = Math.ceil(quietUntilMs() / batchMs) * batchMs - batchMs;
  const newest = Math.floor(nowMs / batchMs) * batchMs - batchMs;
  return Math.min(withFrame, withEvent, newest);
}

/** The next microsecond: all that has arrived lies before it. */
function justAfter(ms: number): number {
  return (Math.round(ms * 1000) + 1) / 1000;
}
