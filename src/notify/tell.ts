/**
 * Telling a notifier what the gate lets through, and what it held back once its silence is over.
 *
 * Invariant: the position and what is withheld change in one tick, so that the file has both of one moment.
 */

import type { Alert } from '../core/types.ts';
import { withhold as hold, isReleased, judgeDelivery, type Verdict } from './gate.ts';
import type { Mark } from './positions.ts';
import { deliver, markOf, moveTo, type Post } from './post.ts';

/** Tells an alert or withholds it, and moves behind it; false when the end came first. */
export async function pass(post: Post, alert: Alert, behind: Mark, hard: AbortSignal): Promise<boolean> {
  const { store, now, firing } = post.options;
  const { withheld } = markOf(post);
  const verdict = judgeDelivery(alert, withheld, {
    settings: store.settings(),
    nowMs: now(),
    isFiring: (episode) => firing().has(episode),
  });
  const isTold = verdict.act === 'tell' || (verdict.act === 'withhold' && !hold(post.name, alert, withheld));
  if (isTold && !(await deliver(post, alert, hard))) return false;
  if (!isTold) noteSilenced(post, alert, verdict);
  if (alert.state === 'ok' || isTold) withheld.forget(alert.episode);
  moveTo(post, behind);
  return true;
}

function noteSilenced(post: Post, { id, rule, key, state }: Alert, verdict: Verdict): void {
  post.silenced += 1;
  const why = verdict.act === 'drop' ? verdict.why : 'silenced';
  const until = verdict.act === 'withhold' ? { until: new Date(verdict.untilMs).toISOString() } : {};
  post.options.logger.info(
    { notifier: post.name, alert: id, rule, key, state, ...until },
    `not told: ${why}`,
  );
}

/** Tells what still fires and is withheld no more; false when the end came first. */
export async function release(post: Post, hard: AbortSignal): Promise<boolean> {
  const { store, now, firing } = post.options;
  const { withheld } = markOf(post);
  if (withheld.size() === 0) return true;
  const episodes = firing();
  for (const { alert } of withheld.all()) {
    if (!episodes.has(alert.episode) || !isReleased(alert, store.settings(), now())) continue;
    if (!(await deliver(post, alert, hard))) return false;
    withheld.forget(alert.episode);
    moveTo(post, markOf(post));
  }
  return true;
}

/** A rule that was edited away ends its alerts without a word: nothing will come of them in the lane. */
export function forgetEnded(post: Post): void {
  const { lane, firing } = post.options;
  const { withheld, sequence } = markOf(post);
  if (sequence < lane.next || withheld.size() === 0) return;
  const episodes = firing();
  for (const { alert } of withheld.all()) {
    if (!episodes.has(alert.episode)) withheld.forget(alert.episode);
  }
}
