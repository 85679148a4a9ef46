/** Asks the gateway that runs on a data folder, and explains when that fails. */

import { GatewayError } from '../core/errors.ts';
import { Refused } from './failure.ts';
import { loadGatewayConfig } from './setup.ts';
import { ask, type Reply } from './status-client.ts';

/**
 * The answer to one question. Throws `Refused` when none is running, or when the question is wrong as the gateway
 * sees it, GatewayError for everything else.
 */
export async function askGateway(
  configPath: string | undefined,
  command: string,
  args?: object,
): Promise<unknown> {
  const { data } = await loadGatewayConfig(configPath);
  const reply = await replyOf(data, command, args);
  if (reply.ok) return reply.result;
  const remedy = reply.remedy === undefined ? {} : { remedy: reply.remedy };
  if (reply.refused) throw new Refused(reply.error ?? 'refused', remedy);
  const who = reply.pid === undefined ? '' : ` (process ${reply.pid})`;
  throw new GatewayError(`the gateway on ${data}${who} answers: ${reply.error ?? 'an error'}`, remedy);
}

async function replyOf(data: string, command: string, args: object | undefined): Promise<Reply> {
  try {
    return await ask(data, command, args === undefined ? {} : { args });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK') throw noGateway(data, error);
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    throw new GatewayError(`this user may not ask the gateway on ${data}`, {
      remedy: 'ask as the user the gateway runs as, for example with `sudo -u headgate headgate status`',
      cause: error,
    });
  }
}

function noGateway(data: string, cause: unknown): Refused {
  return new Refused(`no gateway is running on ${data}`, {
    remedy: 'start one with `headgate run`, or name its file with `-c headgate.yaml`',
    cause,
  });
}
