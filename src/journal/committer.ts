/**
 * Group commit: frames gather in an open block while the one before is compressed, written and synced.
 *
 * Invariant: `durable` frames are acknowledged after the sync of their block, in arrival order; at most one block is
 * on its way to the disk. A block that cannot be stored is refused to all who wait for it, counted, and the next one
 * is tried. Not here: reading back.
 */

import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Ingest } from '../core/types.ts';
import { isDiskFailure } from '../log/disk-error.ts';
import type { Log } from '../log/log.ts';
import { maxRecordBytes, recordHeaderBytes } from '../log/record.ts';
import { type Block, type BlockClock, blockHeaderBytes, noteRoute, openBlock } from './block.ts';
import type { BlockCache } from './block-cache.ts';
import { createBlockWriter } from './block-writer.ts';
import { encodeBody } from './body.ts';
import type { Note } from './handshakes.ts';

export interface JournalStats {
  /** Frames taken, also those refused later. */
  frames: number;
  /** Of their payloads. */
  bytesIn: number;
  bytesWritten: number;
  commits: number;
  /** Frames that could not be stored; those who waited for it were told. */
  refusedFrames: number;
  /** Blocks on disk that could not be read back. */
  unreadableBlocks: number;
  /** How often the time of day went another way than time, and by how much it did last. */
  clockSteps: number;
  lastStepMs: number;
}

export interface CommitterOptions {
  readonly log: Log;
  readonly cache: BlockCache;
  readonly stats: JournalStats;
  readonly blockBytes: number;
  /** The stamp of the next frame. */
  readonly stampUs: () => number;
  /** What is known of the time of day, as of the last stamp; the same object until it changes. */
  readonly clock: () => BlockClock;
  /** Of the last block that is there. */
  readonly clockBefore: BlockClock;
  readonly onCommit: (block: Block) => void;
  /** Called when the disk does what waiting does not mend. */
  readonly onDiskFailure: (error: Error) => void;
  readonly logger: Logger;
}

export interface Committer {
  /** Why the last block could not be stored; undefined when it was. */
  readonly failure: Error | undefined;
  /** With a note, both are on disk or neither is. */
  append(...args: [...Parameters<AppendFrame>, note?: Note]): void;
  /** A note alone. */
  note(note: Note): void;
  /** Of blocks not on disk yet. */
  readonly uncommittedBytes: number;
  sync(): Promise<void>;
  close(): Promise<void>;
}

type Acknowledge = Parameters<Ingest>[4];
type AppendFrame = (
  source: string,
  topic: string,
  payload: Uint8Array,
  when: Parameters<Ingest>[3],
  acknowledge: Acknowledge,
) => void;

interface Group {
  readonly data: Buffer;
  readonly clock: BlockClock;
  readonly frames: number;
  /** Frames and notes, or one step of the clock. */
  readonly parts: number;
  readonly notes: readonly Note[];
  readonly acknowledges: readonly Acknowledge[];
}

/** More bytes than this, not yet durable, and `accepted` frames wait for the next commit too. */
const congestedBytes = 8 * 1024 * 1024;
/** A block with one frame of this size still fits in a record, even if it does not compress. */
const maxFrameBytes = maxRecordBytes - 1024 * 1024;
/** A block that fills less of its buffer is copied out, so that it does not hold the whole of it. */
const wellFilled = 0.25;

