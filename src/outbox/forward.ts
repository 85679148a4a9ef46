/**
 * The loop that sends the points lane to a sink: new points first, a backlog in what time is left, at a limited rate.
 *
 * Invariant: a position passes a record only after each of its lines was accepted or set aside; records are released
 * only below positions that are on disk. Never ends before its signal aborts.
 * Not here: a single request (forward-step.ts).
 */

import { sleep } from '../core/backoff.ts';
import { endOf } from './forward-places.ts';
import { claim, createState, cut, type ForwardOptions, type State, store } from './forward-state.ts';
import { type ForwardStatus, hasBacklog, pendingLines, statusOf } from './forward-status.ts';
import { step } from './forward-step.ts';
import { neededFrom } from './positions.ts';
import { thin } from './thin.ts';

export type { ForwardOptions } from './forward-state.ts';
export type { ForwardStatus } from './forward-status.ts';

/** How often the lanes are looked at while waiting. */
const lookEveryMs = 1000;

export interface Forwarder {
  status(): ForwardStatus;
  position(): ForwardPosition;
  readonly closed: Promise<void>;
}

/** Where it stands at a moment, for who copies the outbox. */
export interface ForwardPosition {
  /** The first sequence it needs of the lane, and of each level. */
  readonly needed: { readonly lane: number; readonly levels: readonly number[] };
  /** Of the file that holds the position. */
  readonly content: Buffer;
}

/** Starts forwarding where the stored position says. Throws `GatewayError` when it cannot be read. */
export async function startForward(options: ForwardOptions): Promise<Forwarder> {
  const state = await createState(options);
  const { sent, setAside, lost, merged } = state.through;
  state.takenFrom = options.lane.lineCount - (sent + setAside + lost + merged + pendingLines(state));
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
  return { status: () => statusOf(state), position: () => positionOf(state), closed };
}

function positionOf({ cursor }: State): ForwardPosition {
  const levels = (cursor.value.levels ?? []).map(({ sequence }) => sequence);
  return { needed: { lane: neededFrom(cursor.value), levels }, content: cursor.content() };
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
    else await wait(state, waitMs);
  }
  limit ??= setTimeout(() => hard.abort(), state.waits.flushMs);
  while (!hard.signal.aborted && (await step(state, hard.signal, 'live')) === 0);
  clearTimeout(limit);
  claim(state);
  await state.cursor.flush();
  await sink.close();
}

/** Waits before the next request; the backlog grows meanwhile and may have to be thinned. */
async function wait(state: State, waitMs: number): Promise<void> {
  const { signal } = state.options;
  const untilMs = state.now() + waitMs;
  for (;;) {
    // Nothing is begun anew that is half done.
    const isFree = state.isDown || (state.live === undefined && state.backlog === undefined);
    const thinned = isFree && (await thin(state));
    const leftMs = untilMs - state.now();
    if (leftMs <= 0 || signal.aborted) return;
    if (!thinned) await sleep(Math.min(leftMs, lookEveryMs), signal);
  }
}

/** Waits for new records, or until the backlog may go on. */
async function quiet(state: State): Promise<void> {
  const { lane, signal } = state.options;
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const waits = [lane.arrival(state.cursor.value.live.sequence, either)];
  if (hasBacklog(state)) {
    waits.push(sleep(Math.max(0, state.backlogAtMs - state.now()), either));
  }
  await Promise.race(waits);
  over.abort();
}
