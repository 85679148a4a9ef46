/** Waiting times between tries: exponential, with full jitter, so that many gateways do not knock in step. */
export interface Backoff {
  /** The next wait in ms. */
  next(): number;
  /** After a success. */
  reset(): void;
}

/**
 * `next` gives a random wait in (half of) `firstMs · 2^n`, at most `maxMs`.
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog ("equal jitter").
 */
export function createBackoff(firstMs: number, maxMs: number, random: () => number = Math.random): Backoff {
  let tries = 0;
  return {
    next() {
      const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(tries, 30));
      tries += 1;
      return ceiling / 2 + (random() * ceiling) / 2;
    },
    reset() {
      tries = 0;
    },
  };
}

/** Waits; resolves early, without error, when the signal aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