export function createCommitter(options: CommitterOptions): Committer {
  const { log, cache, stats, blockBytes, stampUs, logger } = options;
  const writer = createBlockWriter(cache.takeBuffer());
  const full: Group[] = [];
  const syncs: { readonly parts: number; readonly resolve: () => void }[] = [];
  let acknowledges: Acknowledge[] = [];
  let notes: Note[] = [];
  let groupBytes = 0;
  let parts = 0;
  let settledParts = 0;
  /** Of the block that is open, and of the last one on disk. */
  let clock = options.clockBefore;
  let durableClock = clock;
  let working = false;
  let closed = false;
  let failure: Error | undefined;
  let diskFailure: Error | undefined;

  const append: Committer['append'] = (source, topic, payload, when, acknowledge, note) => {
    const refusal = closed ? closedError() : tooLarge(source, topic, payload.length);
    if (refusal !== undefined) {
      note?.settled(refusal);
      acknowledge(refusal);
      return;
    }
    writer.add(source, topic, payload, stampOfBlock());
    parts += 1;
    // In the same block.
    if (note !== undefined) addNote(note, stampUs());
    stats.frames += 1;
    stats.bytesIn += payload.length;
    const waits = when === 'durable' || groupBytes + writer.bytes > congestedBytes;
    if (waits) acknowledges.push(acknowledge);
    const isFull = writer.bytes >= blockBytes;
    if (isFull) full.push(takeGroup());
    if (waits || isFull) startSoon();
    if (!waits) acknowledge();
  };

  /** A stamp for the block that is open: another one when the clock was stepped. */
  function stampOfBlock(): number {
    const arrivalUs = stampUs();
    const clockNow = options.clock();
    if (clockNow !== clock) changeClock(clockNow);
    return arrivalUs;
  }

  /** A block is of one clock. */
  function changeClock(next: BlockClock): void {
    if (writer.frames > 0) full.push(takeGroup());
    clock = next;
  }

  /** A step of the clock must be on disk before batches are cut after it, whether or not a frame comes. */
  function markStep(): void {
    const clockNow = options.clock();
    if (clockNow === clock || clockNow.trust === 'waiting') return;
    changeClock(clockNow);
    writer.mark(stampUs());
    parts += 1;
    full.push({ ...takeGroup(), parts: 1 });
    startSoon();
  }

  function addNote(note: Note, us: number): void {
    writer.add(noteRoute.source, noteRoute.topic, note.payload, us);
    parts += 1;
    notes.push(note);
  }

  function appendNote(note: Note): void {
    if (closed) {
      note.settled(closedError());
      return;
    }
    addNote(note, stampOfBlock());
    startSoon();
  }

  function takeGroup(): Group {
    const frames = writer.frames - notes.length;
    const block = writer.finish(clock);
    const holdsBuffer = block.length >= blockBytes * wellFilled;
    const data = holdsBuffer ? block : copyOf(block);
    writer.begin(holdsBuffer ? cache.takeBuffer() : Buffer.from(block.buffer));
    const group = { data, clock, frames, notes, parts: frames + notes.length, acknowledges };
    acknowledges = [];
    notes = [];
    groupBytes += data.length;
    return group;
  }

  /** At the end of this turn, so that everything a socket brought rides along. */
  function startSoon(): void {
    if (working) return;
    working = true;
    setImmediate(() => void work());
  }

  async function work(): Promise<void> {
    for (let group = nextGroup(); group !== undefined; group = nextGroup()) await commit(group);
    working = false;
  }

  function nextGroup(): Group | undefined {
    if (full.length > 0) return full.shift();
    const wanted = writer.frames > 0 && (acknowledges.length > 0 || notes.length > 0 || syncs.length > 0);
    return wanted ? takeGroup() : undefined;
  }

  async function commit(group: Group): Promise<void> {
    const error = await store(group).then(
      () => undefined,
      (reason) => refused(group, reason),
    );
    groupBytes -= group.data.length;
    settledParts += group.parts;
    for (const note of group.notes) tell(note.settled, error);
    for (const acknowledge of group.acknowledges) tell(acknowledge, error);
    while (syncs.length > 0 && syncs[0]!.parts <= settledParts) syncs.shift()!.resolve();
  }

  /** What a source does wrong with its answer must not keep the others from theirs. */
  function tell(acknowledge: Acknowledge, error: Error | undefined): void {
    try {
      acknowledge(error);
    } catch (thrown) {
      logger.error({ error: messageOf(thrown) }, 'a source failed on the answer to its frame');
    }
  }

  async function store({ data, clock: clockOfData }: Group): Promise<void> {
    const body = await encodeBody(data);
    const sequence = await log.append(body);
    const block = openBlock(data);
    durableClock = clockOfData;
    cache.put(sequence, block);
    stats.commits += 1;
    stats.bytesWritten += body.length + recordHeaderBytes;
    options.onCommit(block);
    if (failure !== undefined) logger.info({}, 'the journal stores frames again');
    failure = undefined;
  }

  /** Told to the log once, not for each block, while it lasts. */
  function refused({ data, frames }: Group, reason: unknown): Error {
    // A step that was not stored is told again.
    if (writer.frames === 0) clock = durableClock;
    const error = reason instanceof Error ? reason : new GatewayError(messageOf(reason));
    stats.refusedFrames += frames;
    cache.giveBack(data);
    const remedy = error instanceof GatewayError ? error.remedy : undefined;
    if (failure === undefined) {
      logger.error({ error: error.message, remedy, frames }, 'the journal cannot store frames');
    }
    failure = error;
    if (isDiskFailure(error)) {
      diskFailure ??= error;
      options.onDiskFailure(error);
    }
    return error;
  }

  /**
   * After a disk that failed, what was refused may be found after the next start. Who goes on from here as if it had never
   * been, and makes that durable, would then miss it for ever.
   */
  async function sync(): Promise<void> {
    await settled();
    if (diskFailure !== undefined) throw diskFailure;
  }

  function settled(): Promise<void> {
    markStep();
    if (settledParts === parts) return Promise.resolve();
    return new Promise((resolve) => {
      syncs.push({ parts, resolve });
      startSoon();
    });
  }

  async function close(): Promise<void> {
    closed = true;
    await settled();
  }

  return {
    append,
    note: appendNote,
    get failure() {
      return failure;
    },
    get uncommittedBytes() {
      return groupBytes + writer.bytes;
    },
    sync,
    close,
  };
}

/** Not from Node's shared pool: the cache takes whole buffers back by their size. */
function copyOf(block: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(block.length);
  block.copy(copy);
  return copy;
}

function closedError(): GatewayError {
  return new GatewayError('the journal is closed');
}

function tooLarge(source: string, topic: string, bytes: number): GatewayError | undefined {
  if (bytes <= maxFrameBytes) return undefined;
  const what = `message of ${bytes} bytes from ${source}${topic === '' ? '' : ` on ${topic}`}`;
  return new GatewayError(`${what} is larger than the journal’s limit of ${maxFrameBytes}`, {
    remedy: 'lower `limits.packet` so that it is refused where it arrives',
  });
}

/** Room for a full block and the frame that filled it, unless that one is large. */
export function bufferBytesFor(blockBytes: number): number {
  return blockHeaderBytes + blockBytes + 64 * 1024;
}
