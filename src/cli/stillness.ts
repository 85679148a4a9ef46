/** For how long a gateway has not moved: its pulse is looked at now and then. What a pulse is: gateway.ts. */

export interface Stillness {
  /** How long it has stood still, once that is too long. */
  tooLongMs(): number | undefined;
}

export interface StillnessOptions {
  /** Another number each time while the gateway moves. */
  readonly pulse: () => number;
  /** It processes a batch so often, at least. */
  readonly batchMs: number;
  readonly signal: AbortSignal;
  readonly now?: () => number;
  readonly everyMs?: number;
}

/** Several batches, and longer than any garbage collection or slow disk takes. */
const leastTooLongMs = 60_000;
const tooManyBatches = 3;
const usualEveryMs = 5000;

/** Looks until the signal aborts. */
export function watchStillness(options: StillnessOptions): Stillness {
  const { pulse, batchMs, signal, now = () => performance.now(), everyMs = usualEveryMs } = options;
  const limitMs = Math.max(leastTooLongMs, tooManyBatches * batchMs);
  let last = pulse();
  let movedMs = now();

  function stillMs(): number {
    const current = pulse();
    if (current !== last) movedMs = now();
    last = current;
    return now() - movedMs;
  }

  const timer = setInterval(stillMs, everyMs).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return {
    tooLongMs() {
      const ms = stillMs();
      return ms < limitMs ? undefined : ms;
    },
  };
}
