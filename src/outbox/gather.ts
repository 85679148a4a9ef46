/** Reads records of the points lane into one request's lines. Not here: sending them. */

import type { Lane, LaneRecord } from '../log/lane.ts';
import type { Mark } from './positions.ts';

export interface Gathered {
  readonly lines: readonly string[];
  /** After the last record read. */
  readonly end: Mark;
  /** Batch end of the first record that gave lines. */
  readonly batchEndMs: number | undefined;
  /** Time of the oldest line of that record. */
  readonly oldestMs: number | undefined;
  /** Of the lines, those that were delivered ahead: they are sent again. */
  readonly again: ReadonlySet<string>;
  /** How many were not. */
  readonly fresh: number;
  /** Lines that were in the lane but are gone: dropped for the budget, or damaged. */
  readonly lost: number;
}

export interface Range {
  readonly from: Mark;
  /** After the last record wanted. */
  readonly to: Mark;
  /** Lines of that record wanted: those not newer. -Infinity: none; Infinity: all. */
  readonly untilMs: (sequence: number) => number;
  readonly timeOf: (line: string) => number;
}

export const requestLines = 5000;
const maxCharacters = 1024 * 1024;

/** At least one record, then more while they fit a request. */
export async function gather(lane: Lane, range: Range, maxLines = requestLines): Promise<Gathered> {
  const lines: string[] = [];
  const { from, to } = range;
  let end = from;
  let characters = 0;
  const again = new Set<string>();
  let fresh = 0;
  let lost = 0;
  let first: LaneRecord | undefined;
  let isFull = false;
  for await (const record of lane.read(from.sequence)) {
    if (record.sequence >= to.sequence) break;
    const wanted = await wantedLines(record, range);
    const length = wanted.reduce((sum, line) => sum + line.length, 0);
    isFull = lines.length + wanted.length > maxLines || characters + length > maxCharacters;
    if (isFull && lines.length > 0) break;
    lost += missing(range, end, { sequence: record.sequence, line: record.linesBefore });
    end = { sequence: record.sequence + 1, line: record.linesBefore + record.count };
    if (wanted.length > 0) first ??= record;
    for (const line of wanted) lines.push(line);
    if (range.untilMs(record.sequence) === Number.POSITIVE_INFINITY) fresh += wanted.length;
    else for (const line of wanted) again.add(line);
    characters += length;
    isFull = lines.length >= maxLines;
    if (isFull || end.sequence >= to.sequence) break;
  }
  // Nothing left before `to`: what was there is gone.
  if (!isFull && end.sequence < to.sequence) {
    lost += missing(range, end, to);
    end = to;
  }
  return { lines, end, batchEndMs: first?.batchEndMs, oldestMs: first?.oldestMs, again, fresh, lost };
}

/** Lines between two places. Of those that were delivered ahead nothing is lost. */
function missing(range: Range, from: Mark, to: Mark): number {
  const isUnsent = range.untilMs(to.sequence - 1) === Number.POSITIVE_INFINITY;
  return isUnsent ? Math.max(0, to.line - from.line) : 0;
}

async function wantedLines(record: LaneRecord, range: Range): Promise<readonly string[]> {
  const untilMs = range.untilMs(record.sequence);
  if (record.oldestMs > untilMs) return [];
  const lines = await record.lines();
  return untilMs === Number.POSITIVE_INFINITY ? lines : lines.filter((line) => range.timeOf(line) <= untilMs);
}
