/** `headgate status`: asks the gateway that runs on the data folder, and shows what it says. */

import { GatewayError } from '../core/errors.ts';
import type { GatewayStatus } from '../core/status.ts';
import { exitCodes } from './failure.ts';
import { loadGatewayConfig } from './setup.ts';
import { ask, type Reply } from './status-client.ts';
import { statusLines } from './status-view.ts';
import { wantsColours } from './table.ts';

export type StatusFormat = 'text' | 'json' | 'prometheus';

export interface StatusOptions {
  readonly config: string | undefined;
  readonly format: StatusFormat;
}

/** Gives the exit code: 1 when no gateway is running. */
export async function statusCommand(options: StatusOptions): Promise<number> {
  const { data } = await loadGatewayConfig(options.config);
  const reply = await askStatus(data);
  if (reply === undefined) {
    process.stderr.write(`headgate: no gateway is running on ${data}\n`);
    process.stderr.write(
      '  remedy: start one with `headgate run`, or name its file with `-c headgate.yaml`\n',
    );
    return exitCodes.wrong;
  }
  if (!reply.ok) {
    const who = reply.pid === undefined ? '' : ` (process ${reply.pid})`;
    throw new GatewayError(`the gateway on ${data}${who} answers: ${reply.error ?? 'an error'}`);
  }
  const status = reply.result as GatewayStatus;
  process.stdout.write(await textOf(status, options.format));
  return exitCodes.fine;
}

async function textOf(status: GatewayStatus, format: StatusFormat): Promise<string> {
  if (format === 'json') return `${JSON.stringify(status, null, 2)}\n`;
  if (format === 'prometheus') {
    const { metricsText } = await import('./metrics.ts');
    return metricsText(status);
  }
  return `${statusLines(status, wantsColours(process.stdout)).join('\n')}\n`;
}

async function askStatus(data: string): Promise<Reply | undefined> {
  try {
    return await ask(data, 'status');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK') return undefined;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw new GatewayError(`this user may not ask the gateway on ${data}`, {
      remedy: 'ask as the user the gateway runs as, for example with `sudo -u headgate headgate status`',
      cause: error,
    });
  }
}
