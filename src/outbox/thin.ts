/**
 * Thins the backlog of a long outage: the oldest points of a lane that comes near its budget are merged to longer windows,
 * into the level below it.
 *
 *     lane ──records from the backlog position on──▶ merger ──one record──▶ level ──▶ the position moves past them
 *
 * Invariant: a line is in one lane only: a level says itself what it holds of the lane above (levels.ts), so a crash
 * between any two steps neither doubles nor loses. What was ever part of a request is moved as it is, never merged: the
 * server may have it. One record at a time is in memory, however long the outage.
 * Not here: how points merge (merge.ts), what is sent first (forward-step.ts).
 */

import { messageOf } from '../core/errors.ts';
import type { Lane, LaneRecord } from '../log/lane.ts';
import { endOf, markAt } from './forward-places.ts';
import { cut, passed, type State, store } from './forward-state.ts';
import { noteLost } from './forward-step.ts';
import type { Level } from './levels.ts';
import { timeOfLine } from './line-protocol.ts';
import { createMerger, type Merged, type Merger } from './merge.ts';
import { advanceBacklog, backlogUntilMs, isUntried, type Mark } from './positions.ts';

/** Thinning begins when so much of a lane's budget is left, at the latest, and ends with a share more: much is merged at once. */
const leftBytes = 16 * 1024 * 1024;
const leftShare = 1 / 2;
const freedShare = 1 / 8;
/** Lines read for one record of a level: at a time for one turn between requests. */
const mostLinesRead = 100_000;
const afterFailureMs = 10_000;

/** From a lane to the level below it. */
interface Source {
  readonly lane: Lane;
  readonly budgetBytes: number;
  /** 0: the lane itself, then the levels. */
  readonly depth: number;
  readonly level: Level;
  /** The first one not passed yet. */
  readonly at: Mark;
}

/** Thins what is due, one record of a level; false when nothing is. Never rejects. */
export async function thin(state: State): Promise<boolean> {
  if (state.options.backlogPointsPerSecond === Number.POSITIVE_INFINITY) return false;
  // The last one first, so that there is room for what comes down.
  for (const source of sourcesOf(state).reverse()) {
    if (await attempt(state, source)) return true;
  }
  return false;
}

/** A level that takes nothing stops no other. */
async function attempt(state: State, source: Source): Promise<boolean> {
  const { depth } = source;
  if (state.now() < (state.thinAtMs[depth] ?? 0)) return false;
  try {
    await noteDropped(state, source);
    return isDue(state, source) && (await thinFrom(state, source));
  } catch (error) {
    state.thinAtMs[depth] = state.now() + afterFailureMs;
    const { target, logger } = state.options;
    logger.error(
      { target, error: messageOf(error) },
      'cannot thin the backlog: the oldest points may be dropped',
    );
    return false;
  }
}

/** What a level dropped at its budget is counted when it happens, not when the outage is over. */
async function noteDropped(state: State, { depth, level: { lane } }: Source): Promise<void> {
  const positions = state.cursor.value;
  const mark = positions.levels![depth]!;
  // What is on its way is in memory.
  if (mark.sequence >= lane.first || state.backlog?.level === depth) return;
  const first = await markAt(lane, lane.first);
  const lost = Math.max(0, first.line - mark.line);
  noteLost(state, lost);
  passed(state, { lost });
  store(state, positions, positions.levels!.with(depth, first));
}

function sourcesOf({ options, cursor }: State): Source[] {
  const { lane, budgetBytes = Number.POSITIVE_INFINITY, levels = [] } = options;
  const { live, backlog, levels: marks = [] } = cursor.value;
  const lanes = [{ lane, budgetBytes, at: backlog?.at ?? live }];
  for (const [i, level] of levels.entries()) lanes.push({ ...level, at: marks[i]! });
  return levels.map((level, depth) => ({ ...lanes[depth]!, depth, level }));
}

/** Bytes of a lane from a position on, about. */
export function bytesFrom(lane: Lane, at: Mark): number {
  const kept = lane.next - lane.first;
  return kept === 0 ? 0 : (lane.bytes * Math.max(0, lane.next - Math.max(at.sequence, lane.first))) / kept;
}

function isDue(state: State, { lane, budgetBytes, depth, level, at }: Source): boolean {
  const { thinning, options } = state;
  const bytes = bytesFrom(lane, at);
  const beginBytes = budgetBytes - Math.min(leftBytes, budgetBytes * leftShare);
  if (bytes > beginBytes && !thinning.has(depth)) {
    thinning.add(depth);
    if (depth === 0) beginPass(state);
    const details = { target: options.target, minutes: level.windowMs / 60_000 };
    options.logger.warn(details, 'much waits to be sent: the oldest points are merged to longer windows');
  }
  if (bytes <= beginBytes - budgetBytes * freedShare) thinning.delete(depth);
  return thinning.has(depth);
}

