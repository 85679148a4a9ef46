/** `headgate status`: asks the gateway that runs on the data folder, and shows what it says. */

import type { GatewayStatus } from '../core/status.ts';
import { askGateway } from './ask-gateway.ts';
import { exitCodes } from './failure.ts';
import { statusLines } from './status-view.ts';
import { wantsColours } from './table.ts';
import { printableJson } from './text-width.ts';

export type StatusFormat = 'text' | 'json' | 'prometheus';

export interface StatusOptions {
  readonly config: string | undefined;
  readonly format: StatusFormat;
}

/** Gives the exit code. Throws `Refused` when no gateway is running. */
export async function statusCommand({ config, format }: StatusOptions): Promise<number> {
  const status = (await askGateway(config, 'status')) as GatewayStatus;
  process.stdout.write(await textOf(status, format));
  return exitCodes.fine;
}

async function textOf(status: GatewayStatus, format: StatusFormat): Promise<string> {
  if (format === 'json') return `${printableJson(status, 2)}\n`;
  if (format === 'prometheus') {
    const { metricsText } = await import('./metrics.ts');
    return metricsText(status);
  }
  return `${statusLines(status, wantsColours(process.stdout)).join('\n')}\n`;
}
