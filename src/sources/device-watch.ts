/**
 * Whether a device is there, which one, and when that may have changed.
 *
 * A path such as /dev/serial/by-id/… is a link that comes and goes with the cable, and may come back pointing to
 * another node. A pulled cable is noticed by this also where reading does not tell: a hung-up line that is not being
 * read tells nothing, and one that is read in the middle of a stream can give end-of-file for ever.
 */

import { type FSWatcher, statSync, watch } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

export interface Device {
  /** Differs when there is another device behind the path. */
  readonly node: string;
  /** Differs when who may open it has changed. */
  readonly access: string;
}

/** What the path leads to now; undefined when there is nothing. */
export async function identify(path: string): Promise<Device | undefined> {
  try {
    const real = await realpath(path);
    const { dev, ino, rdev, mode, uid, gid } = await stat(real);
    return { node: `${real} ${dev}:${ino}:${rdev}`, access: `${mode}:${uid}:${gid}` };
  } catch {
    return undefined;
  }
}

const pollMs = 2000;

/** Calls `hint` when the path may lead elsewhere than before, and every 2 s in any case. Returns how to stop. */
export function watchDevice(path: string, hint: () => void): () => void {
  const folder = dirname(path);
  let watched: { watcher: FSWatcher; inode: number } | undefined;

  function unwatch(): void {
    watched?.watcher.close();
    watched = undefined;
  }

  /** /dev/serial/by-id itself goes with its last device; a folder made anew is not the one watched. */
  function rewatch(): void {
    try {
      const inode = statSync(folder, { throwIfNoEntry: false })?.ino;
      if (watched?.inode === inode) return;
      unwatch();
      if (inode !== undefined)
        watched = { watcher: watchFolder(folder, basename(path), hint, unwatch), inode };
    } catch {
      // No permission, or no inotify watch left: the poll does without, only later.
      unwatch();
    }
  }

  function poll(): void {
    rewatch();
    hint();
  }

  // Not in /dev: its watchers are woken by every write of any program to /dev/null. The poll has to do there.
  const timer = setInterval(folder === '/dev' ? hint : poll, pollMs);
  if (folder !== '/dev') rewatch();
  return () => {
    clearInterval(timer);
    unwatch();
  };
}

function watchFolder(folder: string, name: string, hint: () => void, lost: () => void): FSWatcher {
  const watcher = watch(folder, (_event, changed) => {
    if (changed === name || changed === null) hint();
  });
  return watcher.on('error', lost);
}

/** Waiting for the device behind the path to change; a new wait ends the one before. */
export function createChanges(path: string, signal: AbortSignal) {
  let end: (reason: string) => void = () => {};
  let look: () => void = () => {};
  const stop = watchDevice(path, () => look());

  /** Resolves when `isNews` holds for what is found, after `timeoutMs`, or when the signal aborts. */
  function until(isNews: (now: Device | undefined) => boolean, timeoutMs?: number): Promise<string> {
    end('another wait');
    return new Promise((resolve) => {
      let isOver = false;
      let isLooking = false;
      const timer = timeoutMs === undefined ? undefined : setTimeout(finish, timeoutMs, 'waited');
      const abort = (): void => finish('stopped');

      function finish(reason: string): void {
        isOver = true;
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        resolve(reason);
      }
      async function lookOnce(): Promise<void> {
        if (isOver || isLooking) return;
        isLooking = true;
        const now = await identify(path);
        isLooking = false;
        if (!isOver && isNews(now)) finish(now ? 'another device is behind the path' : 'the device is gone');
      }
      end = finish;
      look = () => void lookOnce();
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      // What changed before this wait gave its hint to nobody.
      else look();
    });
  }
  return { until, stop };
}
