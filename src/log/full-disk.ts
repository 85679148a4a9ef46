/** Waits out a full disk: what cannot be stored now is tried again until somebody makes room. */

import { sleep } from '../core/backoff.ts';
import type { GatewayError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { isDiskFull } from './disk-error.ts';

export interface FullDiskOptions {
  readonly logger: Logger;
  /** Aborts: the failure is thrown instead of waited for. */
  readonly signal: AbortSignal;
  readonly retryMs?: number;
  /** Called when waiting begins, with why, and when it is over, with nothing. */
  readonly onWait?: (why: GatewayError | undefined) => void;
}

/** Resolves when `write`, which must bear to be begun again, has succeeded. Throws every failure but a full disk. */
export async function waitOutFullDisk(write: () => Promise<void>, options: FullDiskOptions): Promise<void> {
  const { logger, signal, retryMs = 250, onWait } = options;
  for (let tries = 0; ; tries++) {
    try {
      await write();
      if (tries === 0) return;
      onWait?.(undefined);
      logger.info({}, 'there is room on the disk again: processing goes on');
      return;
    } catch (error) {
      if (signal.aborted || !isDiskFull(error)) throw error;
      if (tries === 0) {
        const { message, remedy } = error as GatewayError;
        onWait?.(error as GatewayError);
        logger.error({ error: message, remedy }, 'the disk is full: processing waits for room');
      }
      await sleep(retryMs, signal);
    }
  }
}
