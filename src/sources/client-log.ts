/** What happens to the broker's clients, in the log: within limits, for a peer can make anything happen as often as it likes. */

import type { EventEmitter } from 'node:events';
import { LoginError } from './access.ts';
import { limitLog } from './limit-log.ts';
import type { SourceContext } from './source.ts';

/** Of peers, by connection: a socket that has ended does not know any more. */
export type Addresses = WeakMap<object, string | undefined>;

interface Client {
  readonly id: string;
  readonly conn: object;
}

/** Logs and counts what the broker tells of its clients. */
export function logClients(
  broker: EventEmitter,
  { name, logger }: SourceContext,
  counters: { clientErrors: number },
  addresses: Addresses,
): void {
  const warn = limitLog(logger.warn.bind(logger));
  const error = limitLog(logger.error.bind(logger));
  const debug = (what: string) => (client: Client) => logger.debug({ source: name, client: client.id }, what);
  broker.on('client', debug('client connected'));
  broker.on('clientDisconnect', debug('client left'));
  broker.on('clientError', (client: Client, failure: Error) => {
    // A refused login was told already.
    if (failure instanceof LoginError) return;
    counters.clientErrors += 1;
    const from = addresses.get(client.conn);
    warn({ source: name, client: client.id, from, reason: failure.message }, 'client disconnected');
  });
  broker.on('connectionError', (client: Client, { message }: Error) => {
    warn(
      { source: name, from: addresses.get(client.conn), reason: message },
      'connection ended before it became a client',
    );
  });
  broker.on('error', ({ message }: Error) =>
    error({ source: name, reason: message }, 'broker failed inside'),
  );
}
