/**
 * One notifier at work: where it stands in the lane, and the handing over of one alert, until it is taken or refused.
 *
 * Not here: which alerts it is handed, and in which order.
 */

import type { NotifierConfig } from '../config/schema.ts';
import { createBackoff, sleep } from '../core/backoff.ts';
import { messageOf } from '../core/errors.ts';
import type { Health } from '../core/health.ts';
import type { Logger } from '../core/log.ts';
import type { Alert, SetAside } from '../core/types.ts';
import type { Cursor } from '../log/cursor.ts';
import type { Disk } from '../log/files.ts';
import type { Lane } from '../log/lane.ts';
import type { SettingsStore } from '../settings/store.ts';
import { type Notifier, type NotifierContext, Rejected, TryLater } from './notifier.ts';
import type { Mark, Position, Positions } from './positions.ts';

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
  readonly store: Pick<SettingsStore, 'settings' | 'onChange'>;
  /** The gateway's clock, by which silences end. */
  readonly now: () => number;
  /** Episodes of all alerts that fire. */
  readonly firing: () => Pick<ReadonlySet<string>, 'has'>;
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

export interface Post {
  readonly name: string;
  readonly notify: Notifier;
  readonly health: Health;
  readonly options: DeliveryOptions;
  readonly waits: Waits;
  readonly cursor: Cursor<Positions>;
  delivered: number;
  rejected: number;
  silenced: number;
}

/** Where it stands now. */
export function markOf(post: Post): Position {
  return post.cursor.value.notifiers[post.name]!;
}

/** What is withheld stays so. */
export function moveTo(post: Post, { sequence, line }: Mark): void {
  const { notifiers } = post.cursor.value;
  const { withheld } = markOf(post);
  post.cursor.set({ notifiers: { ...notifiers, [post.name]: { sequence, line, withheld } } });
}

/** Until it is taken or rejected; false when the end came first. */
export async function deliver(post: Post, alert: Alert, hard: AbortSignal): Promise<boolean> {
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
