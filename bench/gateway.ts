/**
 * The gateway to be measured: the process that `headgate run` is.
 *
 * Invariant: `remove` leaves no process and no file behind. `kill` and `start` keep the data: that is a crash.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ask } from '../src/cli/status-client.ts';
import type { GatewayStatus } from '../src/core/status.ts';
import { until } from '../test/peers/until.ts';
import { makeSite, type Site } from './site.ts';

/** What ships, as run.ts builds it, or what the environment names: `src/main.ts` is slower to start and larger. */
const mainPath = resolve(import.meta.dirname, '..', process.env.HEADGATE_BENCH_MAIN ?? 'dist/main.js');

/** Arguments for node to run a command: with the options of the file's first line, as when a shell runs it. */
export function headgate(...args: string[]): string[] {
  const firstLine = readFileSync(mainPath, 'utf8').split('\n', 1)[0]!;
  return [...(firstLine.match(/--\S+/g) ?? []), mainPath, ...args];
}

export interface Gateway {
  /** Of the process that runs now. */
  readonly pid: number;
  readonly port: number;
  readonly data: string;
  /** Resolves when it answers. */
  start(): Promise<void>;
  /** SIGTERM, in order. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  status(): Promise<GatewayStatus>;
  /** Resolves when the engine has seen so many frames since the process began. */
  processed(frames: number): Promise<void>;
  remove(): Promise<void>;
}

const longestMs = 300_000;

/** Resolves when it runs. */
export async function startGateway(site: Site): Promise<Gateway> {
  const folder = await makeSite(site);
  const data = join(folder, 'data');
  let child: ChildProcess | undefined;

  const status = async (): Promise<GatewayStatus> => {
    const { result, error } = await ask(data, 'status', { timeoutMs: longestMs });
    if (error !== undefined) throw new Error(error);
    return result as GatewayStatus;
  };
  async function start(): Promise<void> {
    const args = headgate('run', '-c', join(folder, 'headgate.yaml'));
    const running = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    child = running;
    while (!(await status().then(Boolean, () => false))) {
      if (running.exitCode !== null) throw new Error(`the gateway ended with ${running.exitCode}`);
      await wait(20);
    }
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    running.kill(signal);
    await once(running, 'exit');
  }
  async function remove(): Promise<void> {
    await end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await start();
    const { sources } = await status();
    const port = Number(/:(\d+)/.exec(sources[0]!.detail)![1]);
    return {
      get pid() {
        return child!.pid!;
      },
      port,
      data,
      start,
      stop: () => end('SIGTERM'),
      kill: () => end('SIGKILL'),
      status,
      processed: (frames) =>
        until(async () => (await status()).fates.frames >= frames, `${frames} frames processed`, longestMs),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
