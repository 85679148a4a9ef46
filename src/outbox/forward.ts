/**
 * The loop that sends the points lane to a sink: new points first, a backlog in what time is left, at a limited rate.
 *
 * Invariant: a position passes a record only after each of its lines was accepted or set aside; records are released
 * only below positions that are on disk. Never ends before its signal aborts.
 * Not here: a single request (forward-step.ts).
 */

import { sleep } from '../core/backoff.ts';
import type { ForwardLine } from '../core/status.ts';
import { createState, cut, endOf, type ForwardOptions, type State, store } from './forward-state.ts';
import { step } from './forward-step.ts';
import { backlogLines, neededFrom } from './positions.ts';

export type { ForwardOptions } from './forward-state.ts';

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

/** Starts forwarding where the stored position says. Throws `GatewayError` when it cannot be read. */
export async function startForward(options: ForwardOptions): Promise<Forwarder> {
  const state = await createState(options);
  const { lane, sink } = options;
  // What is not in the lane any more is not sent again.
  const isKept = lane.first <= neededFrom(state.cursor.value);
  await sink.resume?.(isKept ? state.cursor.value.mark : undefined);
  cut(state, endOf(lane));
  if (sink.mark !== undefined) {
    // The first mark must be on disk before the first line it is to be a mark for.
    store(state, state.cursor.value);
    await state.cursor.flush();
  }
  const closed = run(state);
  return { status: () => statusOf(state), closed };
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
