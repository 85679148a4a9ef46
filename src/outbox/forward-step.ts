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
import { cut, endOf, type Flow, type State, store } from './forward-state.ts';
import { gather, type Range } from './gather.ts';
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
  if (flow.judged) good(state);
  if (lane === 'backlog') state.backlogAtMs = state.now() + (lines / backlogPointsPerSecond) * 1000;
  if (flow.chunks.length === 0) complete(state, lane, flow);
  return 0;
}

/** The server takes lines: an outage, if there was one, is over. */
function good(state: State): void {
  if (state.isDown) state.outageEnd = endOf(state.options.lane);
  state.isDown = false;
  state.health.good();
  state.backoff.reset();
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
  if (lane === 'backlog') {
    store(state, advanceBacklog(positions, flow.end));
    return;
  }
  store(state, { ...positions, live: flow.end });
  if (state.outageEnd !== undefined) cut(state, state.outageEnd);
  state.outageEnd = undefined;
}
