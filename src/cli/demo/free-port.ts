/** The port the demo's broker listens on: the usual one, or a free one when another broker has it. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** `wanted` if it is free on loopback, else a port that is. */
export async function freePort(wanted: number): Promise<number> {
  return (await probe(wanted)) ?? (await probe(0)) ?? wanted;
}

async function probe(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}
