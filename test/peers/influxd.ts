/**
 * A real InfluxDB 1.x server for tests, on a free port with its files in a temporary folder.
 *
 * Invariant: `stop` leaves no process and no file behind. `kill` and `start` keep the data: that is an outage.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface InfluxdOptions {
  /** The server asks for user and password; this administrator is made, and `query` uses it. */
  readonly admin?: { readonly username: string; readonly password: string };
  readonly maxBodyBytes?: number;
  readonly maxValuesPerTag?: number;
}

export interface Series {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly (string | number | boolean | null)[])[];
}

export interface Influxd {
  readonly url: string;
  readonly port: number;
  /** Starts the server again after `kill`, on the same port with the same data. */
  start(): Promise<void>;
  /** The server is gone at once, as in a crash. */
  kill(): Promise<void>;
  /** The end: no process, no files. */
  stop(): Promise<void>;
  /** Runs InfluxQL; times are ms. Throws the server's words when a statement fails. */
  query(text: string, database?: string): Promise<readonly Series[]>;
}

function configuration(folder: string, port: number, rpcPort: number, options: InfluxdOptions): string {
  return `reporting-enabled = false
bind-address = "127.0.0.1:${rpcPort}"
[meta]
dir = "${folder}/meta"
[data]
dir = "${folder}/data"
wal-dir = "${folder}/wal"
max-values-per-tag = ${options.maxValuesPerTag ?? 100000}
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:${port}"
auth-enabled = ${options.admin !== undefined}
max-body-size = ${options.maxBodyBytes ?? 25_000_000}
log-enabled = false
[logging]
level = "error"
`;
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`influxd ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/ping`).catch(() => undefined);
    if (answer?.status === 204) return;
    await wait(50);
  }
  throw new Error('influxd does not answer');
}

async function ask(
  url: string,
  text: string,
  database: string | undefined,
  admin: InfluxdOptions['admin'],
): Promise<readonly Series[]> {
  const parameters = new URLSearchParams({
    epoch: 'ms',
    ...(database === undefined ? {} : { db: database }),
    ...(admin === undefined ? {} : { u: admin.username, p: admin.password }),
  });
  const statement = new URLSearchParams({ q: text });
  const answer = await fetch(`${url}/query?${parameters}`, { method: 'POST', body: statement });
  const body = (await answer.json()) as { error?: string; results?: { error?: string; series?: Series[] }[] };
  const error = body.error ?? body.results?.find((result) => result.error !== undefined)?.error;
  if (error !== undefined) throw new Error(error);
  return body.results?.flatMap((result) => result.series ?? []) ?? [];
}

/** Asks a server that somebody else has started. */
export function queryOf(url: string): Influxd['query'] {
  return (text, database) => ask(url, text, database, undefined);
}

/** Starts influxd and waits until it answers. */
export async function startInfluxd(options: InfluxdOptions = {}): Promise<Influxd> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-influxd-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const configPath = join(folder, 'influxdb.conf');
  await writeFile(configPath, configuration(folder, port, await freePort(), options));
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn('influxd', ['run', '-config', configPath], { stdio: 'ignore' });
    await once(child, 'spawn');
    await untilReady(url, child);
  }
  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  }
  // Also when a test fails in a way that runs nothing else.
  const killAtExit = (): void => void child?.kill('SIGKILL');
  process.once('exit', killAtExit);
  await start();
  if (options.admin !== undefined) {
    const { username, password } = options.admin;
    await ask(
      url,
      `CREATE USER "${username}" WITH PASSWORD '${password}' WITH ALL PRIVILEGES`,
      undefined,
      undefined,
    );
  }
  return {
    url,
    port,
    start,
    kill,
    async stop() {
      await kill();
      process.off('exit', killAtExit);
      await rm(folder, { recursive: true, force: true });
    },
    query: (text, database) => ask(url, text, database, options.admin),
  };
}
