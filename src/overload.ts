/**
 * Whether processing keeps up with what arrives; while it does not, senders are answered only as room is made.
 *
 * The measure is work: frames that wait, times what a frame has lately taken. Held back is when a batch is overdue and more
 * than two batches' work waits, so how late results are has a bound; also when what waits would fill the memory, or the
 * journal (results cannot be written: their disk is full), for a journal that is full can only refuse. It ends when
 * nobody waits any more and less than half of that is left.
 * Not here: what sources do meanwhile; see sources/hold-back.ts.
 */

import type { Logger } from './core/log.ts';
import type { Pace } from './core/pace.ts';
import { createPressure, type Pressure } from './core/pressure.ts';
import type { OverloadLine } from './core/status.ts';
import { type Pipeline, waitingFrames } from './pipeline.ts';
import { limitLog } from './sources/limit-log.ts';

export interface OverloadOptions {
  readonly batchMs: number;
  readonly journalBytes: number;
  readonly pipeline: Pipeline;
  readonly pace: Pace;
  readonly logger: Logger;
  /** Frames dropped by sources so far. */
  readonly shed: () => number;
}

export interface OverloadWatch {
  readonly pressure: Pressure;
  status(): OverloadLine;
  /** Nobody is held back from now on: the gateway stops, and answers what it has taken. */
  stop(): void;
}

const judgeEveryMs = 100;
const judgeHeldEveryMs = 20;
/** Nor are more bytes than these taken in between. */
const judgeEveryBytes = 1024 * 1024;
/** Payloads that wait; a batch is in memory as a whole. */
const maxWaitingBytes = 256 * 1024 * 1024;
/** What the journal needs beyond what is not in a checkpoint yet: files are filled and freed as a whole. */
const journalSpareBytes = 8 * 1024 * 1024;

/** How much of each limit is used; 1 is all of it. */
interface Load {
  readonly work: number;
  readonly memory: number;
  readonly journal: number;
}

const remedies: Readonly<Record<keyof Load, string>> = {
  work: 'fewer or simpler rules, fewer readings, or a faster machine; `overload: shed` on a source drops instead',
  memory: 'a shorter `batch`, or fewer readings',
  journal: 'what arrived cannot be processed: is the disk full, or the clock not set?',
};

export function watchOverload(options: OverloadOptions): OverloadWatch {
  const { batchMs, journalBytes, pipeline, pace, logger } = options;
  const { progress, journal } = pipeline;
  const pressure = createPressure(judge);
  const waitingBytes = createWaitingBytes(journal.stats);
  const limitMs = Math.max(1000, 2 * batchMs);
  const maxUnsavedBytes =
    journalBytes - Math.max(journalBytes / 4, Math.min(journalSpareBytes, journalBytes / 2));
  const warn = limitLog(logger.warn.bind(logger));
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let heldSinceMs: number | undefined;
  let shedBefore = 0;
  let times = 0;
  let heldMs = 0;

  const behindMs = (): number => Math.max(0, journal.now() - progress.batchEndMs - batchMs);
  const heldForMs = (): number => (heldSinceMs === undefined ? 0 : performance.now() - heldSinceMs);

  /** What the journal holds, or will, and cannot free: also what was not processed when the last checkpoint was written. */
  const unsavedBytes = (): number =>
    journal.bytesFrom(progress.checkpointPosition) + journal.uncommittedBytes;

  function loadOf(frames: number): Load {
    return {
      work: (frames * pace.msPerFrame) / limitMs,
      memory: waitingBytes.of(frames) / maxWaitingBytes,
      journal: unsavedBytes() / maxUnsavedBytes,
    };
  }

  function judge(): void {
    clearTimeout(timer);
    if (isStopped) return;
    const frames = Math.max(0, waitingFrames(pipeline));
    const isLate = behindMs() > batchMs;
    const all = loadOf(frames);
    // What is waited for, but not overdue, holds nobody back: not for ever, should its block have been lost.
    const load = isLate ? all : { ...all, work: 0 };
    const isOver = load.memory > 1 || load.journal > 1 || load.work > 1;
    if (heldSinceMs === undefined && isOver) begin(load, frames);
    else if (heldSinceMs !== undefined && pressure.waiting === 0 && isHalf(load)) end();
    pressure.allow(judgeEveryBytes);
    timer = setTimeout(judge, heldSinceMs === undefined ? judgeEveryMs : judgeHeldEveryMs).unref();
    if (heldSinceMs === undefined) return;
    const leastRoom = isLate || load.memory > 1 || load.journal > 1 ? 0 : judgeHeldEveryMs / pace.msPerFrame;
    pressure.letPass(Math.max(Math.ceil(leastRoom), roomIn(all, frames)));
  }

  function begin(load: Load, frames: number): void {
    heldSinceMs = performance.now();
    shedBefore = options.shed();
    times += 1;
    pressure.hold();
    const cause = causeOf(load);
    warn(
      { waiting: frames, behindMs: Math.round(behindMs()), remedy: remedies[cause] },
      'more arrives than is processed: senders are held back',
    );
  }

  function end(): void {
    const lastedMs = heldForMs();
    heldMs += lastedMs;
    heldSinceMs = undefined;
    pressure.ease();
    logger.info(
      { heldMs: Math.round(lastedMs), shed: options.shed() - shedBefore },
      'processing keeps up again: nobody is held back',
    );
  }

  function state(): OverloadLine['state'] {
    if (heldSinceMs === undefined) return 'keeping up';
    return options.shed() > shedBefore ? 'shedding' : 'held back';
  }

  judge();
  return {
    pressure,
    status() {
      const waiting = Math.max(0, waitingFrames(pipeline));
      const cause = heldSinceMs === undefined ? undefined : causeOf(loadOf(waiting));
      return {
        state: state(),
        behindMs: behindMs(),
        waitingFrames: waiting,
        waitingBytes: waitingBytes.of(waiting),
        workMs: waiting * pace.msPerFrame,
        heldAnswers: pressure.waiting,
        times,
        heldMs: heldMs + heldForMs(),
        ...(cause === undefined ? {} : { remedy: remedies[cause] }),
      };
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      pressure.ease();
    },
  };
}

function causeOf(load: Load): keyof Load {
  if (load.journal >= load.work && load.journal >= load.memory) return 'journal';
  return load.memory > load.work ? 'memory' : 'work';
}

function isHalf({ work, memory, journal }: Load): boolean {
  return work < 0.5 && memory < 0.5 && journal < 2 / 3;
}

/** Frames more until the first limit is reached. */
function roomIn({ work, memory, journal }: Load, frames: number): number {
  if (journal > 1) return 0;
  const most = Math.max(work, memory);
  if (most >= 1) return 0;
  return most === 0 || frames === 0 ? Number.POSITIVE_INFINITY : Math.ceil(frames / most - frames);
}

/** The payload bytes of the newest frames, from what was counted each time it was asked: exact to the frames between two. */
function createWaitingBytes(stats: { readonly frames: number; readonly bytesIn: number }) {
  const seen: { readonly frames: number; readonly bytes: number }[] = [];
  return {
    of(waiting: number): number {
      const { frames, bytesIn } = stats;
      if (frames !== seen.at(-1)?.frames) seen.push({ frames, bytes: bytesIn });
      const processed = frames - waiting;
      while (seen.length > 1 && seen[1]!.frames <= processed) seen.shift();
      const [oldest] = seen;
      return waiting <= 0 || oldest === undefined ? 0 : Math.max(0, bytesIn - oldest.bytes);
    },
  };
}
