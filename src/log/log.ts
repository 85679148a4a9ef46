/**
 * The durable log: numbered records in segment files, for the journal and the outbox. Format: docs/log-format.md.
 *
 * Invariant: a record whose append resolved is read back after any crash, until it is released (or dropped, where the
 * owner chose that, counted). Bounded: never more bytes on disk than the budget.
 * Not here: what is in a record; keeping two processes from opening one folder.
 */

import type { Logger } from '../core/log.ts';
import type { LogLosses } from '../core/status.ts';
import { type Disk, systemDisk } from './files.ts';
import { recover } from './open.ts';
import { type LogRecord, readRecords } from './reader.ts';
import { freeReleased } from './room.ts';
import { firstSequence, type LogState } from './state.ts';
import { createLogWriter } from './writer.ts';

export type { LogLosses } from '../core/status.ts';
export type { LogRecord } from './reader.ts';

export interface LogOptions {
  readonly budgetBytes: number;
  /** Default 4 MiB; never more than a quarter of the budget. */
  readonly segmentBytes?: number;
  /** What an append does when unreleased records fill the budget. */
  readonly whenFull: 'refuse' | 'drop-oldest';
  /** Whether released segments stay, readable, until the budget asks for them. Default false: freed at once. */
  readonly keepReleased?: boolean;
  readonly disk?: Disk;
  readonly logger: Logger;
}

export interface Log {
  /** The oldest sequence kept; equal to `next` when there is none. */
  readonly first: number;
  /** The sequence after the last durable record. */
  readonly next: number;
  /** Of the files of live segments. */
  readonly bytes: number;
  /** Of the files that hold records from `from` on, as far as they are written; they are freed as a whole. */
  bytesFrom(from: number): number;
  /** Since the log was opened. */
  readonly losses: Readonly<LogLosses>;
  /**
   * Resolves with the record's sequence once it is durable; the body must not change until then. Concurrent appends
   * share a write and a sync, and keep their order. Rejects with `GatewayError`: disk full or failing (after a failed
   * sync every append, until the log is opened again), budget reached (`refuse`), record over 64 MiB.
   */
  append(body: Uint8Array): Promise<number>;
  /**
   * Durable records from `from`, or the oldest kept, up to the durable end at the time it gets there. Safe beside
   * appends, releases and other readers. Records lost to damage or to the budget show as a gap in the sequences.
   */
  read(from: number): AsyncGenerator<LogRecord>;
  /** Records below are no longer needed. No later record gets a sequence below, even if some of these were lost. */
  release(below: number): void;
  /**
   * Released records from `from` on stay as long as the budget allows, until what this gives is called: for somebody who copies the
   * files. Nobody waits for that, and readers do not see it.
   */
  hold(from: number): () => void;
  /** Records from `from` up to `to` are known to have been there and are not: counted as lost; no number is given twice. */
  miss(from: number, to: number): void;
  /** Waits for what was appended; later appends are refused. */
  close(): Promise<void>;
}

const defaultSegmentBytes = 4 * 1024 * 1024;
const leastSegmentBytes = 4096;

/** Opens the log in a folder, which is created when missing. Throws `GatewayError`. */
export async function openLog(folder: string, options: LogOptions): Promise<Log> {
  const state = createState(folder, options);
  const { cleanEnd } = await recover(state);
  const writer = createLogWriter(state, cleanEnd);
  let isClosed = false;
  return {
    get first() {
      return firstSequence(state);
    },
    get next() {
      return state.next;
    },
    get bytes() {
      return state.segments.reduce((sum, segment) => sum + segment.size, 0);
    },
    bytesFrom: (from) => state.segments.reduce((sum, { next, end }) => (next > from ? sum + end : sum), 0),
    losses: state.losses,
    append: writer.append,
    read: (from) => readRecords(state, from),
    release(below) {
      state.released = Math.max(state.released, below);
      state.next = Math.max(state.next, below);
      if (!state.keepReleased) freeReleased(state);
    },
    hold(from) {
      const hold = { from };
      state.holds.add(hold);
      return () => {
        state.holds.delete(hold);
        // Once it is closed somebody else may have the folder.
        if (!state.keepReleased && !isClosed) freeReleased(state);
      };
    },
    miss(from, to) {
      state.losses.lostRecords += Math.max(0, to - from);
      state.next = Math.max(state.next, to);
    },
    async close() {
      isClosed = true;
      await writer.close();
      await state.housekeeping;
    },
  };
}

function createState(folder: string, options: LogOptions): LogState {
  const quarter = Math.floor(options.budgetBytes / 4);
  return {
    folder,
    disk: options.disk ?? systemDisk,
    logger: options.logger,
    budgetBytes: options.budgetBytes,
    segmentBytes: Math.max(leastSegmentBytes, Math.min(options.segmentBytes ?? defaultSegmentBytes, quarter)),
    whenFull: options.whenFull,
    keepReleased: options.keepReleased ?? false,
    segments: [],
    spares: [],
    losses: { tornBytes: 0, corruptSegments: 0, lostRecords: 0, droppedRecords: 0 },
    active: undefined,
    unsealed: undefined,
    next: 0,
    released: 0,
    holds: new Set(),
    failed: undefined,
    housekeeping: Promise.resolve(),
  };
}
