/** What forwarding knows while it runs, and where it left off. Not here: sending (forward-step.ts). */

import { type Backoff, createBackoff } from '../core/backoff.ts';
import { createHealth, type Health } from '../core/health.ts';
import type { Logger } from '../core/log.ts';
import type { SetAside } from '../core/types.ts';
import { type Cursor, openCursor } from '../log/cursor.ts';
import type { Disk } from '../log/files.ts';
import type { Lane } from '../log/lane.ts';
import { cutBacklog, type Mark, neededFrom, type Positions, parsePositions } from './positions.ts';
import type { Work } from './request.ts';
import type { Sink } from './sink.ts';

export interface ForwardOptions {
  readonly lane: Lane;
  readonly sink: Sink;
  /** For people: "http://127.0.0.1:8086 fleet". */
  readonly target: string;
  readonly disk: Disk;
  /** The file of the read position. */
  readonly cursorPath: string;
  /** Infinity: there is never a backlog, everything goes in order. */
  readonly backlogPointsPerSecond: number;
  readonly setAside: (entries: readonly SetAside[]) => void;
  readonly logger: Logger;
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

/** What is on its way of the live records or of the backlog, and where the position goes when it is done. */
export interface Flow extends Work {
  readonly end: Mark;
  readonly batchEndMs: number | undefined;
}

interface Stored extends Positions {
  /** The sink's own, for sinks in which sending again would double. */
  readonly mark?: string;
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
}

/** Opens the stored positions. Throws `GatewayError` when they cannot be read. */
export async function createState(options: ForwardOptions): Promise<State> {
  const { lane, logger } = options;
  const waits = { ...usualWaits, ...options.waits };
  const start = await firstMark(lane);
  const cursor = await openCursor<Stored>({
    disk: options.disk,
    path: options.cursorPath,
    initial: { live: start },
    parse: parseStored,
    everyMs: waits.positionMs,
    logger,
    onDurable: (stored) => lane.release(neededFrom(stored)),
  });
  // A position the lane never gave: its files were removed.
  if (cursor.value.live.sequence > lane.next) {
    const records = cursor.value.live.sequence - lane.next;
    logger.error({ records }, 'points of the outbox are gone: what was not sent of them is lost');
    cursor.set({ live: start });
  }
  const now = (): number => performance.now();
  return {
    options,
    waits,
    cursor,
    backoff: createBackoff(waits.firstRetryMs, waits.maxRetryMs),
    health: createHealth(options.target, now, logger),
    now,
    live: undefined,
    backlog: undefined,
    backlogAtMs: 0,
    isDown: false,
    outageEnd: undefined,
    sent: 0,
    setAside: 0,
    lost: 0,
  };
}

/** The place after everything appended so far. */
export function endOf(lane: Lane): Mark {
  return { sequence: lane.next, line: lane.lineCount };
}

async function firstMark(lane: Lane): Promise<Mark> {
  for await (const record of lane.read(lane.first)) {
    return { sequence: record.sequence, line: record.linesBefore };
  }
  return endOf(lane);
}

function parseStored(value: unknown): Stored | undefined {
  const positions = parsePositions(value);
  const mark = (value as { mark?: unknown } | null)?.mark;
  return positions === undefined || typeof mark !== 'string' ? positions : { ...positions, mark };
}

/** What is unsent before `end` becomes backlog, where there is one. */
export function cut(state: State, end: Mark): void {
  const { lane, backlogPointsPerSecond } = state.options;
  if (backlogPointsPerSecond === Number.POSITIVE_INFINITY) return;
  const positions = state.cursor.value;
  const next = cutBacklog(positions, end, lane.newestMs);
  if (next !== positions) store(state, next);
}

/** Keeps positions, with the sink's mark at this moment. */
export function store(state: State, positions: Positions): void {
  const mark = state.options.sink.mark?.();
  const { live, backlog } = positions;
  const at = backlog === undefined ? { live } : { live, backlog };
  state.cursor.set(mark === undefined ? at : { ...at, mark });
}
