/**
 * The path, on one screen: each batch is judged, its results made durable, and only then its input forgotten.
 *
 * Invariant: a crash between any two lines is harmless: the batch is run again from the journal, gives the same
 * results, and the outbox ignores what it holds already.
 */

import type { GatewayError } from './core/errors.ts';
import type { Batch } from './core/frame.ts';
import type { Logger } from './core/log.ts';
import type { Pace } from './core/pace.ts';
import type { Alert } from './core/types.ts';
import type { CheckpointStore } from './engine/checkpoint.ts';
import { type EngineState, replan, save, stepInTurns } from './engine/engine.ts';
import type { Taps } from './engine/taps.ts';
import type { Journal, Position } from './journal/journal.ts';
import { waitOutFullDisk } from './log/full-disk.ts';
import type { Lane, LaneEnd } from './log/lane.ts';
import type { DeadLetters } from './outbox/dead-letters.ts';
import type { Outbox } from './outbox/outbox.ts';
import type { Plan } from './rules/plan.ts';

export interface Pipeline {
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly deadLetters: DeadLetters;
  readonly checkpoints: CheckpointStore;
  /** Gateway time between checkpoints. */
  readonly checkpointEveryMs: number;
  /** A checkpoint is due when it would make so much room in the journal. */
  readonly checkpointEveryBytes: number;
  readonly onAlerts: (alerts: readonly Alert[]) => void;
  /** Those who look at what passes. */
  readonly taps: Taps;
  readonly progress: Progress;
  /** When a long batch rests, and how long a frame takes. */
  readonly pace: Pace;
  readonly logger: Logger;
  /** Aborts when the gateway stops: a full disk is not waited for any more. */
  readonly signal: AbortSignal;
}

/** How far the path has come; shown by `status`. */
export interface Progress {
  state: EngineState;
  /** End of the last batch whose results are durable. */
  batchEndMs: number;
  /** The first frame after it. */
  position: Position;
  /** When this run began: frames processed before it, and those that the journal held beyond. */
  framesBefore: number;
  checkpointAtMs: number;
  /** Of the last checkpoint: the journal needs what lies behind it. */
  checkpointPosition: Position;
  /** Whether anything but time has passed since: an idle gateway does not wear its disk. */
  isUnsaved: boolean;
  checkpointBytes: number;
  /** Why processing stands still. */
  diskFull: GatewayError | undefined;
  /** Rules and profiles that take over before the next batch. */
  change: PlanChange | undefined;
}

export interface PlanChange {
  readonly plan: Plan;
  /** Gets the names of the rules whose state begins anew. */
  readonly taken: (reset: readonly string[]) => void;
}

export interface JournalledBatch {
  readonly batch: Batch;
  readonly next: Position;
}

/** Runs until the batches end. */
export async function run(pipeline: Pipeline, batches: AsyncIterable<JournalledBatch>): Promise<void> {
  const { outbox, deadLetters, progress, pace } = pipeline;
  for await (const { batch, next } of batches) {
    pipeline.taps.frames(batch, progress.state);
    const { counts } = progress.state;
    const { frames } = counts;
    pace.begin();
    const result = await stepInTurns(progress.state, batch, () => pace.rest(counts.frames - frames));
    const { state, points, alerts, setAside } = result;
    const { merges } = state.plan;
    deadLetters.write(setAside);
    await whenThereIsRoom(pipeline, () => outbox.append(batch.endMs, points, alerts, merges));
    pace.end(counts.frames - frames);
    pipeline.onAlerts(alerts);
    pipeline.taps.results(points, alerts);
    progress.state = state;
    progress.batchEndMs = batch.endMs;
    progress.position = next;
    progress.isUnsaved ||= batch.spans.length > 0 || points.length > 0 || alerts.length > 0;
    if (progress.change !== undefined) takeChange(progress, progress.change);
    if (progress.isUnsaved && isDue(pipeline)) await whenThereIsRoom(pipeline, () => checkpoint(pipeline));
  }
}

/** Frames that the journal has taken, and that were not processed yet. */
export function waitingFrames({ progress, journal }: Pipeline): number {
  const { frames, refusedFrames } = journal.stats;
  return progress.framesBefore + frames - refusedFrames - progress.state.counts.frames;
}

/** Begins the write again until there is room for it. Throws every other failure of the disk. */
export function whenThereIsRoom(
  { logger, signal, progress }: Pipeline,
  write: () => Promise<void>,
): Promise<void> {
  return waitOutFullDisk(write, {
    logger,
    signal,
    onWait: (why) => {
      progress.diskFull = why;
    },
  });
}

function takeChange(progress: Progress, { plan, taken }: PlanChange): void {
  const { state, reset } = replan(progress.state, plan);
  progress.state = state;
  progress.change = undefined;
  taken(reset);
}

function isDue({ progress, journal, checkpointEveryMs, checkpointEveryBytes }: Pipeline): boolean {
  const room = journal.bytesFrom(progress.checkpointPosition) - journal.bytesFrom(progress.position);
  return progress.batchEndMs - progress.checkpointAtMs >= checkpointEveryMs || room >= checkpointEveryBytes;
}

/** Saves engine state and journal position as one; what lies before may then be recycled. */
export async function checkpoint(pipeline: Pipeline): Promise<void> {
  const { progress, journal, outbox } = pipeline;
  const { batchEndMs, position } = progress;
  const { points, alerts } = outbox;
  progress.checkpointAtMs = batchEndMs;
  progress.isUnsaved = false;
  progress.checkpointBytes = await pipeline.checkpoints.save({
    batchEndMs,
    position,
    state: save(progress.state),
    lanes: { points: endOf(points), alerts: endOf(alerts) },
    handshakes: journal.saveHandshakes(),
  });
  progress.checkpointPosition = position;
  journal.release(position);
}

function endOf({ next, lineCount }: Lane): LaneEnd {
  return { next, lineCount };
}
