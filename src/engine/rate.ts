/**
 * How many a second, over about the last minute: two counts, of the running minute and of the one before.
 *
 * No part of the state: it begins anew with each start.
 */

export interface Rate {
  count(nowMs: number): void;
  /** The minute before counts as far as it lies within the last 60 s, as if it had come evenly. */
  perSecond(nowMs: number): number;
}

const spanMs = 60_000;

export function createRate(): Rate {
  let firstMs = Number.NaN;
  let span = Number.NEGATIVE_INFINITY;
  let current = 0;
  let before = 0;

  function goOnTo(nowMs: number): void {
    const now = Math.floor(nowMs / spanMs);
    if (now <= span) return;
    before = now === span + 1 ? current : 0;
    current = 0;
    span = now;
  }

  return {
    count(nowMs) {
      if (nowMs >= (span + 1) * spanMs) goOnTo(nowMs);
      if (Number.isNaN(firstMs)) firstMs = nowMs;
      current += 1;
    },
    perSecond(nowMs) {
      if (Number.isNaN(firstMs)) return 0;
      goOnTo(nowMs);
      const intoMs = nowMs - span * spanMs;
      const counted = current + before * (1 - intoMs / spanMs);
      return counted / (Math.min(spanMs, Math.max(1000, nowMs - firstMs)) / 1000);
    },
  };
}
