/**
 * Frames handed to the journal and not acknowledged yet: the bound behind which a source stops reading.
 *
 * Invariant: a waiting callback runs exactly once, when there is room again, in the order of asking.
 */

export interface InFlight {
  readonly frames: number;
  readonly full: boolean;
  add(bytes: number): void;
  remove(bytes: number): void;
  /** At once when there is room. */
  whenRoom(callback: () => void): void;
  /** Resolves when nothing is in flight, or after `timeoutMs`. */
  drained(timeoutMs: number): Promise<void>;
}

export function createInFlight(maxFrames: number, maxBytes: number): InFlight {
  let frames = 0;
  let bytes = 0;
  const waiting: (() => void)[] = [];
  const draining: (() => void)[] = [];
  const isFull = (): boolean => frames >= maxFrames || bytes >= maxBytes;

  return {
    get frames() {
      return frames;
    },
    get full() {
      return isFull();
    },
    add(size) {
      frames += 1;
      bytes += size;
    },
    remove(size) {
      frames -= 1;
      bytes -= size;
      while (waiting.length > 0 && !isFull()) waiting.shift()!();
      if (frames === 0) for (const resolve of draining.splice(0)) resolve();
    },
    whenRoom(callback) {
      if (isFull()) waiting.push(callback);
      else callback();
    },
    async drained(timeoutMs) {
      if (frames === 0) return;
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([new Promise<void>((resolve) => draining.push(resolve)), timeout]);
      clearTimeout(timer);
    },
  };
}
