/**
 * How far forwarding has got in the points lane.
 *
 *     … delivered | unsent … | delivered ahead … | unsent … | delivered ahead … | live →
 *                   ▲ backlog.at                                                  ▲ live
 *
 * After an outage what is unsent becomes a backlog and the live position jumps to the end, so new points do not wait
 * behind old ones. The backlog position then walks towards the live one: it sends what is unsent, and of what was
 * delivered ahead it sends again the lines that are no newer than the backlog. Where an old line and a newer one name
 * the same point, the newer therefore has the last word. Plain values; not here: reading and sending.
 */

/** A place between two records: the sequence of the next one, and the lines of the lane before it. */
export interface Mark {
  readonly sequence: number;
  readonly line: number;
}

interface UnsentRange {
  readonly from: Mark;
  readonly to: Mark;
  /** Was part of a request whose answer was not seen: the server may have it. */
  readonly tried?: true;
}

export interface Backlog {
  readonly at: Mark;
  readonly unsent: readonly UnsentRange[];
  /** No line of the unsent ranges is newer. */
  readonly newestMs: number;
}

export interface Positions {
  readonly live: Mark;
  readonly backlog?: Backlog;
}

/** Turns what lies between the live position and `end` into backlog. What is before `tried` was part of a request. */
export function cutBacklog(
  positions: Positions,
  end: Mark,
  newestMs: number,
  tried: Mark = positions.live,
): Positions {
  const { live, backlog } = positions;
  if (live.sequence >= end.sequence) return positions;
  const untriedFrom = tried.sequence <= live.sequence ? live : tried.sequence < end.sequence ? tried : end;
  let unsent = backlog?.unsent ?? [];
  if (untriedFrom !== live) unsent = [...unsent, { from: live, to: untriedFrom, tried: true }];
  if (untriedFrom !== end) unsent = withRange(unsent, untriedFrom, end);
  return { live: end, backlog: { at: backlog?.at ?? live, unsent, newestMs } };
}

/** Ranges that meet are one, so that their number does not grow with the cuts of one outage. */
function withRange(unsent: readonly UnsentRange[], from: Mark, to: Mark): readonly UnsentRange[] {
  const last = unsent.at(-1);
  if (last === undefined || last.tried || last.to.sequence !== from.sequence)
    return [...unsent, { from, to }];
  return [...unsent.slice(0, -1), { from: last.from, to }];
}

/** The backlog is done when it has caught up with the live position. */
export function advanceBacklog(positions: Positions, to: Mark): Positions {
  const { live, backlog } = positions;
  if (backlog === undefined || to.sequence >= live.sequence) return { live };
  const unsent = backlog.unsent.filter((range) => range.to.sequence > to.sequence);
  return { live, backlog: { ...backlog, at: to, unsent } };
}

/** Lines of a record at the backlog position that are to be sent have times up to this; all or none when infinite. */
export function backlogUntilMs(backlog: Backlog, sequence: number): number {
  return rangeAt(backlog, sequence) === undefined ? backlog.newestMs : Number.POSITIVE_INFINITY;
}

/** Whether no line of a record was ever part of a request. */
export function isUntried(backlog: Backlog, sequence: number): boolean {
  const range = rangeAt(backlog, sequence);
  return range !== undefined && range.tried === undefined;
}

function rangeAt({ unsent }: Backlog, sequence: number): UnsentRange | undefined {
  return unsent.find(({ from, to }) => from.sequence <= sequence && sequence < to.sequence);
}

/** Positions that have passed what a level below holds already. */
export function pastMerged(positions: Positions, mark: Mark): Positions {
  const { live, backlog } = positions;
  if (live.sequence < mark.sequence) return { live: mark };
  const isBehind = backlog !== undefined && backlog.at.sequence < mark.sequence;
  return isBehind ? advanceBacklog(positions, mark) : positions;
}

/** Lines in the backlog never sent so far. */
export function backlogLines(positions: Positions): number {
  const { backlog } = positions;
  if (backlog === undefined) return 0;
  return backlog.unsent.reduce(
    (lines, { from, to }) => lines + Math.max(0, to.line - Math.max(from.line, backlog.at.line)),
    0,
  );
}

/** Records below are not needed any more. */
export function neededFrom(positions: Positions): number {
  return Math.min(positions.live.sequence, positions.backlog?.at.sequence ?? Number.POSITIVE_INFINITY);
}

/** Positions from JSON; undefined when it is something else. */
export function parsePositions(value: unknown): Positions | undefined {
  const { live, backlog } = (value ?? {}) as { live?: unknown; backlog?: unknown };
  if (!isMark(live)) return undefined;
  if (backlog === undefined) return { live };
  return isBacklog(backlog) ? { live, backlog } : undefined;
}

function isBacklog(value: unknown): value is Backlog {
  const { at, unsent, newestMs } = (value ?? {}) as { at?: unknown; unsent?: unknown; newestMs?: unknown };
  if (!isMark(at) || !Array.isArray(unsent) || typeof newestMs !== 'number') return false;
  return unsent.every((range) => isMark(range?.from) && isMark(range?.to));
}

export function isMark(value: unknown): value is Mark {
  const { sequence, line } = (value ?? {}) as { sequence?: unknown; line?: unknown };
  return Number.isSafeInteger(sequence) && Number.isSafeInteger(line);
}
