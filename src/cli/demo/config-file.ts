/**
 * The demo's headgate.yaml: the demo is an ordinary gateway with an ordinary file, so every other command works on
 * it: `headgate status -c data/demo/headgate.yaml`.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../failure.ts';
import { packageFolder } from '../version.ts';

export interface DemoConfig {
  /** Data folder; the file goes there too. */
  readonly folder: string;
  readonly port: number;
  /** An InfluxDB, with user and password if it wants them: http://user:password@host:8086 */
  readonly influx: string | undefined;
}

/** The path of the serial line within the data folder. */
export const serialName = 'probe';
const influxDatabase = 'headgate';

/** Writes the file, for this user's eyes only; gives its path. */
export async function writeConfig(config: DemoConfig): Promise<string> {
  const path = join(config.folder, 'headgate.yaml');
  await writeFile(path, configText(config), { mode: 0o600 });
  return path;
}

function configText({ port, influx }: DemoConfig): string {
  // A text in JSON is the same text in YAML, whatever is in it.
  const shipped = (name: string): string => JSON.stringify(join(packageFolder(), name));
  return [
    '# Written by `headgate demo`: the gateway it runs.',
    'gateway: depot-7',
    'data: .',
    `devices: ${shipped('devices')}`,
    `rules: ${shipped('rules')}`,
    'sources:',
    `  mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } }`,
    `  probe: { serial: { path: ./${serialName}, baud: 9600, framing: line } }`,
    ...(influx === undefined ? [] : ['forward:', `  influx: ${influxText(influx)}`]),
    'limits: { journal: 64MB, outbox: 64MB }',
    '',
  ].join('\n');
}

function influxText(address: string): string {
  if (!URL.canParse(address)) {
    throw new UsageError('the value of --influx is not a URL', {
      remedy: 'write --influx http://127.0.0.1:8086',
    });
  }
  const url = new URL(address);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const user = username === '' ? {} : { username: decodeURIComponent(username) };
  const secret = password === '' ? {} : { password: decodeURIComponent(password) };
  return JSON.stringify({ url: url.href.replace(/\/$/, ''), database: influxDatabase, ...user, ...secret });
}
