/**
 * Logs the first of a burst at once, then at most one line in an interval, with how many were held back.
 */

import type { Logger } from '../core/log.ts';

export function limitLog(
  log: Logger['warn'],
  everyMs = 10_000,
  nowMs: () => number = () => performance.now(),
): Logger['warn'] {
  let nextMs = Number.NEGATIVE_INFINITY;
  let heldBack = 0;
  return (details, message) => {
    if (nowMs() < nextMs) {
      heldBack += 1;
      return;
    }
    log(heldBack === 0 ? details : { ...details, alsoHeldBack: heldBack }, message);
    heldBack = 0;
    nextMs = nowMs() + everyMs;
  };
}
