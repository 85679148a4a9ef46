/**
 * Blocks into batches, cut by arrival at whole multiples of the batch interval, as the journal's are.
 *
 * Invariant: arrivals never go back: a row recorded earlier than one before it (files in another order, a stepped clock)
 * takes that one's arrival. Runs of empty batches are skipped, except those in which the engine has something to do.
 * A batch of very many rows is handed over in parts; what a batch gives does not depend on where it is cut.
 */

import type { Batch } from '../../core/frame.ts';
import { type Block, type BlockSpan, spanOf } from './block.ts';

export interface RecordedBatch extends Batch {
  readonly spans: readonly BlockSpan[];
}

export interface Cutter {
  add(block: Block): Generator<RecordedBatch>;
  /** The last batch. */
  end(): Generator<RecordedBatch>;
  /** Rows that took the arrival of one before them. */
  readonly backwards: number;
}

/** Bounds what one step gives out, and so the memory. */
const rowsAtOnce = 65_536;

/** `quietUntilMs`: until when an empty batch changes nothing. */
export function createCutter(batchMs: number, quietUntilMs: () => number): Cutter {
  let spans: BlockSpan[] = [];
  let rows = 0;
  let startMs = Number.NaN;
  let endMs = Number.NEGATIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  let backwards = 0;

  function take(untilMs: number): RecordedBatch {
    const batch = { startMs, endMs: untilMs, spans };
    startMs = untilMs;
    spans = [];
    rows = 0;
    return batch;
  }

  /** The empty batches before `nextMs` that matter. */
  function* pass(nextMs: number): Generator<RecordedBatch> {
    while (endMs > Number.NEGATIVE_INFINITY) {
      const dueMs = Math.max(endMs + batchMs, Math.ceil(quietUntilMs() / batchMs) * batchMs);
      if (!(dueMs <= nextMs)) return;
      yield { startMs: dueMs - batchMs, endMs: dueMs, spans: [] };
      endMs = dueMs;
    }
  }

  function* begin(arrivalMs: number): Generator<RecordedBatch> {
    if (spans.length > 0) yield take(endMs);
    const nextMs = Math.floor(arrivalMs / batchMs) * batchMs;
    yield* pass(nextMs);
    startMs = nextMs;
    endMs = nextMs + batchMs;
  }

  return {
    *add(block) {
      const { arrivalMs, clock } = block;
      if (arrivalMs.length === 0 && clock !== undefined) {
        lastMs = Math.max(lastMs, clock.sinceMs);
        if (lastMs >= endMs) yield* begin(lastMs);
        spans.push(spanOf(block, 0, 0));
      }
      let from = 0;
      for (let i = 0; i < arrivalMs.length; i++) {
        if (arrivalMs[i]! < lastMs) {
          arrivalMs[i] = lastMs;
          backwards += 1;
        }
        lastMs = arrivalMs[i]!;
        if (lastMs < endMs && rows + i - from < rowsAtOnce) continue;
        if (i > from) spans.push(spanOf(block, from, i));
        rows += i - from;
        from = i;
        if (lastMs >= endMs) yield* begin(lastMs);
        else yield take(lastMs);
      }
      if (from < arrivalMs.length) spans.push(spanOf(block, from, arrivalMs.length));
      rows += arrivalMs.length - from;
    },
    *end() {
      if (spans.length > 0) yield take(endMs);
    },
    get backwards() {
      return backwards;
    },
  };
}
