/** Asks the gateway that runs on a data folder for a cut through its state. */

import type { Cut } from '../backup/cut.ts';
import { GatewayError } from '../core/errors.ts';
import { follow, type Reply } from './status-client.ts';

/** Nothing on the way waits for a batch. */
const answerWithinMs = 30_000;

/**
 * Undefined when no gateway is running; what the cut names is held until `signal` aborts. Throws `GatewayError` when one runs and
 * gives none.
 */
export async function askCut(data: string, signal: AbortSignal): Promise<Cut | undefined> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), answerWithinMs);
  const lines = follow(data, 'cut', {}, AbortSignal.any([signal, late.signal]));
  try {
    const first = await lines.next();
    const { ok, error } = (first.value ?? { ok: false, error: 'no answer' }) as Reply;
    if (!ok) throw unanswered(data, error);
    const { value } = await lines.next();
    if (value === undefined) throw unanswered(data, 'no answer');
    return value as Cut;
  } catch (error) {
    if (isNobody(error)) return undefined;
    throw notAllowed(data, error);
  } finally {
    // From now on it is held for as long as the copy takes.
    clearTimeout(timer);
  }
}

function isNobody(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  );
}

function notAllowed(data: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'EACCES' && code !== 'EPERM') return error;
  return new GatewayError(`this user may not ask the gateway on ${data}`, {
    remedy: 'export as root, or as the user the gateway runs as: sudo headgate export',
    cause: error,
  });
}

function unanswered(data: string, error = 'an error'): GatewayError {
  const isOld = error.startsWith('unknown command');
  return new GatewayError(`the gateway on ${data} answers: ${error}`, {
    remedy: isOld ? 'it is an older version: stop it, then export' : 'try again; or stop it, then export',
  });
}
