/**
 * The gateway as a process of its own, as `headgate run` starts it, with its files in a temporary folder.
 *
 * Invariant: `remove` leaves no process and no file behind. `kill` and `start` keep the data: that is a crash.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ask } from '../../src/cli/status-client.ts';
import type { GatewayStatus } from '../../src/core/status.ts';
import { mainPath } from './command.ts';
import { until } from './until.ts';

export interface GatewayProcess {
  readonly folder: string;
  /** What it logged: one JSON object a line. */
  readonly logLines: string[];
  /** Resolves when it runs; rejects when it ended before. */
  start(): Promise<void>;
  /** SIGKILL: gone at once. */
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Waits for the process started last to end, however it does. */
  ended(): Promise<NodeJS.Signals | number>;
  /** SIGTERM; gives the exit code and how long it took. */
  stop(): Promise<{ readonly code: number | null; readonly tookMs: number }>;
  status(): Promise<GatewayStatus>;
  remove(): Promise<void>;
}

export interface GatewayOptions {
  /** Modules loaded before the gateway's own, as absolute paths; see disk-hook.ts. */
  readonly preloads?: readonly string[];
  /** Beside this process' own; asked for at each start. */
  readonly env?: () => Readonly<Record<string, string>>;
  /** Further arguments of `run`. */
  readonly args?: readonly string[];
}

/** On a machine that is busy with other tests. */
const longestStartMs = 60_000;

/** Writes the files of a gateway: `{ 'headgate.yaml': …, 'devices/bus.yaml': … }`. */
export async function makeGateway(
  files: Readonly<Record<string, string>>,
  { preloads = [], env = () => ({}), args = [] }: GatewayOptions = {},
): Promise<GatewayProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-test-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const logLines: string[] = [];
  // Also when a test fails in a way that runs nothing else.
  const killAtExit = (): void => void child?.kill('SIGKILL');
  process.once('exit', killAtExit);
  let child: ChildProcess | undefined;
  let latest: ChildProcess | undefined;

  async function start(): Promise<void> {
    const from = logLines.length;
    const loaded = preloads.flatMap((path) => ['--import', path]);
    const command = [...loaded, mainPath, 'run', '-c', join(folder, 'headgate.yaml'), ...args];
    const running = spawn(process.execPath, command, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env() },
    });
    child = running;
    latest = running;
    for (const stream of [running.stdout!, running.stderr!]) collectLines(stream, logLines);
    await until(
      () => {
        if (hasEnded(running)) throw new Error(`the gateway ended: ${logLines.slice(from).join('\n')}`);
        return logLines.slice(from).some((line) => line.includes('is running'));
      },
      'the gateway to run',
      longestStartMs,
    );
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const running = child;
    child = undefined;
    if (running === undefined || hasEnded(running)) return running?.exitCode ?? null;
    running.kill(signal);
    await once(running, 'exit');
    return running.exitCode;
  }

  return {
    folder,
    logLines,
    start,
    async kill() {
      await end('SIGKILL');
    },
    signal(signal) {
      child?.kill(signal);
    },
    async ended() {
      const running = latest!;
      if (!hasEnded(running)) await once(running, 'exit');
      return running.signalCode ?? running.exitCode!;
    },
    async stop() {
      const startedMs = performance.now();
      const code = await end('SIGTERM');
      return { code, tookMs: performance.now() - startedMs };
    },
    async status() {
      const { ok, result, error } = await ask(join(folder, 'data'), 'status');
      if (!ok) throw new Error(`no status: ${error}`);
      return result as GatewayStatus;
    },
    async remove() {
      await end('SIGKILL');
      process.off('exit', killAtExit);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function collectLines(stream: NodeJS.ReadableStream, lines: string[]): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop()!;
    lines.push(...parts);
  });
}
