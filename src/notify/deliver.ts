/**
 * Delivers the alerts lane: each notifier at its own pace, in order, at least once, over restarts.
 *
 *     alerts lane ──▶ position of ops ──▶ webhook
 *                 └─▶ position of log ──▶ log
 *
 * Invariant: a notifier's position passes an alert only after the notifier took it, or rejected it for good (set
 * aside). One that is down holds nobody up. Records are released below the slowest position on disk; a notifier that
 * is configured no more has none, a new one begins with the alerts to come.
 * Not here: how an alert is handed over.
 */

import type { NotifierConfig } from '../config/schema.ts';
import { createBackoff, sleep } from '../core/backoff.ts';
import { messageOf } from '../core/errors.ts';
import { createHealth, type Health } from '../core/health.ts';
import type { Logger } from '../core/log.ts';
import type { NotifierLine } from '../core/status.ts';
import type { Alert, SetAside } from '../core/types.ts';
import type { Cursor } from '../log/cursor.ts';
import type { Disk } from '../log/files.ts';
import type { Lane, LaneRecord } from '../log/lane.ts';
import { createNotifier } from './index.ts';
import { type Notifier, type NotifierContext, Rejected, TryLater } from './notifier.ts';
import { type Mark, openPositions, type Positions } from './positions.ts';

export interface DeliveryOptions {
  /** Alerts as JSON, one a line. */
  readonly lane: Lane;
  readonly notifiers: Readonly<Record<string, NotifierConfig>>;
  readonly gateway: string;
  readonly publish: NotifierContext['publish'];
  readonly disk: Disk;
  /** The file of all read positions. */
  readonly cursorPath: string;
  readonly setAside: (entries: readonly SetAside[]) => void;
  readonly logger: Logger;
  /** Aborts: what is pending is tried once more, then `closed` resolves. */
  readonly signal: AbortSignal;
  readonly waits?: Partial<Waits>;
}

export interface Waits {
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** For the last tries at the end. */
  readonly flushMs: number;
}

const usualWaits: Waits = { firstRetryMs: 500, maxRetryMs: 60_000, flushMs: 2000 };

export interface Delivery {
  status(): readonly NotifierLine[];
  readonly closed: Promise<void>;
}

interface Post {
  readonly name: string;
  readonly notify: Notifier;
  readonly health: Health;
  readonly options: DeliveryOptions;
  readonly waits: Waits;
  readonly cursor: Cursor<Positions>;
  delivered: number;
  rejected: number;
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
    return { name, notify, health, options, waits, cursor, delivered: 0, rejected: 0 };
  });
  const running = posts.length === 0 ? [discard(lane, options.signal)] : posts.map(run);
  return {
    status: () => posts.map(lineOf),
    closed: Promise.all(running).then(() => cursor.flush()),
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
  const { lane, signal, logger } = post.options;
  const hard = hardStop(signal, post.waits.flushMs);
  let isOpen = true;
  while (isOpen) {
    // Whether this is the last round is known before it, so that what came in time is in it.
    const isLast = signal.aborted;
    try {
      isOpen = (await catchUp(post, hard.signal)) && !isLast;
    } catch (error) {
      logger.error({ notifier: post.name, error: messageOf(error) }, 'cannot read the alerts lane');
      await sleep(post.waits.maxRetryMs, signal);
      isOpen = !isLast;
    }
    if (isOpen) await lane.arrival(markOf(post).sequence, signal);
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

function markOf(post: Post): Mark {
  return post.cursor.value.notifiers[post.name]!;
}

function moveTo(post: Post, mark: Mark): void {
  const { notifiers } = post.cursor.value;
  post.cursor.set({ notifiers: { ...notifiers, [post.name]: mark } });
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
    if (alert.notify.includes(post.name) && !(await deliver(post, alert, hard))) return false;
    moveTo(post, { sequence: record.sequence, line: record.linesBefore + i + 1 });
  }
  return true;
}

/** Until it is taken or rejected; false when the end came first. */
async function deliver(post: Post, alert: Alert, hard: AbortSignal): Promise<boolean> {
  const { health, options, waits } = post;
  const backoff = createBackoff(waits.firstRetryMs, waits.maxRetryMs);
  for (;;) {
    const isLast = options.signal.aborted;
    try {
      await post.notify(alert, hard);
      health.good();
      post.delivered += 1;
      return true;
    } catch (error) {
      if (hard.aborted) return false;
      if (error instanceof Rejected) {
        health.good();
        reject(post, alert, error);
        return true;
      }
      const waitMs = Math.max(error instanceof TryLater ? error.afterMs : 0, backoff.next());
      health.bad('down', messageOf(error), waitMs);
      if (isLast) return false;
      await sleep(waitMs, options.signal);
    }
  }
}

function reject(post: Post, alert: Alert, error: Rejected): void {
  post.rejected += 1;
  const { rule, key, atMs } = alert;
  const payload = Buffer.from(JSON.stringify(alert));
  const detail = `${post.name}: ${error.message}`;
  post.options.setAside([{ reason: 'alert-rejected', detail, rule, key, eventMs: atMs, payload }]);
}

function lineOf(post: Post): NotifierLine {
  const { name, health, delivered, rejected, options } = post;
  // Alerts for others that were not looked at yet are among them.
  const pending = Math.max(0, options.lane.lineCount - markOf(post).line);
  return { name, state: health.state, detail: health.detail(), delivered, rejected, pending };
}
