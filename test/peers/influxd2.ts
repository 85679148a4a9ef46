/**
 * A real InfluxDB 2 for tests, where its program is at hand: `INFLUXD2=/path/to/influxd`. On an ephemeral port, its files in
 * a temporary folder, with an organization, a bucket, and a token.
 *
 * Invariant: `stop` leaves no process and no file behind. `kill` and `start` keep the data: that is an outage.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import type { Series } from './influxd.ts';
import { until } from './until.ts';

const admin = 'token-of-the-administrator';

export interface Influxd2 {
  readonly url: string;
  readonly org: string;
  /** May write to the buckets of the organization. */
  readonly token: string;
  /** One that may write to the bucket, and do nothing else. */
  narrowToken(): Promise<string>;
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** As the administrator; gives the JSON that is answered. */
  api(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  /** InfluxQL; times are ms. */
  query(text: string, database: string): Promise<readonly Series[]>;
  setTokenActive(isActive: boolean): Promise<void>;
  /** Of another name; `everySeconds` 0: without an end. */
  addBucket(name: string, everySeconds: number): Promise<string>;
  removeBucket(): Promise<void>;
  createBucket(): Promise<void>;
}

/** With a bucket of that name. */
export async function startInfluxd2(program: string, bucket: string): Promise<Influxd2> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-influxd2-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const org = 'transport';
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const paths = { 'bolt-path': 'influxd.bolt', 'sqlite-path': 'influxd.sqlite', 'engine-path': 'engine' };
    const flags = Object.entries(paths).map(([flag, name]) => `--${flag}=${join(folder, name)}`);
    const address = url.slice('http://'.length);
    const args = [
      'run',
      ...flags,
      `--http-bind-address=${address}`,
      '--reporting-disabled',
      '--log-level=error',
    ];
    const running = spawn(program, args, { stdio: 'ignore', env: { ...process.env, HOME: folder } });
    child = running;
    const isReady = async (): Promise<boolean> =>
      running.exitCode !== null ||
      (await fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      ));
    await until(isReady, 'influxd 2 to answer', 60_000);
    if (running.exitCode !== null) throw new Error(`influxd 2 ended with ${running.exitCode}`);
  }
  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  }
  async function api(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const headers = { Authorization: `Token ${admin}`, 'Content-Type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${url}${path}`, { method, headers, ...sent });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  }
  const killAtExit = (): void => void child?.kill('SIGKILL');
  process.once('exit', killAtExit);
  await start();
  const made = await api('POST', '/api/v2/setup', {
    ...{ username: 'root', password: 'a long password', org, bucket, token: admin },
  });
  const orgID = (made.org as { id: string }).id;
  let bucketID = (made.bucket as { id: string }).id;
  async function authorize(resource: object): Promise<{ id: string; token: string }> {
    const permissions = [{ action: 'write', resource: { type: 'buckets', orgID, ...resource } }];
    return (await api('POST', '/api/v2/authorizations', { orgID, permissions })) as {
      id: string;
      token: string;
    };
  }
  async function addBucket(name: string, everySeconds: number): Promise<string> {
    const retentionRules = [{ type: 'expire', everySeconds }];
    return ((await api('POST', '/api/v2/buckets', { orgID, name, retentionRules })) as { id: string }).id;
  }
  const { id, token } = await authorize({});
  return {
    ...{ url, org, token, start, kill, api },
    async stop() {
      await kill();
      process.off('exit', killAtExit);
      await rm(folder, { recursive: true, force: true });
    },
    narrowToken: async () => (await authorize({ id: bucketID })).token,
    async query(text, database) {
      const parameters = new URLSearchParams({ epoch: 'ms', db: database, q: text });
      const { results } = await api('GET', `/query?${parameters}`);
      return (results as { series?: Series[] }[]).flatMap(({ series = [] }) => series);
    },
    async setTokenActive(isActive) {
      await api('PATCH', `/api/v2/authorizations/${id}`, { status: isActive ? 'active' : 'inactive' });
    },
    async removeBucket() {
      await api('DELETE', `/api/v2/buckets/${bucketID}`);
    },
    addBucket,
    async createBucket() {
      bucketID = await addBucket(bucket, 0);
    },
  };
}
