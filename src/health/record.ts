/**
 * Writes down the gateway's own health every so often: one record of the outbox's health lane for each look.
 *
 * Observations, not results: nothing here enters a batch, the balance of points, or a replay; what is once written down is
 * never made again, so it is neither doubled nor changed by a crash. While the time of day is not known nothing is written.
 * Not here: what a point says (points.ts), and sending it.
 */

import { sleep } from '../core/backoff.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { GatewayStatus } from '../core/status.ts';
import type { SetAside } from '../core/types.ts';
import type { Lane } from '../log/lane.ts';
import { encodePoint } from '../outbox/line-protocol.ts';
import { faultOf } from '../outbox/outbox.ts';
import { healthPoints } from './points.ts';

export interface RecordOptions {
  readonly lane: Lane;
  readonly everyMs: number;
  /** Looks anew, and tells what it saw. */
  readonly status: () => Promise<GatewayStatus>;
  /** The line of time that never goes back. */
  readonly lineMs: () => number;
  readonly setAside: (entries: readonly SetAside[]) => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Resolves when the signal has aborted. Never rejects: what cannot be written is said once, until it can be again. */
export async function recordHealth(options: RecordOptions): Promise<void> {
  const { everyMs, logger, signal } = options;
  let isFailing = false;
  while (!signal.aborted) {
    try {
      await record(options);
      isFailing = false;
    } catch (error) {
      if (!isFailing)
        logger.error({ error: messageOf(error) }, "cannot write down the gateway's own health: left out");
      isFailing = true;
    }
    await sleep(everyMs, signal);
  }
}

async function record({ lane, status, lineMs, setAside }: RecordOptions): Promise<void> {
  const seen = await status();
  if (seen.clock.state === 'waiting') return;
  const lines: string[] = [];
  for (const point of healthPoints(seen)) {
    const encoded = encodePoint(point);
    if (encoded.line !== undefined) lines.push(encoded.line);
    else setAside([faultOf(point, encoded)]);
  }
  // A lane takes each end once. Where the line of time begins before the last one, after a start without a clock, go on behind it.
  await lane.append(Math.max(lineMs(), lane.lastBatchEndMs + 1), lines);
}
