/**
 * Delivers the alerts lane: each notifier at its own pace, in order, at least once, over restarts.
 *
 *     alerts lane ──▶ position of ops ──▶ gate ──▶ webhook
 *                 └─▶ position of log ──▶ gate ──▶ log
 *
 * Invariant: a notifier's position passes an alert only after the notifier took it, rejected it for good (set aside), or
 * is not to be told of it (gate.ts), which is stored with the position. One that is down holds nobody up. Records are released below the slowest position on disk; a notifier that
 * is configured no more has none, a new one begins with the alerts to come.
 * Not here: how an alert is handed over, and who is told of which.
 */

import { sleep } from '../core/backoff.ts';
import { messageOf } from '../core/errors.ts';
import { createHealth } from '../core/health.ts';
import type { NotifierLine } from '../core/status.ts';
import type { Alert } from '../core/types.ts';
import type { Lane, LaneRecord } from '../log/lane.ts';
import { nextReleaseMs } from './gate.ts';
import { createNotifier } from './index.ts';
import { openPositions } from './positions.ts';
import { type DeliveryOptions, markOf, moveTo, type Post, type Waits } from './post.ts';
import { forgetEnded, pass, release } from './tell.ts';

/** The clock may be set in the meantime. */
const longestWaitMs = 10_000;

const usualWaits: Waits = { firstRetryMs: 500, maxRetryMs: 60_000, flushMs: 2000 };

export interface Delivery {
  status(): readonly NotifierLine[];
  /** The first sequence of the lane that any of them needs, and the content of the file that holds their positions. */
  position(): { readonly needed: number; readonly content: Buffer };
  readonly closed: Promise<void>;
}

/** Starts delivering where the stored positions say. Throws `GatewayError` when they cannot be read. */
export async function startDelivery(options: DeliveryOptions): Promise<Delivery> {
  const { lane, logger, disk } = options;
  const names = Object.keys(options.notifiers);
  const cursor = await openPositions({ lane, names, disk, path: options.cursorPath, logger });
  const waits = { ...usualWaits, ...options.waits };
  const posts = Object.entries(options.notifiers).map(([name, config]): Post => {
    const notify = createNotifier(config, options);
    const health = createHealth(name, () => performance.now(), logger);
    return { name, notify, health, options, waits, cursor, delivered: 0, rejected: 0, silenced: 0 };
  });
  for (const post of posts) forgetEnded(post);
  const running = posts.length === 0 ? [discard(lane, options.signal)] : posts.map(run);
  return {
    status: () => posts.map(lineOf),
    position() {
      const marks = Object.values(cursor.value.notifiers).map(({ sequence }) => sequence);
      return { needed: Math.min(lane.next, ...marks), content: cursor.content() };
    },
    closed: Promise.all(running).then(async () => void (await cursor.flush())),
  };
}

/** Nobody is to be told. */
async function discard(lane: Lane, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    lane.release(lane.next);
    await lane.arrival(lane.next, signal);
  }
}

async function run(post: Post): Promise<void> {
  const { signal, logger } = post.options;
  const hard = hardStop(signal, post.waits.flushMs);
  let isOpen = true;
  while (isOpen) {
    // Whether this is the last round is known before it, so that what came in time is in it.
    const isLast = signal.aborted;
    try {
      isOpen = (await catchUp(post, hard.signal)) && (await release(post, hard.signal)) && !isLast;
    } catch (error) {
      logger.error({ notifier: post.name, error: messageOf(error) }, 'cannot read the alerts lane');
      await sleep(post.waits.maxRetryMs, signal);
      isOpen = !isLast;
    }
    if (isOpen) await news(post);
  }
  hard.clear();
}

/** Aborts so long after the signal. */
function hardStop(signal: AbortSignal, afterMs: number): { signal: AbortSignal; clear: () => void } {
  const hard = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => hard.abort(), afterMs);
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  return {
    signal: hard.signal,
    clear() {
      clearTimeout(timer);
      signal.removeEventListener('abort', begin);
    },
  };
}

/** Delivers all there is; false when the end came first. */
async function catchUp(post: Post, hard: AbortSignal): Promise<boolean> {
  const { lane } = post.options;
  const end = { sequence: lane.next, line: lane.lineCount };
  for await (const record of lane.read(markOf(post).sequence)) {
    if (!(await deliverRecord(post, record, hard))) return false;
    moveTo(post, { sequence: record.sequence + 1, line: record.linesBefore + record.count });
  }
  // What could not be read up to here is gone: damaged (counted and logged by the log).
  if (markOf(post).sequence < end.sequence) moveTo(post, end);
  return true;
}

async function deliverRecord(post: Post, record: LaneRecord, hard: AbortSignal): Promise<boolean> {
  const done = markOf(post).line - record.linesBefore;
  const lines = await record.lines();
  for (const [i, line] of lines.entries()) {
    if (i < done) continue;
    const alert = JSON.parse(line) as Alert;
    const behind = { sequence: record.sequence, line: record.linesBefore + i + 1 };
    if (!alert.notify.includes(post.name)) moveTo(post, behind);
    else if (!(await pass(post, alert, behind, hard))) return false;
  }
  return true;
}

/** Resolves when there may be something to tell: in the lane, by an edit of silences, or by the end of one. */
async function news(post: Post): Promise<void> {
  const { lane, signal, store, now } = post.options;
  const { sequence, withheld } = markOf(post);
  const woken = new AbortController();
  const wake = (): void => woken.abort();
  const forget = store.onChange(wake);
  signal.addEventListener('abort', wake, { once: true });
  if (signal.aborted) wake();
  let timer: NodeJS.Timeout | undefined;
  if (withheld.size() > 0) {
    const waitMs = nextReleaseMs(store.settings(), withheld, now()) - now();
    timer = setTimeout(wake, Math.min(Math.max(waitMs, 0), longestWaitMs));
  }
  await lane.arrival(sequence, woken.signal);
  clearTimeout(timer);
  forget();
  signal.removeEventListener('abort', wake);
}

function lineOf(post: Post): NotifierLine {
  const { name, health, delivered, rejected, silenced, options } = post;
  // Alerts for others that were not looked at yet are among them.
  const { line, withheld } = markOf(post);
  const pending = Math.max(0, options.lane.lineCount - line);
  const counts = { delivered, rejected, pending, silenced, withheld: withheld.size() };
  return { name, state: health.state, detail: health.detail(), ...counts };
}
