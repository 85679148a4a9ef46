/**
 * What could not be used, for the summary: counted by reason, the first few with their place.
 *
 * Invariant: memory does not grow with the number of bad lines.
 */

import type { SetAside } from '../../core/types.ts';
import type { Block } from './block.ts';
import type { RecordedBatch } from './cut.ts';

export interface Example {
  /** `FILE:LINE`, or as much as is known. */
  readonly place: string;
  readonly detail: string;
}

export interface Reason {
  readonly reason: string;
  count: number;
  readonly examples: Example[];
}

export interface SetAsideBook {
  /** A line that did not reach the engine. */
  line(file: string, line: number, reason: string, detail: string): void;
  /** What the engine set aside of a batch. */
  batch(batch: RecordedBatch, entries: readonly SetAside[]): void;
  /** Most frequent first. */
  reasons(): readonly Reason[];
  /** Lines that did not reach the engine. */
  readonly lines: number;
}

const examplesKept = 3;

export function createSetAsideBook(): SetAsideBook {
  const reasons = new Map<string, Reason>();
  let lines = 0;

  function add(reason: string, example: () => Example): void {
    let entry = reasons.get(reason);
    if (entry === undefined) {
      entry = { reason, count: 0, examples: [] };
      reasons.set(reason, entry);
    }
    entry.count += 1;
    if (entry.examples.length < examplesKept) entry.examples.push(example());
  }

  return {
    line(file, line, reason, detail) {
      lines += 1;
      add(reason, () => ({ place: `${file}:${line}`, detail }));
    },
    batch(batch, entries) {
      for (const entry of entries) add(entry.reason, () => exampleOf(batch, entry));
    },
    reasons: () => [...reasons.values()].sort((a, b) => b.count - a.count),
    get lines() {
      return lines;
    },
  };
}

function exampleOf(batch: RecordedBatch, entry: SetAside): Example {
  const who = entry.device ?? entry.rule;
  const detail = who === undefined ? entry.detail : `${who}: ${entry.detail}`;
  return { place: placeOf(batch, entry) ?? '', detail };
}

/** The engine knows no lines: the row is found again by its arrival and its bytes. */
function placeOf(batch: RecordedBatch, { arrivalMs, payload }: SetAside): string | undefined {
  for (const { block, from, to } of batch.spans) {
    for (let i = from; i < to; i++) {
      if (block.arrivalMs[i] === arrivalMs && (payload === undefined || isPayload(block, i, payload))) {
        return block.line[i] === 0 ? block.file : `${block.file}:${block.line[i]}`;
      }
    }
  }
  return undefined;
}

function isPayload({ buffer, start, end }: Block, i: number, payload: Buffer): boolean {
  return buffer.compare(payload, 0, payload.length, start[i]!, end[i]!) === 0;
}
