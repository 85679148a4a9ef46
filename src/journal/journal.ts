/**
 * The journal: every frame that arrived, as it arrived, in blocks in the durable log; history up to its size budget.
 *
 * Invariant: arrival times are whole microseconds on a line of time that never goes back, over restarts too, so that batches cut by them
 * are the same whenever they are cut. Format of a block: block.ts, of a record: body.ts; docs/log-format.md.
 * Not here: when batches are cut; what frames mean.
 */

import { type Clock, type ClockTrust, mostBackMs } from '../core/clock.ts';
import type { FrameSpan } from '../core/frame.ts';
import type { Logger } from '../core/log.ts';
import type { JournalLine } from '../core/status.ts';
import type { Ingest, OpenHandshakes } from '../core/types.ts';
import type { Disk } from '../log/files.ts';
import { type Log, type LogLosses, openLog } from '../log/log.ts';
import { type ArrivalClock, createArrivalClock } from './arrival-clock.ts';
import type { Block, BlockClock } from './block.ts';
import { createBlockCache } from './block-cache.ts';
import {
  type BlockReader,
  type BlockSource,
  createBlockReader,
  decodeRecord,
  type Position,
  readNotes,
} from './block-reader.ts';
import { bufferBytesFor, createCommitter, type JournalStats } from './committer.ts';
import { createHandshakeTable, type SavedHandshakes } from './handshakes.ts';

export type { BlockReader, Position } from './block-reader.ts';
export type { JournalStats } from './committer.ts';
export type { SavedHandshakes } from './handshakes.ts';

export interface JournalOptions {
  readonly clock: Clock;
  /** What is known of the time of day now; default: it is sure. */
  readonly trust?: () => ClockTrust;
  /** No frame is stamped before: what was made of earlier ones may outlive the journal's files. */
  readonly notBeforeMs?: number;
  /** Of the files on disk. At it, the oldest released blocks make room; with none, frames are refused. */
  readonly budgetBytes: number;
  /** A block is committed when it has so many bytes; default 1 MiB. */
  readonly blockBytes?: number;
  /** Committed blocks kept in memory until the batches have read them; default 64 MiB. */
  readonly cacheBytes?: number;
  readonly disk?: Disk;
  readonly logger: Logger;
}

export interface Journal {
  /** Stamps and copies a frame; see `Ingest`. After a refusal the journal tries again with later frames. */
  readonly append: Ingest;
  /**
   * Resolves when everything appended before is durable, or was refused to those who waited for it and is gone. Rejects
   * once the disk failed: then nobody knows.
   */
  sync(): Promise<void>;
  /** Durable frames from a position that arrived before `untilMs`, block by block; spans stay valid while held. */
  read(from: Position, untilMs: number): AsyncGenerator<FrameSpan>;
  /** Of the first frame of a block; undefined when it is not there or cannot be read. */
  firstArrivalMs(sequence: number): Promise<number | undefined>;
  /** Half-open QoS 2 handshakes; complete once `recoverHandshakes` is through. */
  readonly handshakes: OpenHandshakes;
  saveHandshakes(): SavedHandshakes;
  /** Those of a checkpoint, and what was noted since its position. */
  recoverHandshakes(saved: SavedHandshakes, from: Position): Promise<void>;
  /** For the batches, which follow the journal and tell it what they no longer look at. */
  follow(from: Position): BlockReader;
  /** The time frames are stamped with now; see arrival-clock.ts. */
  now(): number;
  /** What frames that arrive now are recorded with: the time of day is `now()` + its offset. */
  clock(): BlockClock;
  /** The latest time of day on record when the journal was opened; 0 when there was none. */
  readonly recordedMs: number;
  /** Whether the time of day of all that was on record then is known. */
  readonly isTimeKnown: boolean;
  /** Of the last durable frame, also of an earlier run; 0 when there is none. */
  readonly lastArrivalMs: number;
  /** The oldest block kept. */
  readonly first: number;
  /** Behind the last durable frame. */
  readonly end: Position;
  /** Blocks from `from` up to `to` are known to have been there and are not: counted as lost; no number is given twice. */
  miss(from: number, to: number): void;
  /** Bytes on disk. */
  readonly bytes: number;
  /** What cannot be freed while the blocks from a position on are needed. */
  bytesFrom(from: Position): number;
  /** Of blocks not on disk yet, before they are compressed. */
  readonly uncommittedBytes: number;
  /** Frames before are processed and checkpointed: they stay readable until the size budget needs their room. */
  release(before: Position): void;
  readonly stats: Readonly<JournalStats>;
  status(): Omit<JournalLine, 'waiting'>;
  readonly losses: Readonly<LogLosses>;
  /** Why the last frames could not be stored; undefined when they were. */
  readonly failure: Error | undefined;
  /** Rejects when the disk fails, is read-only or gone: frames are refused until the journal is opened again. */
  readonly failed: Promise<never>;
  /** Commits what was appended; later frames are refused. */
  close(): Promise<void>;
}

