/** Asks the gateway that runs on a data folder, and explains when that fails. */

import { GatewayError } from '../core/errors.ts';
import { Refused } from './failure.ts';
import { loadGatewayConfig } from './setup.ts';
import { ask, follow, type Reply } from './status-client.ts';

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
  return resultOf(data, await explained(data, () => ask(data, command, args === undefined ? {} : { args })));
}

/** The lines of an answer that is a stream, until the gateway stops or `signal` aborts. Throws as `askGateway` does. */
export async function* followGateway(
  configPath: string | undefined,
  command: string,
  args: object,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const { data } = await loadGatewayConfig(configPath);
  const lines = follow(data, command, args, signal);
  const first = await explained(data, () => lines.next());
  if (first.done) return;
  resultOf(data, first.value as Reply);
  yield* lines;
}

function resultOf(data: string, { ok, pid, result, error, refused, remedy: advice }: Reply): unknown {
  if (ok) return result;
  const remedy = advice === undefined ? {} : { remedy: advice };
  if (refused) throw new Refused(error ?? 'refused', remedy);
  const who = pid === undefined ? '' : ` (process ${pid})`;
  throw new GatewayError(`the gateway on ${data}${who} answers: ${error ?? 'an error'}`, remedy);
}

/** What the system says of a socket, in words. */
async function explained<T>(data: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
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
