/**
 * One request of forwarding: what goes next, and what its answer changes.
 *
 *     lane ──gather──▶ work ──send──▶ sink
 *       ▲               ▲               │ accepted: positions move on
 *       │               └── halved ◀────┤ rejected: down to the line, set aside
 *       └── positions kept ◀────────────┘ refused, unavailable: wait, try again
 *
 * Not here: what an answer means (classify.ts), which line is at fault (request.ts), the order of things after an
 * outage (positions.ts).
 */

import { messageOf } from '../core/errors.ts';
import type { Lane } from '../log/lane.ts';
import { endOf } from './forward-places.ts';
import { claim, cut, type Flow, noteTried, passed, type State, store } from './forward-state.ts';
import { gather, type Range, requestLines } from './gather.ts';
import { timeOfLine } from './line-protocol.ts';
import { advanceBacklog, backlogUntilMs } from './positions.ts';
import { createWork, type Progress, settle } from './request.ts';

/**
 * Sends one request. Gives the ms to wait before the next one, or undefined when there is nothing to send now.
 * Never rejects: what goes wrong inside is an outage like another.
 */
export async function step(
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
    if (!(await noteTried(state, lane, flow))) {
      return hold(state, { kind: 'unavailable', detail: 'the read position cannot be stored' });
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
  const { live } = state.cursor.value;
  if (state.live === undefined && live.sequence < lane.next) {
    const untilMs = (): number => Number.POSITIVE_INFINITY;
    const range = { from: live, to: endOf(lane), untilMs };
    // One record is enough to see whether the server is back, and all that a lost answer leaves in doubt.
    const isProbe = state.health.state === 'down';
    state.live = await gatherFlow(state, range, { maxLines: isProbe ? 1 : requestLines });
  }
  if (state.live !== undefined) return 'live';
  if (what === 'live' || state.now() < state.backlogAtMs) return undefined;
  state.backlog ??= (await gatherMerged(state)) ?? (await gatherBacklog(state));
  return state.backlog === undefined ? undefined : 'backlog';
}

function chunkLinesOf(state: State): number {
  return Math.max(1, Math.floor(Math.min(state.options.backlogPointsPerSecond, requestLines)));
}

/** The oldest first: what was merged most. */
async function gatherMerged(state: State): Promise<Flow | undefined> {
  const { levels = [] } = state.options;
  for (const [level, { lane }] of [...levels.entries()].reverse()) {
    const from = state.cursor.value.levels![level]!;
    if (from.sequence >= lane.next) continue;
    const untilMs = (): number => Number.POSITIVE_INFINITY;
    const flow = await gatherFlow(
      state,
      { from, to: endOf(lane), untilMs },
      { chunkLines: chunkLinesOf(state), lane },
    );
    state.levelSinceMs[level] = flow.oldestMs;
    // Its batch ends are no times.
    return { ...flow, level, batchEndMs: undefined };
  }
  return undefined;
}

async function gatherBacklog(state: State): Promise<Flow | undefined> {
  const { live, backlog } = state.cursor.value;
  if (backlog === undefined) return undefined;
  const untilMs = (sequence: number): number => backlogUntilMs(backlog, sequence);
  const range = { from: backlog.at, to: live, untilMs };
  const flow = await gatherFlow(state, range, { chunkLines: chunkLinesOf(state) });
  state.backlogSinceMs = flow.batchEndMs ?? state.backlogSinceMs;
  return flow;
}

interface GatherOptions {
  /** Default: the lane of new points. */
  readonly lane?: Lane;
  /** Of one request; default: what is gathered. */
  readonly chunkLines?: number;
  readonly maxLines?: number;
}

async function gatherFlow(
  state: State,
  range: Omit<Range, 'timeOf'>,
  { lane = state.options.lane, chunkLines = requestLines, maxLines = requestLines }: GatherOptions,
): Promise<Flow & { readonly oldestMs: number | undefined }> {
  const { lines, lost, ...gathered } = await gather(lane, { ...range, timeOf: timeOfLine }, maxLines);
  noteLost(state, lost);
  return { ...createWork(lines, chunkLines), ...gathered, lost, refused: 0 };
}

/** Counts what is gone before it was sent or merged. */
export function noteLost(state: State, points: number): void {
  if (points === 0) return;
  state.lost += points;
  const { logger, target } = state.options;
  logger.error({ target, points }, 'points lost before they could be sent: outbox at its budget, or damaged');
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
    // One that was delivered ahead has its fate already.
    const refused = progress.setAside.filter(({ line }) => !flow.again.has(line)).length;
    state.setAside += refused;
    flow.refused += refused;
    setAside(progress.setAside.map(({ line, detail }) => ({ reason: 'refused-by-server', detail, line })));
  }
  if (progress.held !== undefined) {
    // Gathered anew, perhaps with lines beside it that show whether the server takes any.
    if (flow.suspects.length > 0) state[lane] = undefined;
    return hold(state, progress.held);
  }
  state.sent += progress.sent;
  if (flow.judged) good(state);
  if (lane === 'backlog') state.backlogAtMs = state.now() + (lines / backlogPointsPerSecond) * 1000;
  if (flow.chunks.length === 0) complete(state, lane, flow);
  return 0;
}

/** The server takes lines: an outage, if there was one, is over. */
function good(state: State): void {
  if (state.isDown) state.outageEnd = endOf(state.options.lane);
  state.isDown = false;
  state.outage = undefined;
  state.health.good();
  state.backoff.reset();
}

function hold(state: State, held: NonNullable<Progress['held']>): number {
  state.isDown = true;
  const { lane } = state.options;
  state.outage ??= { batchEndMs: lane.lastBatchEndMs, bytes: lane.bytesAppended };
  if (!state.claims) claim(state);
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
  const { fresh, refused, lost } = flow;
  state[lane] = undefined;
  passed(state, { sent: fresh - refused, setAside: refused, lost });
  if (flow.level !== undefined) {
    store(state, positions, positions.levels!.with(flow.level, flow.end));
    return;
  }
  if (lane === 'backlog') {
    store(state, advanceBacklog(positions, flow.end));
    return;
  }
  store(state, { ...positions, live: flow.end });
  if (state.outageEnd !== undefined) cut(state, state.outageEnd);
  state.outageEnd = undefined;
}
