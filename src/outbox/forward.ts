/**
 * The loop that sends the points lane to a sink: new points first, a backlog in what time is left, at a limited rate.
 *
 *     lane ──gather──▶ work ──send──▶ sink
 *       ▲               ▲               │ accepted: positions move on
 *       │               └── halved ◀────┤ rejected: down to the line, set aside
 *       └── positions kept ◀────────────┘ refused, unavailable: wait, try again
 *
 * Invariant: a position passes a record only after each of its lines was accepted or set aside; records are released
 * only below positions that are on disk. Never ends before its signal aborts.
 * Not here: what an answer means (classify.ts), which line is at fault (request.ts), the order of things
 * after an outage (positions.ts).
 */

import { type Backoff, createBackoff, sleep } from '../core/backoff.ts';
import { messageOf } from '../core/errors.ts';
import { createHealth, type Health } from '../core/health.ts';
import type { Logger } from '../core/log.ts';
import type { ForwardLine } from '../core/status.ts';
import type { SetAside } from '../core/types.ts';
import { type Cursor, openCursor } from '../log/cursor.ts';
import type { Disk } from '../log/files.ts';
import type { Lane } from '../log/lane.ts';
import { gather, type Range } from './gather.ts';
import { timeOfLine } from './line-protocol.ts';
import {
  advanceBacklog,
  backlogLines,
  backlogUntilMs,
  cutBacklog,
  type Mark,
  neededFrom,
  type Positions,
  parsePositions,
} from './positions.ts';
import { createWork, type Progress, settle, type Work } from './request.ts';
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

export interface ForwardStatus extends ForwardLine {
  /** Of the pending points: those of an outage, sent behind new ones. */
  readonly backlogPoints: number;
  /** Lines that were dropped unsent because the outbox reached its budget. */
  readonly lost: number;
  /** End of the batch that the oldest pending point known came from. */
  readonly oldestPendingMs: number | undefined;
}

export interface Forwarder {
  status(): ForwardStatus;
  readonly closed: Promise<void>;
}

/** What is on its way of the live records or of the backlog, and where the position goes when it is done. */
interface Flow extends Work {
  readonly end: Mark;
  readonly batchEndMs: number | undefined;
}

interface Stored extends Positions {
  /** The sink's own, for sinks in which sending again would double. */
  readonly mark?: string;
}

