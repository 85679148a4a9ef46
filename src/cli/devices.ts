/** `headgate devices`: what each kind of device sends, what is wrong with it, and frames that no device wants. */

import type { DeviceDetails } from '../core/device-details.ts';
import { askGateway } from './ask-gateway.ts';
import { devicesLines } from './devices-view.ts';
import { exitCodes } from './failure.ts';
import { wantsColours } from './table.ts';

export interface DevicesOptions {
  readonly config: string | undefined;
  readonly format: 'text' | 'json';
  readonly stdout: NodeJS.WriteStream;
}

/** Gives the exit code. Throws `Refused` when no gateway is running. */
export async function devicesCommand({ config, format, stdout }: DevicesOptions): Promise<number> {
  const details = (await askGateway(config, 'devices')) as DeviceDetails;
  const text =
    format === 'json'
      ? JSON.stringify(details, null, 2)
      : devicesLines(details, wantsColours(stdout)).join('\n');
  stdout.write(`${text}\n`);
  return exitCodes.fine;
}
