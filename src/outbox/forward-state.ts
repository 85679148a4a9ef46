/** What forwarding knows while it runs, and where it left off. Not here: sending (forward-step.ts). */

import { type Backoff, createBackoff } from '../core/backoff.ts';
import { createHealth, type Health } from '../core/health.ts';
import type { Logger } from '../core/log.ts';
import type { PointsThrough } from '../core/status.ts';
import type { SetAside } from '../core/types.ts';
import { type Cursor, openCursor } from '../log/cursor.ts';
import type { Disk } from '../log/files.ts';
import type { Lane } from '../log/lane.ts';
import {
  endOf,
  everything,
  firstMark,
  noneThrough,
  parseStored,
  placesOf,
  type Stored,
  type Tried,
} from './forward-places.ts';
import type { Level } from './levels.ts';
import { cutBacklog, type Mark, neededFrom, type Positions } from './positions.ts';
import type { Work } from './request.ts';
import type { Sink } from './sink.ts';

export interface ForwardOptions {
  readonly lane: Lane;
  /** Where points of a long outage are merged to; default: nowhere. */
  readonly levels?: readonly Level[];
  /** Of the lane: near it, the oldest points are merged (thin.ts). */
  readonly budgetBytes?: number;
  readonly sink: Sink;
  /** For people: "http://127.0.0.1:8086 fleet". */
  readonly target: string;
  readonly disk: Disk;
  /** The file of the read position. */
  readonly cursorPath: string;
  /** Infinity: there is never a backlog, everything goes in order. */
  readonly backlogPointsPerSecond: number;
  /** The time of day at a batch end, by the clock as it is now; default: batch ends are times of day. */
  readonly timeOfDayAt?: (batchEndMs: number) => number;
  readonly setAside: (entries: readonly SetAside[]) => void;
  readonly logger: Logger;
  /** Whether another forwarder to the same place has told the log of its outage; default: no. */
  readonly isTold?: () => boolean;
  /** Aborts: one last flush, then `closed` resolves. */
  readonly signal: AbortSignal;
  readonly waits?: Partial<Waits>;
}

export interface Waits {
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** Between tries while a person has to change something. */
  readonly refusedMs: number;
  /** For the last flush at the end. */
  readonly flushMs: number;
  /** The position is stored at most so often. */
  readonly positionMs: number;
}

const usualWaits: Waits = {
  firstRetryMs: 500,
  maxRetryMs: 60_000,
  refusedMs: 30_000,
  flushMs: 2000,
  positionMs: 1000,
};

/** What is on its way, and where the position goes when it is done. */
export interface Flow extends Work {
  readonly end: Mark;
  readonly batchEndMs: number | undefined;
  /** Of its lines those never sent before, and lines that were gone when it was gathered. */
  readonly fresh: number;
  readonly again: ReadonlySet<string>;
  readonly lost: number;
  /** Of the fresh ones, set aside so far. */
  refused: number;
  /** The level it was read from; absent: the lane itself. */
  readonly level?: number;
}

/** What thinning has done since the start. */
export interface ThinCounts {
  /** Points merged, and what they were merged to. */
  from: number;
  to: number;
  /** Values of fields that cannot be merged, of points that were. */
  leftOut: number;
}

export interface State {
  readonly options: ForwardOptions;
  readonly waits: Waits;
  readonly cursor: Cursor<Stored>;
  readonly backoff: Backoff;
  readonly health: Health;
  readonly now: () => number;
  live: Flow | undefined;
  backlog: Flow | undefined;
  /** Not before this time (of `now`) is more of the backlog sent. */
  backlogAtMs: number;
  /** Nothing was accepted since the last failure. */
  isDown: boolean;
  /** The end of the lane when the last outage ended: what is unsent before it becomes backlog. */
  outageEnd: Mark | undefined;
  sent: number;
  setAside: number;
  lost: number;
  /** What became of the lines that the positions have passed; changed and stored with them. */
  through: PointsThrough;
  /** Lines that the lane had before this target was there. */
  takenFrom: number;
  readonly thinned: ThinCounts;
  tried: Tried;
  /** Whether `tried` is stored with the positions from now on, and whether it may be on disk. */
  claims: boolean;
  isClaimStored: boolean;
  /** The lanes being thinned now: 0 the lane itself, then levels. */
  readonly thinning: Set<number>;
  /** By lane, as in `thinning`: not before this time is it tried again after a failure. */
  readonly thinAtMs: number[];
  /** Batch end of what was last known as the oldest of the backlog. */
  backlogSinceMs: number | undefined;
  /** By level, the time of the oldest point last known. */
  readonly levelSinceMs: (number | undefined)[];
  /** The lane when the outage began, or was begun to be seen. */
  outage: { readonly batchEndMs: number; readonly bytes: number } | undefined;
}

