/**
 * How a serial line is: what `status` shows of it, with what to do about it, and one line in the log when it is lost, one
 * when it is back.
 */

import type { SerialConfig } from '../config/schema.ts';
import type { SourceContext, SourceStatus } from './source.ts';

/** Set by who reads the line. */
export interface Reading {
  /** Since the line was opened. */
  bytes: number;
  /** What is wrong with what comes last; empty when the last chunk with an end of a frame had a good one. */
  trouble: string;
}

export interface SerialProgress {
  readonly firstTry: Promise<void>;
  opened(): void;
  /** How long the line was open; 0 when it was not. */
  openedForMs(): number;
  lost(why: string, waitMs: number): void;
  closed(): void;
  status(): Pick<SourceStatus, 'state' | 'detail'>;
}

export function createProgress(
  { path, baud }: SerialConfig,
  { name, logger }: SourceContext,
  reading: Readonly<Reading>,
): SerialProgress {
  const { promise: firstTry, resolve: triedOnce } = Promise.withResolvers<void>();
  let state: SourceStatus['state'] = 'connecting';
  let sinceMs = 0;
  let reason = '';
  let nextTryMs = 0;
  let toldLoss = false;

  function detail(): string {
    if (state === 'open') return `open, ${baud} baud${openTrouble(reading)}`;
    if (state !== 'waiting') return state;
    const seconds = Math.max(0, Math.ceil((nextTryMs - performance.now()) / 1000));
    return `waiting for ${path} (${reason}), next try in ${seconds} s`;
  }

  return {
    firstTry,
    opened() {
      state = 'open';
      sinceMs = performance.now();
      toldLoss = false;
      triedOnce();
      logger.info({ source: name, path, baud }, 'serial line open');
    },
    openedForMs: () => (state === 'open' ? performance.now() - sinceMs : 0),
    lost(why: string, waitMs: number) {
      state = 'waiting';
      reason = why;
      nextTryMs = performance.now() + waitMs;
      triedOnce();
      if (!toldLoss)
        logger.warn({ source: name, path, reason }, 'no serial line, trying on until it is back');
      toldLoss = true;
    },
    closed() {
      state = 'closed';
      triedOnce();
    },
    status: () => ({ state, detail: detail() }),
  };
}

function openTrouble({ bytes, trouble }: Readonly<Reading>): string {
  if (bytes === 0) return ', nothing received yet';
  return trouble === '' ? '' : `; ${trouble}`;
}
