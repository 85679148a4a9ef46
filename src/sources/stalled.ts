/**
 * Ends connections that began a packet and do not finish it.
 *
 * Invariant: a packet may take half a minute and a second for each kilobyte, however its bytes trickle in: what it holds of
 * memory it holds for a bounded time. Bytes that the broker itself does not read yet are not held against a client.
 * A look now and then, so that packets that come whole cost nothing.
 */

import { type PacketParser, parserOf } from './strict-packets.ts';

export interface StalledOptions {
  readonly onStalled: () => void;
  readonly everyMs?: number;
  readonly graceMs?: number;
  readonly nowMs?: () => number;
}

/** What is used of the broker's client. */
interface BrokerClient {
  readonly conn: { readonly readableLength: number; destroy(error: Error): unknown };
}

interface Pending {
  readonly packet: object;
  readonly sinceMs: number;
}

const bytesPerMs = 1;

/** Watches clients from when they are `add`ed until their connection is closed. */
export function watchStalled({
  onStalled,
  everyMs = 5000,
  graceMs = 30_000,
  nowMs = () => performance.now(),
}: StalledOptions) {
  const clients = new Map<object, Pending | undefined>();

  function look(): void {
    for (const [client, before] of clients) {
      const parser = parserOf(client);
      const { conn } = client as BrokerClient;
      const { packet } = parser;
      if (!isUnfinished(parser) || conn.readableLength > 0) clients.set(client, undefined);
      else if (before?.packet !== packet) clients.set(client, { packet, sinceMs: nowMs() });
      else if (nowMs() - before.sinceMs > graceMs + Math.max(0, packet.length) / bytesPerMs) {
        clients.delete(client);
        onStalled();
        conn.destroy(new Error('began a packet and did not finish it'));
      }
    }
  }

  const timer = setInterval(look, everyMs).unref();
  return {
    add: (client: object) => void clients.set(client, undefined),
    remove: (client: object) => void clients.delete(client),
    stop: () => clearInterval(timer),
  };
}

/** The parser has an empty packet in hand between two packets. */
function isUnfinished({ packet, _list: list }: PacketParser): boolean {
  return list.length > 0 || packet.cmd !== null;
}
