/** `headgate devices`: what each kind of device sends, what is wrong with it, and frames that no device wants. */

import type { DeviceDetails } from '../core/device-details.ts';
import { askGateway } from './ask-gateway.ts';
import { devicesLines } from './devices-view.ts';
import { exitCodes } from './failure.ts';
import { printAnswer } from './print-answer.ts';
import { wantsColours } from './table.ts';

export interface DevicesOptions {
  readonly config: string | undefined;
  readonly format: 'text' | 'json';
  readonly stdout: NodeJS.WriteStream;
}

/** Gives the exit code. Throws `Refused` when no gateway is running. */
export async function devicesCommand({ config, format, stdout }: DevicesOptions): Promise<number> {
  const details = (await askGateway(config, 'devices')) as DeviceDetails;
  printAnswer(details, () => devicesLines(details, wantsColours(stdout)), { format, stdout });
  return exitCodes.fine;
}
