/**
 * How long the processing of a frame takes, as lately measured, and when processing rests for a moment so that sockets, timers
 * and questions get their turn.
 */

export interface Pace {
  /** 0 while processing has no trouble to keep up. */
  readonly msPerFrame: number;
  /** A batch begins. */
  begin(): void;
  /** So many frames of it are processed. Gives what to wait for before the next ones, now and then. */
  rest(frames: number): Promise<void> | undefined;
  /** It is through, with so many frames. */
  end(frames: number): void;
}

const restAfterMs = 25;
/**
 * Less of a batch interval than this was no work to speak of: much of it was not for the frames but for the batch, and says
 * only how long a frame takes at most.
 */
const busyShare = 0.2;

export function createPace(batchMs: number, now: () => number = () => performance.now()): Pace {
  let msPerFrame = 0;
  let beganMs = 0;
  let restedMs = 0;

  return {
    get msPerFrame() {
      return msPerFrame;
    },
    begin() {
      beganMs = now();
      restedMs = beganMs;
    },
    rest(frames) {
      const nowMs = now();
      if (nowMs - restedMs < restAfterMs) return undefined;
      // None yet: a step of the clock, which is no frame, may close many windows.
      if (frames > 0 && nowMs - beganMs > batchMs * busyShare)
        msPerFrame = Math.max(msPerFrame, (nowMs - beganMs) / frames);
      return new Promise((resolve) => {
        setImmediate(() => {
          restedMs = now();
          resolve();
        });
      });
    },
    end(frames) {
      if (frames === 0) return;
      const tookMs = now() - beganMs;
      const perFrame = tookMs / frames;
      const wasBusy = tookMs > batchMs * busyShare;
      msPerFrame = wasBusy ? (msPerFrame + perFrame) / 2 : Math.min(msPerFrame, perFrame);
    },
  };
}
