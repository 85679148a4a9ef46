/** The gateway to be measured: the process that `headgate run` is, its files in a temporary folder. */

import { join } from 'node:path';
import { ask } from '../src/cli/status-client.ts';
import type { GatewayStatus } from '../src/core/status.ts';
import { type GatewayProcess, makeGateway } from '../test/peers/gateway.ts';
import { until } from '../test/peers/until.ts';

export interface MeasuredGateway {
  readonly process: GatewayProcess;
  /** Of the process that runs now. */
  readonly pid: number;
  readonly port: number;
  status(): Promise<GatewayStatus>;
  /** Resolves when the engine has seen so many frames since the process began. */
  processed(frames: number): Promise<void>;
  remove(): Promise<void>;
}

export interface Site {
  readonly batch: string;
  /** Texts of the folders devices/ and rules/, by file name. */
  readonly devices: Readonly<Record<string, string>>;
  readonly rules?: Readonly<Record<string, string>>;
  readonly port?: number;
  readonly notify?: string;
}

const longestMs = 300_000;

/** The files of a gateway with a broker on loopback. */
export function filesOf({ batch, devices, rules = {}, port = 0, notify }: Site): Record<string, string> {
  const files: Record<string, string> = {
    'headgate.yaml': `gateway: bench
batch: ${batch}
data: ./data
sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }
limits: { journal: 2GB, series_per_rule: 200000 }
${notify === undefined ? '' : `notify: ${notify}\n`}`,
  };
  for (const [name, text] of Object.entries(devices)) files[`devices/${name}.yaml`] = text;
  for (const [name, text] of Object.entries(rules)) files[`rules/${name}.yaml`] = text;
  return files;
}

/** Resolves when it runs. */
export async function startGateway(site: Site): Promise<MeasuredGateway> {
  const process = await makeGateway(filesOf(site));
  await process.start();
  const status = async (): Promise<GatewayStatus> =>
    (await ask(join(process.folder, 'data'), 'status', longestMs)).result as GatewayStatus;
  const { pid, sources } = await status();
  return {
    process,
    pid,
    port: Number(/:(\d+)/.exec(sources[0]!.detail)![1]),
    status,
    processed: (frames) =>
      until(async () => (await status()).fates.frames >= frames, `${frames} frames processed`, longestMs),
    remove: () => process.remove(),
  };
}
