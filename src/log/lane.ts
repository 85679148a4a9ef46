/**
 * A lane: batches of text lines in a log, written by the outbox, read by what delivers them.
 *
 * Invariant: a batch is in the lane once, whole, or not at all to its readers' harm: appending a batch again, after a
 * crash or a failure half way, adds only what is missing (the same batch must come with the same lines). The last
 * record is never released, so that this is known after a restart too.
 * Not here: what a line means, and the readers' positions (cursor.ts).
 */

import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import {
  decodeLaneContent,
  decodeLaneHeader,
  encodeLaneRecord,
  type LaneContent,
  type LaneHeader,
  type Notes,
} from './lane-record.ts';
import type { Log } from './log.ts';

export type { LaneContent, Note, Notes } from './lane-record.ts';

export interface LaneRecord extends LaneHeader {
  readonly sequence: number;
  lines(): Promise<readonly string[]>;
  /** Lines and what is noted of them. */
  content(): Promise<LaneContent>;
}

/** How much a lane holds, or has held. */
export interface LaneEnd {
  readonly next: number;
  readonly lineCount: number;
}

export interface Lane {
  /** Oldest sequence kept, and the one after the last. */
  readonly first: number;
  readonly next: number;
  readonly bytes: number;
  /** Appended since the lane was opened. */
  readonly bytesAppended: number;
  /** Lines ever appended. */
  readonly lineCount: number;
  /** Newest time of any line; -Infinity when there was none. */
  readonly newestMs: number;
  /** End of the last batch that is here whole; -Infinity when there is none. */
  readonly lastBatchEndMs: number;
  /** Resolves once durable. Nothing to append for a batch that is here already, or without lines. */
  append(batchEndMs: number, lines: readonly string[], notes?: Notes): Promise<void>;
  /** Records from a sequence on (or the oldest kept) up to the end at the time it gets there. */
  read(from: number): AsyncGenerator<LaneRecord>;
  /** Resolves when there is something at or after `from`, or the signal aborts. */
  arrival(from: number, signal: AbortSignal): Promise<void>;
  /** It held as much once; gives how many records are missing of that, which are counted as lost. */
  expect(known: LaneEnd): number;
  /** Records below are delivered. */
  release(below: number): void;
  /** Delivered records from `from` on stay until what this gives is called; see `Log.hold`. */
  hold(from: number): () => void;
  close(): Promise<void>;
}

/** Most lines and characters in one record of several lines: usually what fits one request. */
export interface RecordLimits {
  readonly lines: number;
  readonly characters: number;
}

const usualLimits: RecordLimits = { lines: 5000, characters: 1024 * 1024 };

/**
 * Makes a lane of an open log. `timeOf` gives a line's time in ms. Several records of the size that `limits` allow must fit in the
 * log's budget.
 */
