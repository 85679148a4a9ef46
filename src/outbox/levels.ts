/**
 * Levels: lanes of points that were merged because an outage took so long, each of longer windows than the one above.
 *
 *     points ──merged to 1 m──▶ level ──to 10 m──▶ level ──to 1 h──▶ level ──at its budget──▶ dropped
 *
 * Invariant: a record's batch end is the sequence, in the lane above, after what it was made of. So a level itself says
 * what must not be taken from above again, whatever was stored elsewhere when the power went.
 * Not here: filling them (thin.ts), sending them (forward-step.ts).
 */

import { join } from 'node:path';
import { type Lane, openLane, type RecordLimits } from '../log/lane.ts';
import { type Log, type LogLosses, type LogOptions, openLog } from '../log/log.ts';
import { timeOfLine } from './line-protocol.ts';

export interface Level {
  /** Of its folder in the outbox. */
  readonly name: string;
  readonly lane: Lane;
  readonly losses: Readonly<LogLosses>;
  readonly budgetBytes: number;
  readonly windowMs: number;
  /** Of one record, and so of what is merged together; it may go beyond by what a record of the lane above holds. */
  readonly limits: RecordLimits;
}

/** Of the outbox. What is merged takes less room for the same time, so shares grow smaller. */
const shares = [
  { windowMs: 60_000, share: 1 / 4 },
  { windowMs: 600_000, share: 1 / 8 },
  { windowMs: 3_600_000, share: 1 / 16 },
] as const;

/** A level is never left with a part of what was moved at once. */
const undivided: RecordLimits = { lines: Number.POSITIVE_INFINITY, characters: Number.POSITIVE_INFINITY };
/** For memory's sake. Of more series than this the points of a minute are not merged. */
const maxLines = 20_000;
const maxCharacters = 4 * 1024 * 1024;

/** From the shortest windows to the longest. Throws `GatewayError`. */
export async function openLevels(
  folder: string,
  outboxBytes: number,
  options: Omit<LogOptions, 'budgetBytes'>,
): Promise<readonly Level[]> {
  const levels: Level[] = [];
  // Several records fit in the last level, which gets those of the others.
  const smallest = Math.floor((outboxBytes * shares.at(-1)!.share) / 2);
  const limits = { lines: maxLines, characters: Math.min(maxCharacters, smallest) };
  for (const { windowMs, share } of [...shares].reverse()) {
    const budgetBytes = Math.floor(outboxBytes * share);
    const name = `points-${windowMs / 60_000}m`;
    const log = await openLog(join(folder, name), { ...options, budgetBytes });
    releaseMerged(log, levels[0]);
    const lane = await openLane(log, timeOfLine, options.logger, undivided);
    levels.unshift({ name, lane, losses: log.losses, budgetBytes, windowMs, limits });
  }
  return levels;
}

/** What the level below holds is no longer needed, and the log above gives none of its sequences again. */
export function releaseMerged(log: Log, below: Level | undefined): void {
  log.release(mergedUpTo(below));
}

/** The sequence after what a level holds of the lane above it. */
export function mergedUpTo(level: Level | undefined): number {
  return Math.max(0, level?.lane.lastBatchEndMs ?? 0);
}