/** The time of day, as the journal would record it now. */
export function timeOfDay(journal: Pick<Journal, 'now' | 'clock'>): number {
  const lineMs = journal.now();
  return lineMs + journal.clock().offsetMs;
}

const defaultBlockBytes = 1024 * 1024;
const defaultCacheBytes = 64 * 1024 * 1024;

/** Opens the journal in a folder, which is created when missing. Throws `GatewayError`. */
export async function openJournal(folder: string, options: JournalOptions): Promise<Journal> {
  const { clock, logger, budgetBytes, disk, blockBytes = defaultBlockBytes } = options;
  const common = { budgetBytes, logger, whenFull: 'refuse', keepReleased: true } as const;
  const log = await openLog(folder, disk === undefined ? common : { ...common, disk });
  const stats = emptyStats();
  const cache = createBlockCache(options.cacheBytes ?? defaultCacheBytes, bufferBytesFor(blockBytes));
  const source: BlockSource = { log, cache, stats, logger };
  const last = await lastBlock(source);
  let lastArrivalMs = last?.lastArrivalMs ?? 0;
  const recorded: BlockClock = last?.clock ?? { offsetMs: 0, trust: 'sure' };
  const untilMs = Math.max(lastArrivalMs, options.notBeforeMs ?? 0);
  const recordedMs = untilMs === 0 ? 0 : untilMs + recorded.offsetMs;
  const arrivals = createArrivalClock(clock, { untilMs, offsetMs: recorded.offsetMs });
  const clockNow = createBlockClock(clock, arrivals, options.trust ?? (() => 'sure'), recorded, (byMs) => {
    stats.clockSteps += 1;
    stats.lastStepMs = byMs;
    tellStep(logger, byMs);
  });
  warnWhenSlow(logger, arrivals.behindMs);
  const onCommit = (block: Block): void => {
    lastArrivalMs = block.lastArrivalMs;
  };
  const { promise: failed, reject: onDiskFailure } = Promise.withResolvers<never>();
  // Whoever runs the gateway waits for it; until then it is no unhandled rejection.
  failed.catch(() => {});
  const committer = createCommitter({
    log,
    cache,
    stats,
    blockBytes,
    stampUs: arrivals.stampUs,
    clock: clockNow,
    clockBefore: recorded,
    onCommit,
    onDiskFailure,
    logger,
  });

  async function* read(from: Position, untilMs: number): AsyncGenerator<FrameSpan> {
    const reader = createBlockReader(source, from, true);
    try {
      yield* reader.read(untilMs);
    } finally {
      await reader.close();
    }
  }

  const handshakes = createHandshakeTable();

  return {
    append: (source, topic, payload, when, acknowledge, handshake) => {
      const note = handshake && handshakes.begin(source, handshake);
      committer.append(source, topic, payload, when, acknowledge, note);
    },
    handshakes: {
      of: handshakes.of,
      end(source, handshake, done) {
        const note = handshakes.end(source, handshake, done);
        if (note === undefined) done();
        else committer.note(note);
      },
    },
    saveHandshakes: handshakes.save,
    async recoverHandshakes(saved, { sequence }) {
      handshakes.restore(saved);
      for await (const record of log.read(sequence)) await readNotes(record, handshakes.read);
    },
    sync: committer.sync,
    read,
    follow: (from) => createBlockReader(source, from, false),
    async firstArrivalMs(sequence) {
      for await (const record of log.read(sequence)) {
        const block = record.sequence === sequence ? await decodeRecord(source, record) : undefined;
        return block === 'unreadable' ? undefined : block?.firstArrivalMs;
      }
      return undefined;
    },
    now: arrivals.now,
    clock: clockNow,
    recordedMs,
    isTimeKnown: recorded.trust !== 'waiting',
    get lastArrivalMs() {
      return lastArrivalMs;
    },
    get first() {
      return log.first;
    },
    miss: log.miss,
    get end() {
      return { sequence: log.next, frame: 0 };
    },
    get bytes() {
      return log.bytes;
    },
    bytesFrom: ({ sequence }) => log.bytesFrom(sequence),
    get uncommittedBytes() {
      return committer.uncommittedBytes;
    },
    release: ({ sequence, frame }) => releaseBefore(log, sequence, frame),
    stats,
    status: () => ({
      bytes: log.bytes,
      frames: stats.frames,
      commits: stats.commits,
      refused: stats.refusedFrames,
    }),
    losses: log.losses,
    get failure() {
      return committer.failure;
    },
    failed,
    async close() {
      await committer.close();
      await log.close();
    },
  };
}

