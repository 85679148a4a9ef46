/** Takes alerts over HTTP, as a receiver that sometimes cannot: every fortieth request is answered 503. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** "key state time" with the ids it came under. */
export type ReceivedAlerts = ReadonlyMap<string, ReadonlySet<string>>;

export interface Hook {
  urlOf(name: string): string;
  receivedBy(name: string): ReceivedAlerts;
  close(): void;
}

export async function startHook(): Promise<Hook> {
  const byPath = new Map<string, Map<string, Set<string>>>();
  let requests = 0;
  const server = createServer(async (request, response) => {
    // A gateway that is killed cuts its request short: nothing was received.
    const pieces = await request.toArray().catch(() => undefined);
    if (pieces === undefined) return;
    requests += 1;
    if (requests % 40 === 0) {
      response.writeHead(503, { 'Retry-After': '0' }).end();
      return;
    }
    const alert = JSON.parse(Buffer.concat(pieces).toString()) as Record<string, string>;
    const { id: key } = alert.key as unknown as { id: string };
    const received = byPath.get(request.url!) ?? new Map<string, Set<string>>();
    byPath.set(request.url!, received);
    const name = `${key} ${alert.state} ${alert.at}`;
    received.set(name, (received.get(name) ?? new Set()).add(alert.id!));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (name) => `http://127.0.0.1:${port}/${name}`,
    receivedBy: (name) => byPath.get(`/${name}`) ?? new Map(),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
