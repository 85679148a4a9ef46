/**
 * Follows the journal from a position: from memory where the blocks are still there, else from disk.
 *
 * Invariant: every durable frame is given once, in order; blocks that were lost or cannot be read are passed over,
 * counted by the log and the journal. Frames that came before the time of day was known get that of the next block that
 * knows it: so do those of a run that ended before it was.
 * Must not be read while the time is still awaited: what is known of it then is not what will be.
 */

import { messageOf } from '../core/errors.ts';
import type { ClockReading, FrameSpan } from '../core/frame.ts';
import type { Logger } from '../core/log.ts';
import type { Log, LogRecord } from '../log/log.ts';
import {
  type Block,
  type BlockClock,
  type BlockCursor,
  blockEnd,
  blockSpans,
  blockStart,
  openBlock,
  visitNotes,
  walkBlock,
} from './block.ts';
import type { BlockCache } from './block-cache.ts';
import { decodeBody } from './body.ts';
import type { JournalStats } from './committer.ts';

/** Between two frames of the journal: `frame` is the index in the block of that log sequence. */
export interface Position {
  readonly sequence: number;
  readonly frame: number;
  /** First arrival of the block it lies in or, between two, of the one before: tells journals apart. */
  readonly blockMs?: number;
}

export interface BlockReader {
  /** Of the next frame to be read. */
  readonly position: Position;
  /** When the next durable frame arrived; undefined when there is none. */
  nextArrivalMs(): Promise<number | undefined>;
  /** The durable frames from the position that arrived before `untilMs`, block by block. Moves the position. */
  read(untilMs: number): AsyncGenerator<FrameSpan>;
  /** The spans given so far will not be used any more: their memory may be. Only for the one reader that follows. */
  forget(): void;
  close(): Promise<void>;
}

export interface BlockSource {
  readonly log: Log;
  readonly cache: BlockCache;
  readonly stats: JournalStats;
  readonly logger: Logger;
}

/** `keeps`: spans stay valid as long as they are held; else until `forget`. */
export function createBlockReader(source: BlockSource, from: Position, keeps: boolean): BlockReader {
  const { log, cache } = source;
  let position = from;
  let current: { readonly block: Block; cursor: BlockCursor } | undefined;
  let onDisk: AsyncGenerator<LogRecord> | undefined;
  /** Blocks before that waited for the time have this one. */
  let told: { readonly before: number; readonly clock: BlockClock } | undefined;

  async function advance(): Promise<boolean> {
    while (current === undefined) {
      const block = (await cachedBlock()) ?? (await storedBlock());
      if (block === undefined) return false;
      if (block !== 'unreadable') begin(block);
      if (current === undefined) position = { sequence: position.sequence + 1, frame: 0 };
    }
    return true;
  }

  function begin(block: Block): void {
    if (keeps) cache.lend(block);
    const cursor = walkBlock(block, blockStart(block), Number.POSITIVE_INFINITY, position.frame);
    if (cursor.frame < block.frames || block.frames === 0) current = { block, cursor };
  }

  async function clockOf({ clock, firstArrivalMs }: Block, sequence: number): Promise<ClockReading> {
    if (clock.trust === 'waiting' && !(sequence < (told?.before ?? 0))) {
      told = await nextKnown(source, sequence, clock);
    }
    const { offsetMs, trust } = clock.trust === 'waiting' ? told!.clock : clock;
    return { sinceMs: firstArrivalMs, offsetMs, isSure: trust === 'sure' };
  }

  async function cachedBlock(): Promise<Block | undefined> {
    const block = cache.get(position.sequence);
    if (block !== undefined) await close();
    return block;
  }

  /** Moves the position over blocks that were lost. The second look sees what became durable since the first began. */
  async function storedBlock(): Promise<Block | 'unreadable' | undefined> {
    for (let look = 0; look < 2 && position.sequence < log.next; look++) {
      onDisk ??= log.read(position.sequence);
      const { value: record } = await onDisk.next();
      if (record !== undefined) {
        if (record.sequence > position.sequence) position = { sequence: record.sequence, frame: 0 };
        return await decodeRecord(source, record);
      }
      onDisk = undefined;
    }
    return undefined;
  }

  async function close(): Promise<void> {
    await onDisk?.return(undefined);
    onDisk = undefined;
  }

  async function* read(untilMs: number): AsyncGenerator<FrameSpan> {
    while (await advance()) {
      const { block, cursor } = current!;
      const all = block.lastArrivalMs < untilMs;
      const clock = await clockOf(block, position.sequence);
      const end = all ? blockEnd(block) : walkBlock(block, cursor, untilMs * 1000, block.frames);
      current = all ? undefined : { block, cursor: end };
      const blockMs = block.firstArrivalMs;
      if (all) position = { sequence: position.sequence + 1, frame: 0, blockMs };
      else if (end.frame > 0) position = { sequence: position.sequence, frame: end.frame, blockMs };
      yield* blockSpans(block, cursor, end, clock);
      if (!all) return;
    }
  }

  return {
    get position() {
      return position;
    },
    async nextArrivalMs() {
      if (!(await advance())) return undefined;
      const { block, cursor } = current!;
      let arrivalMs = block.firstArrivalMs;
      walkBlock(
        block,
        cursor,
        Number.POSITIVE_INFINITY,
        cursor.frame + 1,
        (_route, _buffer, _start, _end, ms) => {
          arrivalMs = ms;
        },
      );
      return arrivalMs;
    },
    read,
    forget: () => cache.forget(position.sequence),
    close,
  };
}

/**
 * What the first block behind one that waits knows; when none does, the last that was known before, for all that were looked
 * at: thousands may wait, and are not gone through again for each.
 */
async function nextKnown(
  source: Pick<BlockSource, 'log'>,
  sequence: number,
  { offsetMs }: BlockClock,
): Promise<{ readonly before: number; readonly clock: BlockClock }> {
  let before = sequence + 1;
  for await (const record of source.log.read(before)) {
    before = record.sequence + 1;
    const clock = await clockIn(record.body);
    if (clock !== undefined && clock.trust !== 'waiting') return { before: record.sequence, clock };
  }
  return { before, clock: { offsetMs, trust: 'guessed' } };
}

async function clockIn(body: Buffer): Promise<BlockClock | undefined> {
  try {
    return openBlock(await decodeBody(body)).clock;
  } catch {
    // It is told of when its turn to be read comes.
    return undefined;
  }
}

/** The notes of a record, in order. Of one that cannot be read nothing is told: that comes when its frames are to be read. */
export async function readNotes({ body }: LogRecord, visitor: (payload: Buffer) => void): Promise<void> {
  const notes: Buffer[] = [];
  try {
    visitNotes(openBlock(await decodeBody(body)), (payload) => notes.push(payload));
  } catch {
    return;
  }
  for (const note of notes) visitor(note);
}

/** Goes through the whole block once, so that no visitor meets a damaged one. */
export async function decodeRecord(
  { stats, logger }: Pick<BlockSource, 'stats' | 'logger'>,
  { sequence, body }: LogRecord,
): Promise<Block | 'unreadable'> {
  try {
    const block = openBlock(await decodeBody(body));
    walkBlock(block, blockStart(block), Number.POSITIVE_INFINITY, block.frames);
    return block;
  } catch (error) {
    stats.unreadableBlocks += 1;
    logger.error({ sequence, error: messageOf(error) }, 'journal block passed over');
    return 'unreadable';
  }
}