export async function openLane(
  log: Log,
  timeOf: (line: string) => number,
  logger: Logger,
  limits: Partial<RecordLimits> = {},
): Promise<Lane> {
  const last = await lastHeader(log, logger);
  const state = {
    newestMs: last?.newestMs ?? Number.NEGATIVE_INFINITY,
    bytesAppended: 0,
    /** Beside `lineCount`, and changed with it: a place is both. */
    next: log.next,
    lineCount: last === undefined ? 0 : last.linesBefore + last.count,
    /** Up to here the batches are in the lane: part `part` of the batch ending at `batchEndMs`, `last` the final one. */
    at: {
      batchEndMs: last?.batchEndMs ?? Number.NEGATIVE_INFINITY,
      part: last?.part ?? 0,
      last: last?.last ?? true,
    },
  };
  const waiting = new Set<() => void>();
  let appending: Promise<void> = Promise.resolve();

  function isKnown(batchEndMs: number, part: number): boolean {
    const { at } = state;
    return batchEndMs < at.batchEndMs || (batchEndMs === at.batchEndMs && (at.last || part <= at.part));
  }

  async function appendParts(batchEndMs: number, lines: readonly string[], notes: Notes): Promise<void> {
    const parts = partsOf(lines, { ...usualLimits, ...limits });
    let at = 0;
    for (const [part, piece] of parts.entries()) {
      const from = at;
      at += piece.length;
      if (isKnown(batchEndMs, part)) continue;
      const { oldestMs, newestMs } = timesOf(piece, timeOf);
      const header: LaneHeader = {
        batchEndMs,
        part,
        last: part === parts.length - 1,
        count: piece.length,
        linesBefore: state.lineCount,
        oldestMs,
        newestMs: Math.max(state.newestMs, newestMs),
      };
      const body = await encodeLaneRecord(header, piece, notes.slice(from, at));
      const sequence = await log.append(body);
      state.next = sequence + 1;
      state.bytesAppended += body.length;
      state.at = { batchEndMs, part, last: header.last };
      state.newestMs = header.newestMs;
      state.lineCount += piece.length;
      for (const wake of waiting) wake();
    }
  }

  return {
    get first() {
      return log.first;
    },
    get next() {
      return state.next;
    },
    get bytes() {
      return log.bytes;
    },
    get bytesAppended() {
      return state.bytesAppended;
    },
    get lineCount() {
      return state.lineCount;
    },
    get newestMs() {
      return state.newestMs;
    },
    get lastBatchEndMs() {
      return state.at.batchEndMs;
    },
    append(batchEndMs, lines, notes = []) {
      const done = appending.then(() => appendParts(batchEndMs, lines, notes));
      appending = done.catch(() => undefined);
      return done;
    },
    read: (from) => readRecords(log, from, logger),
    arrival(from, signal) {
      if (state.next > from || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    },
    expect({ next, lineCount }) {
      const missing = Math.max(0, next - state.next);
      log.miss(next - missing, next);
      if (missing > 0) state.lineCount = Math.max(state.lineCount, lineCount);
      state.next = Math.max(state.next, next);
      return missing;
    },
    release: (below) => log.release(Math.min(below, state.next - 1)),
    hold: log.hold,
    async close() {
      await appending;
      await log.close();
    },
  };
}

async function* readRecords(log: Log, from: number, logger: Logger): AsyncGenerator<LaneRecord> {
  for await (const { sequence, body } of log.read(from)) {
    const header = headerOf(body, sequence, logger);
    if (header === undefined) continue;
    const content = (): Promise<LaneContent> => decodeLaneContent(body);
    yield { ...header, sequence, content, lines: async () => (await content()).lines };
  }
}

function headerOf(body: Buffer, sequence: number, logger: Logger): LaneHeader | undefined {
  try {
    return decodeLaneHeader(body);
  } catch (error) {
    logger.error({ sequence, error: messageOf(error) }, 'outbox record skipped: it cannot be read');
    return undefined;
  }
}

async function lastHeader(log: Log, logger: Logger): Promise<LaneHeader | undefined> {
  const lastAfter = async (from: number): Promise<LaneHeader | undefined> => {
    let last: LaneHeader | undefined;
    for await (const record of readRecords(log, from, logger)) last = record;
    return last;
  };
  // When the newest record is damaged an older one says where the lane stands.
  return (await lastAfter(Math.max(log.first, log.next - 1))) ?? (await lastAfter(log.first));
}

function partsOf(lines: readonly string[], limits: RecordLimits): (readonly string[])[] {
  const parts: string[][] = [];
  let characters = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const part = parts.at(-1);
    characters += line.length;
    if (part !== undefined && part.length < limits.lines && characters <= limits.characters) part.push(line);
    else {
      parts.push([line]);
      characters = line.length;
    }
  }
  return parts;
}

function timesOf(lines: readonly string[], timeOf: (line: string) => number) {
  let oldestMs = Number.POSITIVE_INFINITY;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    const ms = timeOf(line);
    oldestMs = Math.min(oldestMs, ms);
    newestMs = Math.max(newestMs, ms);
  }
  return { oldestMs, newestMs };
}