/**
 * All there is becomes backlog. What is on its way as new was tried and stays as it is: there should be little of it. While
 * the server takes points and there is a backlog, that is what is merged: new points go on before it.
 */
function beginPass(state: State): void {
  if (!state.isDown && state.cursor.value.backlog !== undefined) return;
  state.live = undefined;
  cut(state, endOf(state.options.lane));
}

async function thinFrom(state: State, source: Source): Promise<boolean> {
  const { depth, level } = source;
  // What is on its way is read again, from wherever it is then.
  state.backlog = undefined;
  const read = await readUnit(state, source);
  if (read === undefined) {
    state.thinning.delete(depth);
    return false;
  }
  const { end, merged, again, lost, endMs } = read;
  if (merged.lines.length > 0) noteOldest(state, source, merged.lines);
  await level.lane.append(end.sequence, merged.lines, merged.notes);
  noteLost(state, lost);
  state.thinned.from += merged.from;
  state.thinned.to += merged.to;
  state.thinned.leftOut += merged.leftOut;
  passed(state, { sent: -again, lost, merged: merged.from - merged.to });
  const positions = state.cursor.value;
  if (depth === 0) {
    state.backlogSinceMs = endMs;
    store(state, advanceBacklog(positions, end));
  } else store(state, positions, positions.levels!.with(depth - 1, end));
  return true;
}

/** The level begins with these when it has nothing else. */
function noteOldest(state: State, { depth, level }: Source, lines: readonly string[]): void {
  const mark = state.cursor.value.levels![depth]!;
  if (mark.sequence < level.lane.next && state.levelSinceMs[depth] !== undefined) return;
  state.levelSinceMs[depth] = lines.reduce(
    (oldest, line) => Math.min(oldest, timeOfLine(line)),
    Number.POSITIVE_INFINITY,
  );
}

interface Unit {
  readonly merged: Merged;
  readonly end: Mark;
  /** Lines delivered ahead that wait again: they are sent after the older ones that may name the same point. */
  readonly again: number;
  /** Lines that were gone before they could be read. */
  readonly lost: number;
  /** Batch end of the last record. */
  readonly endMs: number;
}

/** What makes one record of the level; undefined when there is nothing to move. */
async function readUnit(state: State, source: Source): Promise<Unit | undefined> {
  const { lane, level, at } = source;
  const merger = createMerger(level.windowMs);
  const wants = wantsOf(state, source);
  // The last record of a lane stays: it says what the lane holds.
  const last = lane.next - 1;
  const to = source.depth === 0 ? Math.min(last, state.cursor.value.live.sequence) : last;
  let end = at;
  let lines = 0;
  let lost = 0;
  let again = 0;
  let endMs = 0;
  for await (const record of lane.read(at.sequence)) {
    if (record.sequence >= to || lines > mostLinesRead || isFull(merger, level)) break;
    const { isUnsent, add } = wants(record);
    if (isUnsent) lost += Math.max(0, record.linesBefore - end.line);
    const added = await add(merger);
    if (!isUnsent) again += added;
    lines += record.count;
    end = { sequence: record.sequence + 1, line: record.linesBefore + record.count };
    endMs = record.batchEndMs;
  }
  return end === at ? undefined : { merged: merger.take(), end, again, lost, endMs };
}

function isFull({ size }: Merger, { limits }: Level): boolean {
  return size.lines >= limits.lines || size.characters >= limits.characters;
}

interface Wanted {
  /** Not delivered ahead of the backlog. */
  readonly isUnsent: boolean;
  /** Gives how many lines it added. */
  add(merger: Merger): Promise<number>;
}

/** Which lines of a record go on, and whether they may be merged. */
function wantsOf(state: State, { depth }: Source): (record: LaneRecord) => Wanted {
  const { backlog } = state.cursor.value;
  const triedBelow = depth === 0 ? state.tried.backlog : (state.tried.levels[depth - 1] ?? 0);
  return (record) => {
    const { sequence } = record;
    const untilMs = depth > 0 ? Number.POSITIVE_INFINITY : backlogUntilMs(backlog!, sequence);
    const isMergeable = sequence >= triedBelow && (depth > 0 || isUntried(backlog!, sequence));
    return {
      isUnsent: untilMs === Number.POSITIVE_INFINITY,
      async add(merger) {
        let added = 0;
        if (record.oldestMs > untilMs) return added;
        const { lines, notes } = await record.content();
        for (const [i, line] of lines.entries()) {
          if (untilMs === Number.POSITIVE_INFINITY || timeOfLine(line) <= untilMs) {
            // Without its note it is never merged, in no level.
            merger.add(line, isMergeable ? notes[i] : undefined);
            added += 1;
          }
        }
        return added;
      },
    };
  };
}
