/**
 * Whether the time of day is known: waits until the machine's clock is set, for so long as is allowed.
 *
 *     waiting ──the clock is set──▶ sure
 *        └────the wait is over────▶ guessed ──the clock is set──▶ sure
 *
 * It is set when no time service is still at it and it can be right: it is not earlier than this software, nor, unless a service
 * vouches for it, than what was recorded before. Without a service a clock that can be right is taken at once.
 * Not here: what the time is (clock.ts), what is done while it is awaited.
 */

import { sleep } from './backoff.ts';
import { type Clock, type ClockTrust, mostBackMs } from './clock.ts';
import type { Logger } from './log.ts';
import { askTimeService, type TimeService } from './time-service.ts';

export interface Timekeeper {
  trust(): ClockTrust;
  /** Resolves when it waits no more, or at the abort. */
  readonly told: Promise<void>;
}

export interface TimekeepingOptions {
  readonly clock: Clock;
  /** The latest time of day that was recorded before this start. */
  readonly recordedMs: number;
  /** How long it waits at most; 0: the clock is taken as it is. */
  readonly waitMs: number;
  readonly ask?: () => Promise<TimeService>;
  readonly everyMs?: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const remedy =
  'check the machine’s time service (`timedatectl`), or write clock: { wait: 0s } if its clock is right without one';

/** Resolves once it knows whether it must wait. */
export async function startTimekeeping(options: TimekeepingOptions): Promise<Timekeeper> {
  const { clock, recordedMs, waitMs, ask = askTimeService, everyMs = 1000, logger, signal } = options;
  let trust: ClockTrust = 'waiting';
  const told = Promise.withResolvers<void>();
  const ending = waitMs > 0 ? performance.now() + waitMs : Number.NEGATIVE_INFINITY;

  function become(next: ClockTrust): void {
    trust = next;
    told.resolve();
  }

  /** Why it cannot be taken yet; undefined when it can. */
  async function doubt(): Promise<string | undefined> {
    const service = await ask();
    const nowMs = clock.now() + clock.offsetMs();
    if (!clock.isPlausible()) return 'the clock is earlier than this software';
    if (waitMs === 0 || service === 'synchronised') return undefined;
    if (service === 'awaited') return 'the time service has not set the clock yet';
    return nowMs < recordedMs - mostBackMs ? 'the clock is earlier than what was recorded before' : undefined;
  }

  function look(why: string | undefined): void {
    if (why === undefined) {
      if (isTold) logger.info({}, 'the time of day is known now');
      become('sure');
      return;
    }
    if (!isTold && performance.now() < ending) {
      const seconds = Math.round(waitMs / 1000);
      logger.warn(
        { seconds },
        `${why}: frames are journalled, and processed once the time of day is known, or in ${seconds} s`,
      );
      isTold = true;
    } else if (trust === 'waiting' && performance.now() >= ending) {
      logger.error(
        { remedy },
        `${why}: going on with ${guessOf(clock)}, and no reading is called ahead of time`,
      );
      isTold = true;
      become('guessed');
    }
  }

  async function watch(): Promise<void> {
    while (trust !== 'sure' && !signal.aborted) {
      await sleep(trust === 'waiting' ? everyMs : 5 * everyMs, signal);
      if (!signal.aborted) look(await doubt());
    }
    told.resolve();
  }

  let isTold = false;
  look(await doubt());
  void watch();
  return { trust: () => trust, told: told.promise };
}

/** What is known of the time of day is either of them; see journal.ts. */
function guessOf(clock: Clock): string {
  return clock.isPlausible()
    ? 'the clock as it is'
    : 'the time recorded last, or that of this software, and what has passed since';
}