/** Opens the stored positions. Throws `GatewayError` when they cannot be read. */
export async function createState(options: ForwardOptions): Promise<State> {
  const { lane, logger, levels = [] } = options;
  const waits = { ...usualWaits, ...options.waits };
  const start = await firstMark(lane);
  const cursor = await openCursor<Stored>({
    disk: options.disk,
    path: options.cursorPath,
    initial: { live: start },
    parse: parseStored,
    everyMs: waits.positionMs,
    logger,
    onDurable(stored) {
      lane.release(neededFrom(stored));
      for (const [i, mark] of (stored.levels ?? []).entries()) levels[i]?.lane.release(mark.sequence);
    },
  });
  const stored = cursor.value;
  const places = await placesOf(options, stored, start);
  if (places !== stored) cursor.set(places);
  const tried = stored.tried?.levels.length === levels.length ? stored.tried : undefined;
  const now = (): number => performance.now();
  return {
    options,
    waits,
    cursor,
    backoff: createBackoff(waits.firstRetryMs, waits.maxRetryMs),
    health: createHealth(options.target, now, logger, options.isTold),
    now,
    live: undefined,
    backlog: undefined,
    backlogAtMs: 0,
    isDown: false,
    outageEnd: undefined,
    sent: 0,
    setAside: 0,
    lost: 0,
    through: places.through ?? noneThrough,
    takenFrom: 0,
    thinned: { from: 0, to: 0, leftOut: 0 },
    tried: tried ?? everything(options),
    claims: tried !== undefined,
    isClaimStored: stored.tried !== undefined,
    thinning: new Set(),
    thinAtMs: [],
    backlogSinceMs: undefined,
    levelSinceMs: [],
    outage: undefined,
  };
}

/** Counts lines that the positions are about to pass. */
export function passed(state: State, lines: Partial<PointsThrough>): void {
  const { sent = 0, setAside = 0, lost = 0, merged = 0 } = lines;
  const { through } = state;
  state.through = {
    sent: through.sent + sent,
    setAside: through.setAside + setAside,
    lost: through.lost + lost,
    merged: through.merged + merged,
  };
}

/** What is unsent before `end` becomes backlog, where there is one. */
export function cut(state: State, end: Mark): void {
  const { lane, backlogPointsPerSecond } = state.options;
  if (backlogPointsPerSecond === Number.POSITIVE_INFINITY) return;
  const positions = state.cursor.value;
  const next = cutBacklog(positions, end, lane.newestMs, state.tried.live);
  if (next !== positions) store(state, next);
}

/** Keeps positions, with the sink's mark at this moment. What is not given stays as it is. */
export function store(state: State, positions: Positions, levels = state.cursor.value.levels): void {
  const mark = state.options.sink.mark?.();
  const { live, backlog } = positions;
  state.cursor.set({
    live,
    ...(backlog !== undefined && { backlog }),
    ...(levels !== undefined && { levels, levelEnds: levelEnds(state) }),
    ...(state.claims && { tried: state.tried }),
    through: state.through,
    ...(mark !== undefined && { mark }),
  });
}

function levelEnds({ options: { levels = [] } }: State): readonly Mark[] {
  return levels.map(({ lane }) => endOf(lane));
}

/**
 * Notes what a request is made of before it is sent; false when that cannot be stored. After a crash it must not pass for
 * untried: merged with others it would count twice.
 */
export async function noteTried(
  state: State,
  what: 'live' | 'backlog',
  { end, level }: Flow,
): Promise<boolean> {
  const { tried } = state;
  const known =
    what === 'live' ? tried.live.sequence : level === undefined ? tried.backlog : (tried.levels[level] ?? 0);
  if (end.sequence <= known) return true;
  if (state.isClaimStored) {
    state.claims = false;
    store(state, state.cursor.value);
    if (!(await state.cursor.flush())) return false;
    state.isClaimStored = false;
  }
  if (what === 'live') state.tried = { ...tried, live: end };
  else if (level === undefined) state.tried = { ...tried, backlog: end.sequence };
  else state.tried = { ...tried, levels: tried.levels.with(level, end.sequence) };
  return true;
}

/** Between requests: what is tried is known, and may be stored. */
export function claim(state: State): void {
  state.claims = true;
  state.isClaimStored = true;
  store(state, state.cursor.value);
}
