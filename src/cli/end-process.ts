/**
 * The end of the process, at once.
 *
 * `process.exit` waits for libuv's workers, and one that asks a name server which does not answer, or reads from a disk that
 * hangs, cannot be told to stop: it takes half a minute, or never returns.
 * Not here: closing anything in order; what matters is done or on disk by now.
 */

import { setTimeout as sleep } from 'node:timers/promises';

/** Requests that keep a worker until the system answers, as `process.getActiveResourcesInfo` calls them. */
const keepsWorker = /^(?:GetAddrInfo|GetNameInfo|FSReq)/;
/** For what is nearly done: the log's last lines are written by workers, too. */
const graceMs = 300;
const lookEveryMs = 5;

/** Ends the process with this exit code, as soon as no worker is at work, and soon in any case. */
export async function endProcess(exitCode: number): Promise<never> {
  const untilMs = performance.now() + graceMs;
  while (isHeld() && performance.now() < untilMs) await sleep(lookEveryMs);
  // In place of this program one that does nothing but exit: the system ends all threads of this one for it.
  if (isHeld()) process.execve?.(process.execPath, [process.execPath, '-e', `process.exit(${exitCode})`]);
  process.exit(exitCode);
}

function isHeld(): boolean {
  return process.getActiveResourcesInfo().some((name) => keepsWorker.test(name));
}