interface State {
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

/** Starts forwarding where the stored position says. Throws `GatewayError` when it cannot be read. */
export async function startForward(options: ForwardOptions): Promise<Forwarder> {
  const state = await createState(options);
  const { lane, sink } = options;
  await sink.resume?.(state.cursor.value.mark);
  cut(state, endOf(lane));
  if (sink.mark !== undefined) {
    // The first mark must be on disk before the first line it is to be a mark for.
    store(state, state.cursor.value);
    await state.cursor.flush();
  }
  const closed = run(state);
  return { status: () => statusOf(state), closed };
}

async function createState(options: ForwardOptions): Promise<State> {
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
  if (cursor.value.live.sequence > lane.next) cursor.set({ live: start });
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

function endOf(lane: Lane): Mark {
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

async function run(state: State): Promise<void> {
  const { signal, sink } = state.options;
  const hard = new AbortController();
  let limit: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => {
    limit = setTimeout(() => hard.abort(), state.waits.flushMs);
  });
  while (!signal.aborted) {
    const waitMs = await step(state, hard.signal, 'live or backlog');
    if (waitMs === undefined) await quiet(state);
    else if (waitMs > 0) await sleep(waitMs, signal);
  }
  limit ??= setTimeout(() => hard.abort(), state.waits.flushMs);
  while (!hard.signal.aborted && (await step(state, hard.signal, 'live')) === 0);
  clearTimeout(limit);
  await state.cursor.flush();
  await sink.close();
}

/** Waits for new records, or until the backlog may go on. */
async function quiet(state: State): Promise<void> {
  const { lane, signal } = state.options;
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const waits = [lane.arrival(state.cursor.value.live.sequence, either)];
  if (state.cursor.value.backlog !== undefined) {
    waits.push(sleep(Math.max(0, state.backlogAtMs - state.now()), either));
  }
  await Promise.race(waits);
  over.abort();
}

/**
 * Sends one request. Gives the ms to wait before the next one, or undefined when there is nothing to send now.
 * Never rejects: what goes wrong inside is an outage like another.
 */
async function step(
  state: State,
  hard: AbortSignal,
  what: 'live' | 'live or backlog',
): Promise<number | undefined> {
  try {
    const lane = await nextFlow(state, what);
    if (lane === undefined) return undefined;
    const flow = state[lane]!;
    if (flow.chunks.length === 0) {
      complete(state, lane, flow);
      return 0;
    }
    const lines = flow.chunks[0]!.length;
    const progress = settle(flow, await state.options.sink.send(flow.chunks[0]!, hard));
    return apply(state, lane, flow, progress, lines);
  } catch (error) {
    return hold(state, { kind: 'unavailable', detail: messageOf(error) });
  }
}

async function nextFlow(
  state: State,
  what: 'live' | 'live or backlog',
): Promise<'live' | 'backlog' | undefined> {
  const { lane } = state.options;
  const { live, backlog } = state.cursor.value;
  if (state.live === undefined && live.sequence < lane.next) {
    const untilMs = (): number => Number.POSITIVE_INFINITY;
    state.live = await gatherFlow(state, { from: live, to: endOf(lane), untilMs }, Number.POSITIVE_INFINITY);
  }
  if (state.live !== undefined) return 'live';
  if (what === 'live' || backlog === undefined || state.now() < state.backlogAtMs) return undefined;
  const untilMs = (sequence: number): number => backlogUntilMs(backlog, sequence);
  const chunkLines = Math.max(1, Math.floor(state.options.backlogPointsPerSecond));
  state.backlog ??= await gatherFlow(state, { from: backlog.at, to: live, untilMs }, chunkLines);
  return 'backlog';
}

async function gatherFlow(state: State, range: Omit<Range, 'timeOf'>, chunkLines: number): Promise<Flow> {
  const { lane, logger, target } = state.options;
  const { lines, end, batchEndMs, lost } = await gather(lane, { ...range, timeOf: timeOfLine });
  if (lost > 0) {
    state.lost += lost;
    logger.error(
      { target, points: lost },
      'points lost before they could be sent: outbox at its budget, or damaged',
    );
  }
  return { ...createWork(lines, chunkLines), end, batchEndMs };
}

/** What an answer changes; gives the ms to wait. */
function apply(
  state: State,
  lane: 'live' | 'backlog',
  flow: Flow,
  progress: Progress,
  lines: number,
): number {
  const { setAside, backlogPointsPerSecond } = state.options;
  if (progress.setAside.length > 0) {
    state.setAside += progress.setAside.length;
    setAside(progress.setAside.map(({ line, detail }) => ({ reason: 'refused-by-server', detail, line })));
  }
  if (progress.held !== undefined) {
    // Gathered anew, perhaps with lines beside it that show whether the server takes any.
    if (flow.suspects.length > 0) state[lane] = undefined;
    return hold(state, progress.held);
  }
  state.sent += progress.sent;
  if (state.isDown) state.outageEnd = endOf(state.options.lane);
  state.isDown = false;
  state.health.good();
  state.backoff.reset();
  if (lane === 'backlog') state.backlogAtMs = state.now() + (lines / backlogPointsPerSecond) * 1000;
  if (flow.chunks.length === 0) complete(state, lane, flow);
  return 0;
}

function hold(state: State, held: NonNullable<Progress['held']>): number {
  state.isDown = true;
  if (held.kind === 'refused') {
    state.health.bad('refused', held.detail, state.waits.refusedMs, held.remedy);
    return state.waits.refusedMs;
  }
  const waitMs = Math.max(held.retryAfterMs ?? 0, state.backoff.next());
  state.health.bad('down', held.detail, waitMs);
  return waitMs;
}

/** All lines of a flow are dealt with: its position moves on. */
function complete(state: State, lane: 'live' | 'backlog', flow: Flow): void {
  const positions = state.cursor.value;
  state[lane] = undefined;
  if (lane === 'backlog') return store(state, advanceBacklog(positions, flow.end));
  store(state, { ...positions, live: flow.end });
  if (state.outageEnd !== undefined) cut(state, state.outageEnd);
  state.outageEnd = undefined;
}

function cut(state: State, end: Mark): void {
  const { lane, backlogPointsPerSecond } = state.options;
  if (backlogPointsPerSecond === Number.POSITIVE_INFINITY) return;
  const positions = state.cursor.value;
  const next = cutBacklog(positions, end, lane.newestMs);
  if (next !== positions) store(state, next);
}

function store(state: State, positions: Positions): void {
  const mark = state.options.sink.mark?.();
  const { live, backlog } = positions;
  const at = backlog === undefined ? { live } : { live, backlog };
  state.cursor.set(mark === undefined ? at : { ...at, mark });
}

function statusOf(state: State): ForwardStatus {
  const { lane, target } = state.options;
  const positions = state.cursor.value;
  const backlogPoints = backlogLines(positions);
  const pendingPoints = lane.lineCount - positions.live.line + backlogPoints;
  const batchEnds = [state.backlog, state.live].flatMap((flow) => flow?.batchEndMs ?? []);
  return {
    target,
    state: state.health.state,
    detail: state.health.detail(),
    sent: state.sent,
    setAside: state.setAside,
    lost: state.lost,
    pendingPoints,
    pendingBytes: pendingPoints === 0 ? 0 : lane.bytes,
    backlogPoints,
    oldestPendingMs: batchEnds.length === 0 ? undefined : Math.min(...batchEnds),
  };
}