/** A position inside a block that was lost: the next block must not get its number, or its first frames were skipped. */
function releaseBefore(log: Log, sequence: number, frame: number): void {
  log.release(frame > 0 && sequence >= log.next ? sequence + 1 : sequence);
}

function emptyStats(): JournalStats {
  return {
    frames: 0,
    bytesIn: 0,
    bytesWritten: 0,
    commits: 0,
    refusedFrames: 0,
    unreadableBlocks: 0,
    clockSteps: 0,
    lastStepMs: 0,
  };
}

/** The newest block that can be read; looks further and further back where the newest were lost. */
async function lastBlock(source: BlockSource): Promise<Block | undefined> {
  const { log } = source;
  for (let back = 1; log.next > log.first; back *= 4) {
    const from = Math.max(log.first, log.next - back);
    let last: Block | undefined;
    for await (const record of log.read(from)) {
      const block = await decodeRecord(source, record);
      if (block !== 'unreadable') last = block;
    }
    if (last !== undefined || from === log.first) return last;
  }
  return undefined;
}

/** While the time is awaited, or the clock cannot be right, the offset stays what it was. */
function createBlockClock(
  clock: Clock,
  arrivals: ArrivalClock,
  trust: () => ClockTrust,
  recorded: BlockClock,
  stepped: (byMs: number) => void,
): () => BlockClock {
  let current = recorded;
  return () => {
    const trustNow = trust();
    const offsetMs = trustNow === 'waiting' || !clock.isPlausible() ? current.offsetMs : arrivals.offsetMs();
    if (offsetMs === current.offsetMs && trustNow === current.trust) return current;
    if (offsetMs !== current.offsetMs) stepped(offsetMs - current.offsetMs);
    current = { offsetMs, trust: trustNow };
    return current;
  };
}

const worthTellingMs = 1000;

function warnWhenSlow(logger: Logger, behindMs: number): void {
  if (behindMs < worthTellingMs || behindMs > mostBackMs) return;
  const seconds = Math.round(behindMs / 1000);
  logger.warn(
    { seconds },
    'the clock is behind the last recorded frame: time runs at half speed until it catches up',
  );
}

function tellStep(logger: Logger, byMs: number): void {
  const by = `${spanText(Math.abs(byMs))}`;
  const seconds = Math.round(byMs / 1000);
  if (byMs > 0) {
    logger.warn(
      { seconds },
      `the time of day went forward by ${by} at once: that is not counted as time that passed`,
    );
  } else {
    logger.warn(
      { seconds },
      `the clock was set back by ${by}: windows that lie ahead of it are ended, and time goes on from there`,
    );
  }
}

function spanText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [days, hours, minutes] = [86_400, 3600, 60].map((unit) => Math.floor(seconds / unit));
  if (days! >= 2) return `${days} d`;
  if (hours! >= 2) return `${hours} h`;
  return minutes! >= 2 ? `${minutes} min` : `${seconds} s`;
}
