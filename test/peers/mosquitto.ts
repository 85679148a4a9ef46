/**
 * A real mosquitto broker and its command line clients for tests, on an ephemeral port of the loopback interface.
 *
 * Invariant: `stop` leaves no process and no file behind. `kill` and `start` are an outage; sessions survive it only
 * with the configuration line `persistence true`.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  readonly folder: string;
  start(): Promise<void>;
  /** Gone at once, as in a crash. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts mosquitto and waits until it answers. `configuration` are lines of its own, after `listener`. */
export async function startMosquitto(configuration = 'allow_anonymous true'): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-mosquitto-'));
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  // `user`: run by root, it would become a user who may not read the temporary folder.
  const userLine = process.getuid?.() === 0 ? 'user root\n' : '';
  await writeFile(
    file,
    `${userLine}persistence_location ${folder}/\nlistener ${port} 127.0.0.1\n${configuration}\n`,
  );
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn('mosquitto', ['-c', file], { stdio: 'ignore' });
    child = started;
    await once(started, 'spawn');
    await until(() => {
      if (started.exitCode !== null) throw new Error(`mosquitto ended with ${started.exitCode}`);
      return accepts(port);
    }, 'mosquitto answers');
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    running.kill(signal);
    await once(running, 'exit');
  }
  await start();
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    folder,
    start,
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Whether something listens there. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Runs mosquitto_pub, feeding it one message a line; rejects with its words when it fails. */
export async function mosquittoPub(
  port: number,
  args: readonly string[],
  lines: readonly string[],
): Promise<void> {
  // A time-out: it tries for ever where it is not let in.
  const child = spawn('mosquitto_pub', ['-p', String(port), '-h', '127.0.0.1', ...args, '-l'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: 20_000,
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    words += chunk;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`mosquitto_pub ended with ${code}: ${words}`);
}

export interface Subscriber {
  /** "topic payload", in order of arrival. */
  readonly lines: string[];
  stop(): Promise<void>;
}

/** Runs mosquitto_sub until stopped; the subscription stands when this resolves. */
export async function mosquittoSub(port: number, args: readonly string[]): Promise<Subscriber> {
  // -d: it tells of its subscription; stdbuf: also into a pipe, and at once.
  const command = ['-oL', 'mosquitto_sub', '-p', String(port), '-h', '127.0.0.1', '-v', '-d', ...args];
  const child = spawn('stdbuf', command, { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines: string[] = [];
  let subscribed = false;
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop()!;
    subscribed ||= parts.some((line) => line.startsWith('Subscribed'));
    lines.push(...parts.filter((line) => !/^(Client |Subscribed)/.test(line)));
  });
  await until(() => subscribed || child.exitCode !== null, 'mosquitto_sub has subscribed');
  return {
    lines,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
