/**
 * Where forwarding left off, as it is stored: the places in the points lane and in each level, and what is known never to have
 * been part of a request.
 *
 * Invariant: what a level holds of the lane above it was merged, whatever the stored places say of it (levels.ts).
 */

import type { Logger } from '../core/log.ts';
import type { PointsThrough } from '../core/status.ts';
import type { Lane } from '../log/lane.ts';
import type { ForwardOptions } from './forward-state.ts';
import { mergedUpTo } from './levels.ts';
import { backlogLines, isMark, type Mark, type Positions, parsePositions, pastMerged } from './positions.ts';

/** No line at or after these was ever part of a request. */
export interface Tried {
  readonly live: Mark;
  /** Sequences: of the lane, and of each level. */
  readonly backlog: number;
  readonly levels: readonly number[];
}

export interface Stored extends Positions {
  /** How far each level is sent. */
  readonly levels?: readonly Mark[];
  /** Behind what each level held: tells what is gone of it. */
  readonly levelEnds?: readonly Mark[];
  /** Only while it is sure. */
  readonly tried?: Tried;
  readonly through?: PointsThrough;
  /** The sink's own, for sinks in which sending again would double. */
  readonly mark?: string;
}

/** The stored places, moved past what is merged to a level already, and back to what there is. */
export async function placesOf(options: ForwardOptions, stored: Stored, start: Mark): Promise<Stored> {
  const { lane, levels = [], logger } = options;
  // A position the lane never gave: its files were removed.
  const isGone = stored.live.sequence > lane.next;
  if (isGone) {
    const records = stored.live.sequence - lane.next;
    logger.error({ records }, 'points of the outbox are gone: what was not sent of them is lost');
  }
  const kept: Positions = isGone ? { live: start } : stored;
  if (levels.length === 0) return isGone ? kept : stored;
  const { live, backlog } = pastMerged(kept, await markAt(lane, mergedUpTo(levels[0])));
  const marks: Mark[] = [];
  for (const [i, level] of levels.entries()) {
    const mark = await levelMark(level.lane, stored.levels?.[i], stored.levelEnds?.[i], logger);
    const merged = mergedUpTo(levels[i + 1]);
    marks.push(mark.sequence < merged ? await markAt(level.lane, merged) : mark);
  }
  const { mark, tried, levelEnds } = stored;
  const moved = { live, ...(backlog !== undefined && { backlog }), levels: marks };
  const through =
    isGone || stored.through === undefined || levelEnds === undefined
      ? stored.through
      : withMerged(stored.through, linesAt(options, stored, levelEnds) - linesAt(options, moved));
  return {
    ...moved,
    ...(tried !== undefined && { tried }),
    ...(through !== undefined && { through }),
    ...(mark !== undefined && { mark }),
  };
}

/** Lines that wait, with the levels as they end now or ended then. */
function linesAt(
  { lane, levels = [] }: ForwardOptions,
  places: Positions & Pick<Stored, 'levels'>,
  ends: readonly Mark[] = levels.map((level) => endOf(level.lane)),
): number {
  const merged = ends.reduce(
    (sum, { line }, i) => sum + Math.max(0, line - (places.levels?.[i]?.line ?? line)),
    0,
  );
  return lane.lineCount - places.live.line + backlogLines(places) + merged;
}

/** What was merged after the counts were stored. Fewer than none: lines that were sent wait again. */
function withMerged(through: PointsThrough, lines: number): PointsThrough {
  const { sent, merged } = through;
  return lines < 0 ? { ...through, sent: sent + lines } : { ...through, merged: merged + lines };
}

/** How far a level is sent. What it held beyond and holds no more is expected of it, so that reading it counts the loss. */
async function levelMark(
  lane: Lane,
  sent: Mark | undefined,
  end: Mark | undefined,
  logger: Logger,
): Promise<Mark> {
  if (sent === undefined) return await firstMark(lane);
  if (end !== undefined && sent.sequence < end.sequence) {
    const records = lane.expect({ next: end.sequence, lineCount: end.line });
    if (records > 0) logger.error({ records }, 'merged points of the outbox are gone: they are lost');
    return sent;
  }
  if (sent.sequence <= lane.next) return sent;
  return end === undefined ? await firstMark(lane) : endOf(lane);
}

/** Everything there is may have been part of a request. */
export function everything({ lane, levels = [] }: ForwardOptions): Tried {
  return { live: endOf(lane), backlog: lane.next, levels: levels.map((level) => level.lane.next) };
}

/** The place after everything appended so far. */
export function endOf(lane: Lane): Mark {
  return { sequence: lane.next, line: lane.lineCount };
}

export async function firstMark(lane: Lane): Promise<Mark> {
  return await markAt(lane, lane.first);
}

/** The place before the first record from a sequence on. */
export async function markAt(lane: Lane, sequence: number): Promise<Mark> {
  for await (const record of lane.read(sequence)) {
    return { sequence: record.sequence, line: record.linesBefore };
  }
  return endOf(lane);
}

export function parseStored(value: unknown): Stored | undefined {
  const positions = parsePositions(value);
  if (positions === undefined) return undefined;
  const { mark, levels, levelEnds, tried, through } = value as Record<string, unknown>;
  return {
    ...positions,
    ...(isMarks(levels) && { levels }),
    ...(isMarks(levelEnds) && { levelEnds }),
    ...(isTried(tried) && { tried }),
    ...(isThrough(through) && { through }),
    ...(typeof mark === 'string' && { mark }),
  };
}

function isMarks(value: unknown): value is readonly Mark[] {
  return Array.isArray(value) && value.every(isMark);
}

export const noneThrough: PointsThrough = { sent: 0, setAside: 0, lost: 0, merged: 0 };

function isThrough(value: unknown): value is PointsThrough {
  const counts = (value ?? {}) as Record<string, unknown>;
  return Object.keys(noneThrough).every((fate) => Number.isSafeInteger(counts[fate]));
}

function isTried(value: unknown): value is Tried {
  const { live, backlog, levels } = (value ?? {}) as { live?: unknown; backlog?: unknown; levels?: unknown };
  return (
    isMark(live) &&
    Number.isSafeInteger(backlog) &&
    Array.isArray(levels) &&
    levels.every(Number.isSafeInteger)
  );
}
