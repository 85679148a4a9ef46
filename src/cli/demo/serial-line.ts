/**
 * A serial line without hardware: a pseudo-terminal made by socat, whose one end is a path the gateway opens like
 * any serial device, and whose other end is written here.
 *
 * Not here: a line speed; bytes pass as fast as they are read.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../core/errors.ts';

export interface SerialLine {
  /** What the gateway opens. */
  readonly path: string;
  /** Lines that nobody reads are lost, as on a real line. */
  write(lines: readonly string[]): void;
  close(): Promise<void>;
}

const patienceMs = 3000;
/** A reader this far behind is not reading. */
const maxUnreadBytes = 64 * 1024;

/** Makes the line at `path`. A string tells people why there is none. */
export async function openSerialLine(path: string): Promise<SerialLine | string> {
  const child = spawn('socat', ['-u', 'STDIN', `PTY,link=${path},raw,echo=0`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C goes to the terminal's foreground group; the line must outlive it until the gateway has stopped.
    detached: true,
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'socat is not installed' : messageOf(error)),
    );
    child.once('exit', (code, signal) => resolve(`socat ended (${signal ?? code})`));
  });
  // Writing to a socat that has just died gives EPIPE here; `ended` tells of it.
  child.stdin.on('error', () => {});
  const problem = await Promise.race([linkAppears(path), ended]);
  if (problem !== undefined) {
    child.kill();
    return problem;
  }
  return {
    path,
    write(lines) {
      if (lines.length > 0 && child.stdin.writable && child.stdin.writableLength < maxUnreadBytes) {
        child.stdin.write(lines.join(''));
      }
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    },
  };
}

/** Resolves without a value when the line is there. */
async function linkAppears(path: string): Promise<string | undefined> {
  const endMs = performance.now() + patienceMs;
  while (performance.now() < endMs) {
    const link = await lstat(path).catch(() => undefined);
    if (link?.isSymbolicLink()) return undefined;
    await delay(10);
  }
  return `socat made no line within ${patienceMs / 1000} s`;
}
