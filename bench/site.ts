/** The files of a gateway to be measured, in a temporary folder. */

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Site {
  readonly batch: string;
  /** Texts of the folders devices/ and rules/, by file name. */
  readonly devices: Readonly<Record<string, string>>;
  readonly rules?: Readonly<Record<string, string>>;
  /** Of the broker, on loopback; 0 or none: any free one. */
  readonly port?: number;
  /** YAML of the key `notify`. */
  readonly notify?: string;
}

/** Gives the folder; whoever asked for it removes it. `headgate.yaml` is in it. */
export async function makeSite({ batch, devices, rules = {}, port = 0, notify }: Site): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-bench-'));
  const lines = [
    'gateway: bench',
    `batch: ${batch}`,
    'data: ./data',
    `sources: { mqtt: { broker: { listen: [{ port: ${port}, host: 127.0.0.1 }] } } }`,
    'limits: { journal: 2GB, series_per_rule: 200000 }',
    ...(notify === undefined ? [] : [`notify: ${notify}`]),
  ];
  await write(join(folder, 'headgate.yaml'), `${lines.join('\n')}\n`);
  for (const [name, text] of Object.entries(devices))
    await write(join(folder, 'devices', `${name}.yaml`), text);
  for (const [name, text] of Object.entries(rules)) await write(join(folder, 'rules', `${name}.yaml`), text);
  return folder;
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
