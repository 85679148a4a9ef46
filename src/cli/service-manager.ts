/**
 * What the service manager is told of the gateway, where there is one (sd_notify(3)): that it is ready, reloads, stops, and
 * that its path moves.
 *
 * Through `systemd-notify`, which is where systemd is: Node.js has no datagram sockets in the file system, and packages that
 * have would be compiled at each installation. A few milliseconds, a few times a minute.
 * Invariant: never fails the gateway. Not here: what moving means.
 */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';

const exec = promisify(execFile);

export interface ServiceManager {
  ready(): Promise<void>;
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  /**
   * From now on says that it is alive as often as it is asked to, as long as `pulse` gives another number each time: a
   * gateway that answers but does not move is one to be started anew.
   */
  watch(pulse: () => number, signal: AbortSignal): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Asked for by the environment; without it everything is nothing. */
export function serviceManagerOf(env: Environment, logger: Logger): ServiceManager {
  const isThere = env.NOTIFY_SOCKET !== undefined && env.NOTIFY_SOCKET !== '';
  let failing = false;

  async function tell(...states: string[]): Promise<void> {
    if (!isThere) return;
    try {
      await exec('systemd-notify', states, { env: { ...env } });
      failing = false;
    } catch (error) {
      if (!failing)
        logger.warn({ error: messageOf(error) }, 'the service manager cannot be told of the state');
      failing = true;
    }
  }

  return {
    ready: () => tell('READY=1', 'STATUS=running'),
    // Of CLOCK_MONOTONIC, which is what hrtime reads.
    reloading: () => tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => tell('STOPPING=1', 'STATUS=stopping'),
    watch(pulse, signal) {
      const everyMs = watchdogMs(env) / 3;
      if (!isThere || !Number.isFinite(everyMs)) return;
      let last: number | undefined;
      const timer = setInterval(() => {
        const now = pulse();
        if (now !== last) void tell('WATCHDOG=1');
        last = now;
      }, everyMs);
      signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    },
  };
}

/** How long it may stay silent; Infinity when nobody listens, or only to another process. */
function watchdogMs({ WATCHDOG_USEC: usec, WATCHDOG_PID: pid }: Environment): number {
  if (usec === undefined || (pid !== undefined && Number(pid) !== process.pid))
    return Number.POSITIVE_INFINITY;
  return Number(usec) / 1000;
}
